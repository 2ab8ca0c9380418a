"""Where to wait: suggested when somebody is bound or free again, once, and withdrawn when it is over."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.bootstrap import Platform
from jieying.citypack.model import DemandPoint
from jieying.dispatch import actions as dispatch
from jieying.dispatch import moves
from jieying.dispatch.coverage import WORTH_GAIN, WORTH_S, Coverage, review, worthwhile
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.kit.geo import Point
from jieying.units.actions import Sighting, take_positions
from tests.dispatch.cities import coverages, expected
from tests.incidents import acts
from tests.minicity import mini_city

PACK = mini_city()
U5, U6 = PACK.units["U5"].post, PACK.units["U6"].post


@pytest.fixture
async def platform(own_database_url: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Platform]:
    """All calls come from the two eastern corners, a minute's drive around the posts of U5 and U6."""
    calls = (DemandPoint(U5, 1.0), DemandPoint(U6, 1.0))
    settings = replace(PACK.dispatch, move_up=True, cover_s=60)
    pack = replace(PACK, dispatch=settings, demand=calls)
    made = Platform(Database(own_database_url, pool=5), clock, pack, tmp_path)
    await made.prepare()
    yield made
    await made.site.db.close()


async def suggested(platform: Platform) -> list[tuple[str, str, Point]]:
    """Kind, unit and post of every entry about a suggestion, oldest first."""
    rows = await acts.fetch(platform, "SELECT kind, data FROM journal WHERE kind LIKE 'unit.move%' ORDER BY seq")
    return [(r.kind, r.data["unit"], Point(r.data.get("lat", 0), r.data.get("lon", 0))) for r in rows]


async def standing(platform: Platform) -> list[str]:
    return [row.unit for row in await acts.fetch(platform, "SELECT unit FROM suggested_move ORDER BY unit")]


async def test_when_the_east_is_left_alone_a_unit_of_the_west_is_asked_to_wait_there(platform: Platform) -> None:
    await acts.only(platform, "U1", "U2")
    await platform.run_due()
    ((kind, unit, post),) = await suggested(platform)
    assert kind == "unit.move_suggested"
    assert unit in ("U1", "U2")
    assert post in (U5, U6)
    (told,) = await acts.fetch(platform, "SELECT * FROM notification WHERE kind = 'unit.move_suggested'")
    assert (told.role, told.incident_id) == ("dispatcher", None)
    assert told.params["unit"] == unit
    (entry,) = await acts.fetch(platform, "SELECT data FROM journal WHERE kind = 'unit.move_suggested'")
    assert entry.data["gain"] == pytest.approx(0.35, abs=1e-3)  # half of the calls, by one unit busy 3 times out of 10
    assert {reason["code"] for reason in entry.data["reasons"]} == {"move_gain", "eta"}


async def test_a_suggestion_is_made_once_and_the_next_one_fills_the_other_gap(
    platform: Platform,
) -> None:
    await acts.only(platform, "U1", "U2")
    for status in ("unavailable", "off_duty", "unavailable", "off_duty"):
        await dispatch.set_unit_status(platform.site, "U8", "t", status, None)
        await platform.run_due()
    found = await suggested(platform)
    assert [kind for kind, _, _ in found] == ["unit.move_suggested"] * 2
    assert {unit for _, unit, _ in found} == {"U1", "U2"}
    assert {post for _, _, post in found} == {U5, U6}


async def test_a_unit_that_has_arrived_is_asked_no_more(platform: Platform, clock: ManualClock) -> None:
    await acts.only(platform, "U1")
    await platform.run_due()
    ((_, unit, post),) = await suggested(platform)
    await take_positions(platform.site, [Sighting(unit, post, clock.now())])
    await platform.keep_house()
    assert await standing(platform) == []
    (over,) = await acts.fetch(platform, "SELECT data FROM journal WHERE kind = 'unit.move_withdrawn'")
    assert over.data == {"unit": unit, "why": "arrived"}


async def test_a_unit_that_gets_something_to_do_is_asked_no_more(platform: Platform) -> None:
    await acts.only(platform, "U1")
    await platform.run_due()
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    await acts.go(platform, offered.id, "accepted")
    await platform.run_due()
    assert await standing(platform) == []
    (over,) = await acts.fetch(platform, "SELECT data FROM journal WHERE kind = 'unit.move_withdrawn'")
    assert over.data == {"unit": "U1", "why": "not_free"}


async def test_a_suggestion_is_overtaken_when_somebody_else_is_there(platform: Platform) -> None:
    await acts.only(platform, "U1")
    await platform.run_due()
    ((_, unit, _),) = await suggested(platform)
    for code in ("U5", "U6"):
        await dispatch.set_unit_status(platform.site, code, "t", "available", None)
    await dispatch.set_unit_status(platform.site, "U2", "t", "available", None)
    await platform.run_due()
    assert unit in await standing(platform)  # a second one in a corner still helps a little
    pack = platform.site.pack
    lonely = replace(pack, dispatch=replace(pack.dispatch, busy_share=0.0))  # nobody is ever busy: one is enough
    again = Platform(Database(platform.site.db.url, pool=3), platform.site.clock, lonely, platform.media_dir.parent)
    await again.keep_house()
    await again.site.db.close()
    assert await standing(platform) == []


async def test_without_move_up_nothing_is_suggested(own_database_url: str, clock: ManualClock, tmp_path: Path) -> None:
    made = Platform(Database(own_database_url, pool=3), clock, PACK, tmp_path)
    await made.prepare()
    await acts.only(made, "U1", "U2")
    await made.run_due()
    await made.keep_house()
    found = await suggested(made)
    await made.site.db.close()
    assert found == []


@given(coverage=st.integers(1, 6).flatmap(coverages), data=st.data())
def test_what_is_suggested_helps_even_if_everybody_follows(coverage: Coverage, data: st.DataObject) -> None:
    units, posts = range(len(coverage.at)), coverage.demand.posts.tolist()
    asked = data.draw(st.dictionaries(st.sampled_from(list(units)), st.sampled_from(posts)))
    over, move = review(coverage, asked)
    for unit in asked:
        if not coverage.idle[unit]:
            assert over[unit] == "not_free"
        elif coverage.at[unit] == asked[unit]:
            assert over[unit] == "arrived"
    there = coverage.at.copy()
    for unit, post in asked.items():
        if unit not in over:
            there[unit] = post
    followed = replace(coverage, at=there)
    if move is None:
        free = [unit not in asked for unit in units]
        assert worthwhile(followed, coverage.idle & free) is None
    else:
        assert move.unit not in asked
        assert move.seconds <= WORTH_S
        gain = expected(followed, move=(move.unit, move.post)) - expected(followed)
        assert gain == pytest.approx(move.gain, abs=2e-6)
        assert move.gain >= WORTH_GAIN


async def test_two_processes_that_look_at_once_make_one_suggestion(platform: Platform) -> None:
    await acts.only(platform, "U1")

    async def look() -> None:
        async with platform.site.db.transaction() as connection:
            await moves.suggest(platform.city.decider, platform.site, connection)

    await asyncio.gather(*(look() for _ in range(4)))
    assert await standing(platform) == ["U1"]
    assert [kind for kind, _, _ in await suggested(platform)] == ["unit.move_suggested"]
