"""A wrong link or merge is undone: both sides are as before, and what others changed meanwhile stays."""

import asyncio
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.dispatch import actions as dispatch
from jieying.incidents import actions as incidents
from jieying.incidents.model import Channel, IncidentState
from jieying.intake import actions as intake
from jieying.intake.actions import NewReport, take_report
from jieying.kit.clock import ManualClock
from jieying.kit.errors import Conflict
from tests.conftest import SignIn
from tests.incidents import acts
from tests.minicity import spot

# `apart_from` is what the person who unlinked said; the rest is what must be as before.
LEFT_OUT = {"version", "apart_from"}
# A merge sends the units away: what is asked of them next begins anew.
BEGINS_ANEW = {"dispatch_due_at", "state", "org_paths"}


def columns(row: Any, *left_out: str) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in LEFT_OUT | set(left_out)}


async def waits(platform: Platform, words: str = "嗯嗯嗯", channel: Channel = Channel.WECHAT) -> UUID:
    """A report that waits for a person."""
    taken = await take_report(platform.site, platform.city, NewReport(channel, words, point=spot(900, 900)), "g", None)
    await platform.run_due()
    return taken.id


async def unlink(platform: Platform, report: UUID) -> None:
    await incidents.unlink_report(platform.site, report, "taker", "wrong one")


@pytest.mark.parametrize("channel", [Channel.WECHAT, Channel.PHONE], ids=["answered", "still ringing"])
async def test_report_and_incident_are_as_before_the_link(platform: Platform, channel: Channel) -> None:
    here, report = await acts.incident(platform), await waits(platform, channel=channel)
    before = columns(await acts.report_row(platform, report)), columns(await acts.incident_row(platform, here))
    await intake.link(platform.site, platform.city, report, here, "taker")
    await unlink(platform, report)
    after = columns(await acts.report_row(platform, report)), columns(await acts.incident_row(platform, here))
    assert after == before
    assert (await acts.report_row(platform, report)).needs_person is not None
    assert (await acts.kinds(platform, report))[-1] == "report.unlinked"


async def test_the_clock_of_a_report_that_nobody_answered_runs_on_from_when_it_came(
    platform: Platform, clock: ManualClock
) -> None:
    here, report = await acts.incident(platform), await waits(platform, channel=Channel.PHONE)

    async def due() -> Any:
        await platform.run_due()
        query = "SELECT due_at FROM clock WHERE subject = :s AND stage = 'answer'"
        return (await acts.fetch(platform, query, s=report))[0].due_at

    before = await due()
    clock.advance(1)
    await intake.link(platform.site, platform.city, report, here, "taker")
    assert await due() is None
    await unlink(platform, report)
    assert await due() == before


async def test_what_a_report_asked_waits_for_an_answer_again(platform: Platform) -> None:
    here, report = await acts.incident(platform), await waits(platform, "户口本被虫蛀了，能不能拿它当风筝放")
    query = "SELECT state, due_at FROM knowledge_asked WHERE report_id = :r"
    before = await acts.fetch(platform, query, r=report)
    assert [row.state for row in before] == ["waiting"]
    await intake.link(platform.site, platform.city, report, here, "taker")
    await platform.run_due()
    await unlink(platform, report)
    await platform.run_due()
    assert await acts.fetch(platform, query, r=report) == before


async def test_a_resend_that_was_none_becomes_an_incident_of_its_own_and_is_not_joined_again(
    platform: Platform, clock: ManualClock
) -> None:
    first = await acts.report(platform, contact="139")
    await platform.run_due()
    clock.advance(60)
    again = await acts.report(platform, contact="139")
    await platform.run_due()
    here = (await acts.report_row(platform, first)).incident_id
    assert (await acts.report_row(platform, again)).incident_id == here
    await unlink(platform, again)
    await platform.run_due()
    own = (await acts.report_row(platform, again)).incident_id
    assert own not in (None, here)
    assert (await acts.incident_row(platform, here)).reports_count == 1
    assert (await acts.incident_row(platform, own)).similar == []  # a person has said that it is another


async def test_the_report_that_opened_the_incident_is_not_unlinked_and_the_answer_says_what_to_do(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    report = await acts.report(platform)
    await platform.run_due()
    headers = await sign_in(Role.CALL_TAKER)
    answer = await client.post(f"/api/reports/{report}/unlink", headers=headers, json={"reason": "wrong"})
    assert (answer.status_code, answer.json()["code"]) == (409, "report_opened_incident")
    assert "解除另一条" in answer.json()["detail"] or "unlink the other" in answer.json()["detail"]


async def test_unlinking_needs_a_reason_and_the_right_to_take_reports(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    here, report = await acts.incident(platform), await waits(platform)
    await intake.link(platform.site, platform.city, report, here, "taker")
    path = f"/api/reports/{report}/unlink"
    taker = await sign_in(Role.CALL_TAKER)
    assert (await client.post(path, headers=taker, json={"reason": ""})).status_code == 422
    assert (await client.post(path, headers=await sign_in(Role.GATEWAY), json={"reason": "x"})).status_code == 403
    assert (await client.post(path, headers=taker, json={"reason": "x"})).status_code == 204
    again = await client.post(path, headers=taker, json={"reason": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")


async def _refusals(*both: Coroutine[Any, Any, Any]) -> list[BaseException]:
    results = await asyncio.gather(*both, return_exceptions=True)
    return [one for one in results if isinstance(one, BaseException)]


async def test_of_two_who_unlink_at_once_one_is_told_and_the_count_is_right(platform: Platform) -> None:
    here, report = await acts.incident(platform), await waits(platform)
    await intake.link(platform.site, platform.city, report, here, "taker")
    refused = await _refusals(unlink(platform, report), unlink(platform, report))
    assert [type(one) for one in refused] == [Conflict]
    assert (await acts.incident_row(platform, here)).reports_count == 1


async def test_a_linked_report_is_not_answered_again(platform: Platform) -> None:
    here, report = await acts.incident(platform), await waits(platform)
    await intake.link(platform.site, platform.city, report, here, "taker")
    with pytest.raises(Conflict, match="illegal_transition"):
        await intake.answer(platform.site, report, "taker")
    assert (await acts.report_row(platform, report)).state == "linked"


# --- merges --------------------------------------------------------------------------------------------------


async def merge(platform: Platform, one: UUID, into: UUID) -> None:
    await dispatch.leave_to_others(platform.site, one, "d", IncidentState.MERGED, "same_event", into)


async def test_a_merge_is_undone_with_the_reports_of_each(platform: Platform, clock: ManualClock) -> None:
    await acts.only(platform)
    here, there = await acts.incident(platform), await acts.incident(platform, acts.CRASH, (2500, 2500))
    linked = await waits(platform)
    await intake.link(platform.site, platform.city, linked, there, "taker")
    before = [columns(await acts.incident_row(platform, one), *BEGINS_ANEW) for one in (here, there)]
    reports = await acts.fetch(platform, "SELECT id, incident_id, came_through FROM report ORDER BY id")
    await merge(platform, there, here)
    assert (await acts.incident_row(platform, here)).reports_count == 3
    clock.advance(100)
    await dispatch.undo_merge(platform.site, there, "d", "two events")
    assert [columns(await acts.incident_row(platform, one), *BEGINS_ANEW) for one in (here, there)] == before
    assert await acts.fetch(platform, "SELECT id, incident_id, came_through FROM report ORDER BY id") == reports
    row = await acts.incident_row(platform, there)
    assert (row.state, row.dispatch_due_at) == ("open", clock.now())


async def test_merges_on_merges_are_undone_from_the_last(platform: Platform) -> None:
    spots = [(300, 300), (1500, 1500), (2700, 2700)]
    a, b, c = [await acts.incident(platform, at=at) for at in spots]
    await merge(platform, a, b)
    await merge(platform, b, c)
    with pytest.raises(Conflict, match="incident_ended"):
        await dispatch.undo_merge(platform.site, a, "d", "x")
    await dispatch.undo_merge(platform.site, b, "d", "x")
    await dispatch.undo_merge(platform.site, a, "d", "x")
    assert [(await acts.incident_row(platform, one)).reports_count for one in (a, b, c)] == [1, 1, 1]
    with pytest.raises(Conflict, match="illegal_transition"):
        await dispatch.undo_merge(platform.site, a, "d", "x")


async def test_a_report_that_was_unlinked_after_the_merge_does_not_come_back_with_it(platform: Platform) -> None:
    here, there = await acts.incident(platform), await acts.incident(platform, at=(2500, 2500))
    linked = await waits(platform)
    await intake.link(platform.site, platform.city, linked, there, "taker")
    await merge(platform, there, here)
    await unlink(platform, linked)
    await intake.link(platform.site, platform.city, linked, here, "taker")
    await dispatch.undo_merge(platform.site, there, "d", "x")
    assert (await acts.report_row(platform, linked)).incident_id == here
    counts = [(await acts.incident_row(platform, one)).reports_count for one in (here, there)]
    assert counts == [2, 1]


# --- in any order, with others at work -----------------------------------------------------------------------

OTHERS = st.lists(st.sampled_from(["amend", "place", "more", "time"]), max_size=4)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(order=st.permutations([0, 1, 2]), between=st.tuples(OTHERS, OTHERS), spoken=st.booleans())
async def test_whatever_happens_between_link_and_unlink_stays_and_the_rest_is_as_before(
    platform: Platform, clock: ManualClock, order: list[int], between: tuple[list[str], list[str]], spoken: bool
) -> None:
    """Three reports are linked and unlinked in any order; the same is done to a twin incident without them."""
    await acts.only(platform)
    linked, twin = await acts.incident(platform), await acts.incident(platform)
    reports = [await waits(platform, channel=Channel.PHONE if spoken else Channel.SMS) for _ in range(3)]
    await platform.run_due()
    before = [columns(await acts.report_row(platform, one)) for one in reports]
    for report in reports:
        await intake.link(platform.site, platform.city, report, linked, "taker")
        await _others(platform, clock, between[0], linked, twin)
    for number in order:
        await unlink(platform, reports[number])
        await _others(platform, clock, between[1], linked, twin)
    assert [columns(await acts.report_row(platform, one)) for one in reports] == before
    own = ("id", "number", "similar", "opened_at", "located_at")
    here, there = await acts.incident_row(platform, linked), await acts.incident_row(platform, twin)
    assert columns(here, *own) == columns(there, *own)


async def _others(platform: Platform, clock: ManualClock, what: list[str], *both: UUID) -> None:
    for one in what:
        if one == "time":
            clock.advance(timedelta(seconds=7).total_seconds())
        for incident in both:
            match one:
                case "amend":
                    row = await acts.incident_row(platform, incident)
                    level = "red" if row.level != "red" else "white"
                    await dispatch.amend(platform.site, incident, "d", {"level": level})
                case "place":
                    await dispatch.amend(platform.site, incident, "d", {"place": "后门"})
                case "more":
                    await intake.link(platform.site, platform.city, await waits(platform), incident, "taker")
