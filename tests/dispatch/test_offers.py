"""From offer to offer: declined, expired, preempted, waiting, woken, over a restart."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from jieying.bootstrap import Platform
from jieying.dispatch import actions as dispatch
from jieying.dispatch.decide import Decider
from jieying.incidents.model import AssignmentState
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.kit.errors import Conflict, NotFound
from tests.incidents import acts

DECLINED, RELEASED = AssignmentState.DECLINED, AssignmentState.RELEASED


async def test_an_offer_says_who_how_long_and_why(platform: Platform, clock: ManualClock) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    assert offered.unit == "U3"  # stands where it happened
    assert offered.expires_at == clock.now() + timedelta(seconds=30)
    assert {reason["code"] for reason in offered.reasons} >= {"eta", "own_station"}
    assert (await acts.unit_row(platform, "U3")).status == "offered"


async def test_declined_goes_to_the_next_best_and_not_back_at_once(platform: Platform) -> None:
    here = await acts.incident(platform)
    asked = []
    for _ in range(3):
        (offered,) = await acts.given(platform, here, "offered")
        asked.append(offered.unit)
        await dispatch.turn_down(platform.site, offered.id, DECLINED, "o", "busy")
        await platform.run_due()
    assert len(set(asked)) == 3


async def test_an_offer_expires_by_the_clock_and_goes_to_the_next(platform: Platform, clock: ManualClock) -> None:
    here = await acts.incident(platform)
    clock.advance(29.9)
    await platform.run_due()
    assert len(await acts.given(platform, here)) == 1
    clock.advance(0.1)
    await platform.run_due()
    first, second = await acts.given(platform, here)
    assert (first.state, first.end_reason, second.state) == ("expired", "no_answer", "offered")
    assert first.unit != second.unit
    with pytest.raises(Conflict, match="illegal_transition"):
        await dispatch.accept(platform.site, first.id, "o")


async def test_a_released_unit_is_not_asked_again_at_once(platform: Platform) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    await acts.go(platform, offered.id, "en_route")
    await dispatch.turn_down(platform.site, offered.id, RELEASED, "o", "flat tyre")
    await platform.run_due()
    assert (await acts.incident_row(platform, here)).state == "open"
    (again,) = await acts.given(platform, here, "offered")
    assert again.unit != offered.unit


async def test_as_many_units_are_asked_as_the_plan_says_and_those_missing_are_replaced(platform: Platform) -> None:
    here = await acts.incident(platform, acts.ROBBERY)
    first = await acts.given(platform, here, "offered")
    assert len(first) == 3
    assert "U3" in {a.unit for a in first}  # the plan asks for swat
    await dispatch.turn_down(platform.site, first[0].id, DECLINED, "o", "")
    await platform.run_due()
    assert len(await acts.given(platform, here, "offered")) == 3


async def test_the_unit_of_the_right_business_is_asked(platform: Platform) -> None:
    here = await acts.incident(platform, acts.CRASH)
    (offered,) = await acts.given(platform, here)
    assert "traffic" in platform.site.pack.units[offered.unit].skills


async def test_a_more_urgent_incident_takes_a_unit_that_is_on_its_way_and_the_one_left_is_offered_again(
    platform: Platform,
) -> None:
    await acts.only(platform, "U3")
    less = await acts.incident(platform, acts.NOISE)
    (offered,) = await acts.given(platform, less)
    await acts.go(platform, offered.id, "en_route")
    more = await acts.incident(platform, acts.ROBBERY)
    (left,) = await acts.given(platform, less)
    (taken,) = await acts.given(platform, more)
    assert (left.state, left.end_reason, taken.unit, taken.state) == ("released", "preempted", "U3", "offered")
    assert (await acts.unit_row(platform, "U3")).incident_id == more
    assert ((await acts.incident_row(platform, less)).waiting_reason or {})["code"] == "no_unit_free"
    await dispatch.set_unit_status(platform.site, "U1", "t", "available", None)
    await platform.run_due()  # the most urgent is served first, it lacks two more
    assert [a.unit for a in await acts.given(platform, more)] == ["U3", "U1"]
    await dispatch.set_unit_status(platform.site, "U2", "t", "available", None)
    await dispatch.set_unit_status(platform.site, "U5", "t", "available", None)
    await platform.run_due()
    await platform.keep_house()
    await platform.run_due()
    assert len(await acts.given(platform, more)) == 3
    assert len(await acts.given(platform, less, "offered")) == 1


@pytest.mark.parametrize("state", ["on_scene", "shift over", "as urgent"])
async def test_a_unit_is_not_taken_from(platform: Platform, state: str) -> None:
    await acts.only(platform, "U3")
    words = acts.ROBBERY if state == "as urgent" else acts.NOISE
    first = await acts.incident(platform, words)
    (offered,) = await acts.given(platform, first)
    await acts.go(platform, offered.id, "on_scene" if state == "on_scene" else "en_route")
    if state == "shift over":
        await dispatch.apply_roster(platform.site, [], ["U3"])
    more = await acts.incident(platform, acts.ROBBERY, at=(1100, 1100))
    assert await acts.given(platform, more) == []
    assert (await acts.given(platform, first))[0].state == ("on_scene" if state == "on_scene" else "en_route")


async def test_a_unit_is_as_hard_to_take_as_its_incident_is_urgent_now(platform: Platform) -> None:
    await acts.only(platform, "U3")
    first = await acts.incident(platform, acts.NOISE)
    (offered,) = await acts.given(platform, first)
    await acts.go(platform, offered.id, "en_route")
    await dispatch.amend(platform.site, first, "d", {"level": "red"})
    more = await acts.incident(platform, acts.ROBBERY, at=(1100, 1100))
    assert await acts.given(platform, more) == []


async def test_without_a_free_unit_incidents_wait_visibly_and_are_served_in_the_order_of_their_level(
    platform: Platform, clock: ManualClock
) -> None:
    await acts.only(platform)
    ids = {}
    for words in (acts.NOISE, acts.FIGHT, acts.CRASH):
        ids[words] = await acts.incident(platform, words)
        clock.advance(1)
    for id_ in ids.values():
        row = await acts.incident_row(platform, id_)
        assert row.waiting_since is not None
        assert row.waiting_reason["code"] == "no_unit_free"
        assert "incident.waiting" in await acts.kinds(platform, id_)
    served = []
    for _ in ids:
        await dispatch.set_unit_status(platform.site, "U4", "t", "available", None)
        await platform.run_due()
        (row,) = await acts.fetch(platform, "SELECT id, incident_id FROM assignment WHERE state = 'offered'")
        served.append(next(words for words, id_ in ids.items() if id_ == row.incident_id))
        assert (await acts.incident_row(platform, row.incident_id)).waiting_since is None
        await dispatch.set_unit_status(platform.site, "U4", "t", "off_duty", None)
        await acts.go(platform, row.id, "accepted")
        await dispatch.turn_down(platform.site, row.id, RELEASED, "d", "t")
        await dispatch.record_outcome(platform.site, row.incident_id, "d", "handled", "")
        await platform.run_due()
    assert served == [acts.FIGHT, acts.CRASH, acts.NOISE]


async def test_a_unit_that_clears_goes_to_who_waits(platform: Platform) -> None:
    await acts.only(platform, "U1")
    here = await acts.incident(platform)
    waits = await acts.incident(platform, at=(2500, 2500))
    assert await acts.given(platform, waits) == []
    (offered,) = await acts.given(platform, here)
    await acts.go(platform, offered.id, "cleared")
    await platform.run_due()
    assert [a.unit for a in await acts.given(platform, waits, "offered")] == ["U1"]


async def test_an_incident_whose_units_all_said_no_is_offered_to_one_that_becomes_free(platform: Platform) -> None:
    await acts.only(platform, "U1")
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    await dispatch.turn_down(platform.site, offered.id, DECLINED, "o", "")
    await platform.run_due()
    assert (await acts.incident_row(platform, here)).waiting_reason["code"] == "all_units_asked"
    await dispatch.set_unit_status(platform.site, "U2", "t", "available", None)
    await platform.run_due()
    assert [a.unit for a in await acts.given(platform, here, "offered")] == ["U2"]


async def test_who_declined_is_asked_again_after_a_while_when_nobody_else_is_there(
    platform: Platform, clock: ManualClock
) -> None:
    await acts.only(platform, "U1")
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    await dispatch.turn_down(platform.site, offered.id, DECLINED, "o", "")
    await platform.run_due()
    clock.advance(180)
    await platform.run_due()
    assert [a.unit for a in await acts.given(platform, here, "offered")] == ["U1"]


async def test_a_dispatcher_chooses_a_unit_and_is_told_why_another_cannot_be_had(platform: Platform) -> None:
    decider = platform.city.decider
    here = await acts.incident(platform)
    await dispatch.offer_to(platform.site, decider, here, "U8", "d")
    assert {a.unit for a in await acts.given(platform, here, "offered")} == {"U3", "U8"}
    await acts.off_duty(platform, "U7")
    with pytest.raises(Conflict) as refused:
        await dispatch.offer_to(platform.site, decider, here, "U7", "d")
    assert refused.value.params == {"unit": "U7", "status": "off_duty"}
    with pytest.raises(NotFound, match="no_such_unit"):
        await dispatch.offer_to(platform.site, decider, here, "U99", "d")
    close_by = replace(platform.site.pack, dispatch=replace(platform.site.pack.dispatch, max_eta_s=60))
    with pytest.raises(Conflict) as refused:  # free, but no road leads there in time
        await dispatch.offer_to(platform.site, Decider(close_by, decider.roads), here, "U6", "d")
    assert (refused.value.code, refused.value.params) == ("unit_out_of_reach", {"unit": "U6", "minutes": 1})


async def test_when_the_last_unit_clears_an_offer_that_still_runs_is_withdrawn(platform: Platform) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    await acts.go(platform, offered.id, "on_scene")
    await dispatch.record_outcome(platform.site, here, "d", "handled", "")
    await dispatch.offer_to(platform.site, platform.city.decider, here, "U8", "d")
    await dispatch.clear(platform.site, offered.id, "o")
    assert (await acts.incident_row(platform, here)).state == "resolved"
    assert [a.state for a in await acts.given(platform, here)] == ["cleared", "withdrawn"]
    assert (await acts.unit_row(platform, "U8")).status == "available"


async def test_released_after_its_outcome_an_incident_is_resolved_and_the_journal_says_so(platform: Platform) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    await acts.go(platform, offered.id, "on_scene")
    await dispatch.record_outcome(platform.site, here, "d", "handled", "")
    await dispatch.turn_down(platform.site, offered.id, RELEASED, "d", "")
    assert (await acts.incident_row(platform, here)).state == "resolved"
    assert (await acts.kinds(platform, here))[-2:] == ["assignment.released", "incident.resolved"]


async def test_a_restart_loses_no_offer_no_decision_and_no_waiting_incident(
    platform: Platform, clock: ManualClock, tmp_path: Path
) -> None:
    offered = await acts.incident(platform)
    due = await acts.report(platform, at=(2500, 2500))  # its steps were not taken when the process was killed
    again = Platform(Database(platform.site.db.url, pool=3), clock, platform.site.pack, tmp_path)
    await again.prepare()
    clock.advance(31)
    await again.run_due()
    states = [a.state for a in await acts.given(again, offered)]
    incident = (await acts.report_row(again, due)).incident_id
    here = await acts.given(again, incident, "offered")
    await again.site.db.close()
    assert states == ["expired", "offered"]
    assert len(here) == 1
