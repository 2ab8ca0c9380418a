"""Where units are: batches and streams, refusals named, the newest kept apart from the history."""

from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.geo import Point, distance_m, to_gcj02
from jieying.units import store
from jieying.units.actions import Sighting, take_positions
from tests.conftest import NOON, SignIn
from tests.incidents import acts
from tests.minicity import spot


def seen(unit: str, x: float = 1000, at_s: float = 0, **more: Any) -> dict[str, Any]:
    point = spot(x, 1000)
    return {"unit": unit, "lat": point.lat, "lon": point.lon, "at": (NOON + timedelta(seconds=at_s)).isoformat()} | more


async def send(client: httpx.AsyncClient, headers: dict[str, str], *positions: dict[str, Any]) -> httpx.Response:
    return await client.post("/api/positions", headers=headers, json={"positions": list(positions)})


async def latest(platform: Platform, unit: str) -> tuple[Point, datetime] | None:
    async with platform.site.db.transaction() as connection:
        (row,) = await store.list_units(connection, platform.site.region, [unit])
    return (Point(row.lat, row.lon), row.position_at) if row.position_at else None


async def history(platform: Platform, unit: str) -> int:
    return len(await acts.fetch(platform, "SELECT id FROM position_history WHERE unit = :unit", unit=unit))


async def test_a_batch_is_stored_and_shown_with_its_age(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    answer = await send(client, await sign_in(Role.GATEWAY), seen("U1"), seen("U2", 2000, -5))
    assert (answer.status_code, answer.json()) == (200, {"taken": 2, "refused": []})
    units = (await client.get("/api/units", headers=await sign_in())).json()["units"]
    shown = {unit["code"]: unit["position_at"] for unit in units}
    assert datetime.fromisoformat(shown["U2"]) == NOON - timedelta(seconds=5)
    assert shown["U3"] is None  # never seen: it is shown at its post


async def test_those_refused_are_named_and_the_others_are_stored(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    answer = await send(client, await sign_in(Role.GATEWAY), seen("U99"), seen("U1"), seen("U2", at_s=61))
    assert answer.json() == {
        "taken": 1,
        "refused": [{"unit": "U99", "code": "no_such_unit"}, {"unit": "U2", "code": "time_in_future"}],
    }
    assert await latest(platform, "U1") is not None
    assert await latest(platform, "U2") is None


async def test_an_older_position_does_not_replace_a_newer_one_but_is_remembered(platform: Platform) -> None:
    for x, at_s in ((1000, 0), (2000, -10), (500, -20)):
        sighting = Sighting("U1", spot(x, 1000), NOON + timedelta(seconds=at_s))
        assert await take_positions(platform.site, [sighting]) == []
    assert await latest(platform, "U1") == (spot(1000, 1000), NOON)
    assert await history(platform, "U1") == 3


async def test_of_several_in_one_batch_the_newest_counts_whatever_their_order(platform: Platform) -> None:
    batch = [Sighting("U1", spot(x, 1000), NOON - timedelta(seconds=s)) for x, s in ((1000, 20), (2000, 5), (500, 10))]
    await take_positions(platform.site, batch)
    assert await latest(platform, "U1") == (spot(2000, 1000), NOON - timedelta(seconds=5))
    assert await history(platform, "U1") == 3


async def test_a_position_of_a_chinese_map_service_is_converted(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    here = spot(1000, 1000)
    theirs = to_gcj02(here)
    given = seen("U1", lat=theirs.lat, lon=theirs.lon, datum="gcj02")
    await send(client, await sign_in(Role.GATEWAY), given)
    found = await latest(platform, "U1")
    assert found is not None
    assert distance_m(found[0], here) < 0.1


@pytest.mark.parametrize(
    "positions", [[], [seen("U1", lat=91)], [seen("U1", at="noon")], [seen("U1", at="2026-11-22T04:00:00")]]
)
async def test_a_batch_that_cannot_be_read_is_refused_whole(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform, positions: list[dict[str, Any]]
) -> None:
    answer = await send(client, await sign_in(Role.GATEWAY), *positions)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_field")
    assert await history(platform, "U1") == 0


async def test_an_officers_device_speaks_for_his_own_unit_only(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    officer = await sign_in(Role.OFFICER, "S1", unit="U1")
    assert (await send(client, officer, seen("U1"))).json()["taken"] == 1
    refused = await send(client, officer, seen("U1", 2000), seen("U2"))
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_unit")
    assert await history(platform, "U1") == 1


async def test_the_dispatcher_is_shown_where_the_unit_is_not_where_its_post_is(platform: Platform) -> None:
    await take_positions(platform.site, [Sighting("U8", spot(1000, 1000), NOON)])
    async with platform.site.db.transaction() as connection:
        rows = await store.candidates(connection, platform.site.region, preempt=False)
    facts = {row.code: platform.city.decider.unit_facts(row, NOON) for row in rows}
    assert facts["U8"] is not None
    assert facts["U7"] is not None
    assert (facts["U8"].point, facts["U8"].position_age_s) == (spot(1000, 1000), 0)
    assert (facts["U7"].point, facts["U7"].position_age_s) == (platform.site.pack.units["U7"].post, None)


async def test_positions_do_not_fill_the_journal(platform: Platform) -> None:
    before = await acts.kinds(platform, "U1")
    await take_positions(platform.site, [Sighting("U1", spot(1, 1), NOON)])
    assert await acts.kinds(platform, "U1") == before
