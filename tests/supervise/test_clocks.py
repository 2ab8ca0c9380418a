"""Clocks on every stage, and the ladder that is climbed when one runs out."""

from datetime import timedelta
from typing import Any

import pytest

from jieying.bootstrap import Platform
from jieying.citypack.model import Level, OrgKind
from jieying.dispatch import actions as dispatch
from jieying.incidents import actions as incidents
from jieying.incidents.model import Channel, IncidentState
from jieying.intake import actions as intake
from jieying.intake.actions import NewReport, take_report
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.supervise import actions as supervise
from jieying.supervise.rules import STOPS, clocks_of, rung_of
from tests.conftest import NOON
from tests.incidents import acts
from tests.minicity import mini_city

PACK = mini_city()


async def told(platform: Platform) -> list[tuple[str, str, str, int]]:
    """(stage, role, org, rung) of every notification, oldest first."""
    rows = await acts.fetch(platform, "SELECT role, org, params FROM notification ORDER BY id")
    return [(row.params["stage"], row.role, row.org, row.params["rung"]) for row in rows]


def times(**reached: int) -> dict[str, Any]:
    """Times of an incident in seconds after noon; the others are not reached yet."""
    names = {"received_at", "opened_at", "offered_at", "on_scene_at", "reopened_at", *STOPS.values()}
    given = dict.fromkeys(names)
    return given | {f"{name}_at": NOON + timedelta(seconds=s) for name, s in reached.items()}


@pytest.mark.parametrize("level", list(Level))
@pytest.mark.parametrize(
    ("stage", "begun", "stopped"),
    [("offer", "opened", "offered"), ("accept", "offered", "accepted"), ("arrive", "received", "on_scene"),
     ("resolve", "on_scene", "resolved")],
)  # fmt: skip
def test_each_stage_has_the_target_of_its_level(stage: str, begun: str, stopped: str, level: Level) -> None:
    target = PACK.targets.seconds[level][stage]

    def state(now_s: int, **reached: int) -> str:
        at = NOON + timedelta(seconds=now_s)
        shown = {c.stage: c for c in clocks_of(times(**reached), level, PACK.targets, at)}[stage]
        assert shown.target_s == target
        return shown.state

    assert state(target, **{begun: 0}) == "running"
    assert state(target + 1, **{begun: 0}) == "breached"
    assert state(target + 99, **{begun: 0, stopped: target}) == "met"
    assert state(target + 99, **{begun: 0, stopped: target + 1}) == "breached"


def test_on_a_reopened_incident_what_is_still_to_be_done_begins_anew() -> None:
    shown = {
        clock.stage: clock
        for clock in clocks_of(
            times(received=0, answered=1, opened=1, offered=2, accepted=3, on_scene=60, reopened=90_000),
            Level.BLUE, PACK.targets, NOON + timedelta(seconds=90_001),
        )
    }  # fmt: skip
    assert {stage: clock.state for stage, clock in shown.items()} == {
        "answer": "met", "offer": "met", "accept": "met", "arrive": "met", "resolve": "running",
    }  # fmt: skip


def test_a_rung_tells_the_next_higher_organisation_where_the_tree_lacks_its_own() -> None:
    ladder = PACK.targets.ladder
    assert [rung.org_kind for rung in ladder][:2] == [OrgKind.STATION, OrgKind.STATION]
    for_city = rung_of(PACK, 0, "C")  # a report that nobody located yet: no station answers for it
    assert for_city is not None
    assert for_city[0].org == "C"
    for_station = rung_of(PACK, 2, "S1")
    assert for_station is not None
    assert (for_station[0].role, for_station[0].org, for_station[1]) == ("commander", "K", 180)
    assert rung_of(PACK, len(ladder), "S1") is None


async def test_the_ladder_is_climbed_rung_by_rung_counted_from_when_the_clock_ran_out(
    platform: Platform, clock: ManualClock
) -> None:
    await acts.only(platform)
    opened = await acts.incident(platform, acts.FIGHT, at=(2500, 500))  # yellow, in the area of S2: offer within 30 s
    clock.advance(29)
    await platform.run_due()
    assert await told(platform) == []
    steps = [("dispatcher", "S2", 30), ("commander", "S2", 90), ("commander", "K", 210), ("commander", "C", 630)]
    for rung, (role, org, after_s) in enumerate(steps, start=1):
        clock.move_to(NOON + timedelta(seconds=after_s))
        await platform.run_due()
        assert ("offer", role, org, rung) in await told(platform), await told(platform)
        assert len([one for one in await told(platform) if one[0] == "offer"]) == rung
    breaches = [kind for kind in await acts.kinds(platform, opened) if kind in ("clock.breached", "ladder.told")]
    assert breaches.count("clock.breached") == 2  # the offer's, and by now the arrival's


async def test_a_late_ladder_catches_up_after_a_restart(platform: Platform, clock: ManualClock, tmp_path: Any) -> None:
    await acts.only(platform)
    await acts.incident(platform)
    clock.advance(500)  # nobody was there to ring
    again = Platform(Database(platform.site.db.url, pool=3), clock, platform.site.pack, tmp_path)
    await again.prepare()
    await again.run_due()
    offers = [one for one in await told(again) if one[0] == "offer"]
    await again.site.db.close()
    assert offers == [
        ("offer", "dispatcher", "S1", 1), ("offer", "commander", "S1", 2), ("offer", "commander", "K", 3),
    ]  # fmt: skip


async def test_a_met_clock_does_not_ring(platform: Platform, clock: ManualClock) -> None:
    opened = await acts.incident(platform)
    (offered,) = await acts.given(platform, opened)
    await acts.go(platform, offered.id, "on_scene")
    await dispatch.record_outcome(platform.site, opened, "d", "handled", "")
    await dispatch.clear(platform.site, offered.id, "o")
    await platform.run_due()
    clock.advance(100_000)
    await platform.run_due()
    assert await told(platform) == []


async def test_a_stage_reached_in_time_does_not_ring_though_its_entry_is_read_late(
    platform: Platform, clock: ManualClock
) -> None:
    opened = await acts.incident(platform)
    (offered,) = await acts.given(platform, opened)
    await dispatch.accept(platform.site, offered.id, "o")  # the subscriber has not read of it yet
    clock.advance(31)
    await supervise.ring_due(platform.site)
    assert await told(platform) == []


async def test_a_ringing_telephone_that_nobody_answers_is_told_to_the_city(
    platform: Platform, clock: ManualClock
) -> None:
    ringing = await take_report(platform.site, platform.city, NewReport(Channel.PHONE), "gateway", None)
    await platform.run_due()
    clock.advance(4)
    await platform.run_due()
    assert await told(platform) == [("answer", "dispatcher", "C", 1)]
    assert await acts.kinds(platform, ringing.id) == ["report.received", "clock.breached"]
    await intake.answer(platform.site, ringing.id, "taker")
    await platform.run_due()
    clock.advance(1000)
    await platform.run_due()
    assert len(await told(platform)) == 1


async def test_an_amended_level_moves_the_running_clocks(platform: Platform, clock: ManualClock) -> None:
    opened = await acts.incident(platform, acts.NOISE)  # white: accept within 120 s
    await dispatch.amend(platform.site, opened, "d", {"level": "red"})  # red: within 20 s
    await platform.run_due()
    clock.advance(21)
    await platform.run_due()
    assert ("accept", "dispatcher", "S1", 1) in await told(platform)


async def test_a_complaint_opens_the_incident_again_with_clocks_of_its_own(
    platform: Platform, clock: ManualClock
) -> None:
    opened = await acts.incident(platform)
    (offered,) = await acts.given(platform, opened)
    await acts.go(platform, offered.id, "cleared")
    await dispatch.record_outcome(platform.site, opened, "d", "handled", "")
    await platform.run_due()
    clock.advance(100_000)
    await incidents.close_incident(platform.site, opened, "d", "dissatisfied", "")
    await platform.run_due()
    assert await told(platform) == []
    rows = await acts.fetch(platform, "SELECT stage, due_at FROM clock WHERE subject = :id", id=opened)
    due = {row.stage: row.due_at for row in rows if row.due_at}
    assert {stage: (at - clock.now()).total_seconds() for stage, at in due.items()} == {"resolve": 5400}


async def test_an_incident_that_is_over_rings_no_more(platform: Platform, clock: ManualClock) -> None:
    await acts.only(platform)
    gone = await acts.incident(platform)
    await dispatch.leave_to_others(platform.site, gone, "d", IncidentState.DIVERTED, "fire_119")
    await platform.run_due()
    clock.advance(100_000)
    await platform.run_due()
    assert await told(platform) == []
