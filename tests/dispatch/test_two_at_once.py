"""Two people act in the same moment: exactly one wins, the other is told what is, and nothing hangs."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from jieying.bootstrap import Platform
from jieying.dispatch import actions as dispatch
from jieying.incidents.model import AssignmentState, IncidentState
from jieying.intake import steps
from jieying.kit.clock import ManualClock
from jieying.kit.errors import Conflict, Refused
from tests.incidents import acts


async def race(*actions: Awaitable[Any]) -> list[Any]:
    """What each came to; a deadlock would end in this timeout."""
    return await asyncio.wait_for(asyncio.gather(*actions, return_exceptions=True), 20)


def split(results: list[Any]) -> tuple[list[Any], list[Conflict]]:
    """Those that won, and what the others were told."""
    for one in results:
        assert not isinstance(one, BaseException) or isinstance(one, Conflict), one
    told = [one for one in results if isinstance(one, Conflict)]
    return [one for one in results if not isinstance(one, Conflict)], told


async def test_two_dispatchers_offer_the_same_unit_to_two_incidents(platform: Platform) -> None:
    await acts.only(platform)
    here, there = await acts.incident(platform), await acts.incident(platform, at=(2500, 2500))
    await dispatch.set_unit_status(platform.site, "U1", "t", "available", None)
    decider = platform.city.decider
    won, told = split(await race(*(dispatch.offer_to(platform.site, decider, one, "U1", "d") for one in (here, there))))
    assert (len(won), [one.code for one in told]) == (1, ["unit_not_free"])
    assert told[0].params == {"unit": "U1", "status": "offered"}
    assert len([*await acts.given(platform, here), *await acts.given(platform, there)]) == 1


async def test_two_dispatchers_offer_the_same_incident_to_the_same_unit(platform: Platform) -> None:
    await acts.only(platform)
    here = await acts.incident(platform)
    await dispatch.set_unit_status(platform.site, "U1", "t", "available", None)
    decider = platform.city.decider
    won, told = split(await race(*(dispatch.offer_to(platform.site, decider, here, "U1", "d") for _ in range(4))))
    assert (len(won), {one.code for one in told}) == (1, {"unit_not_free"})
    assert len(await acts.given(platform, here)) == 1


async def test_an_officer_and_a_dispatcher_accept_the_same_offer(platform: Platform) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    won, told = split(await race(*(dispatch.accept(platform.site, offered.id, who) for who in "ab")))
    assert len(won) == 1
    assert [one.params for one in told] == [{"current": "accepted", "target": "accepted"}]
    assert (await acts.kinds(platform, here)).count("assignment.accepted") == 1


@pytest.mark.parametrize("first", ["accept", "expire"])
async def test_an_offer_is_accepted_in_the_moment_it_expires(
    platform: Platform, clock: ManualClock, first: str
) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    clock.advance(30)
    pair = [dispatch.accept(platform.site, offered.id, "o"), dispatch.expire_due(platform.site)]
    results = await race(*(pair if first == "accept" else pair[::-1]))
    accepted = results[0 if first == "accept" else 1]
    expired = results[1 if first == "accept" else 0]
    (after,) = [one for one in await acts.given(platform, here) if one.id == offered.id]
    unit = await acts.unit_row(platform, offered.unit)
    if isinstance(accepted, Conflict):
        assert accepted.params == {"current": "expired", "target": "accepted"}
        assert (expired, after.state, unit.status) == (1, "expired", "available")
    else:
        assert (expired, after.state, unit.status) == (0, "accepted", "committed")


async def test_the_officer_clears_while_the_dispatcher_releases(platform: Platform) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    await acts.go(platform, offered.id, "on_scene")
    won, told = split(
        await race(
            dispatch.clear(platform.site, offered.id, "o"),
            dispatch.turn_down(platform.site, offered.id, AssignmentState.RELEASED, "d", "needed elsewhere"),
        )
    )
    assert (len(won), len(told)) == (1, 1)
    (after,) = await acts.given(platform, here)
    assert told[0].params["current"] == after.state in ("cleared", "released")
    assert (await acts.unit_row(platform, offered.unit)).status == "available"


async def test_two_incidents_are_merged_into_each_other(platform: Platform) -> None:
    one, other = await acts.incident(platform), await acts.incident(platform, at=(2500, 2500))

    def merge(left: Any, into: Any) -> Awaitable[Any]:
        return dispatch.leave_to_others(platform.site, left, "d", IncidentState.MERGED, "same_event", into)

    won, told = split(await race(merge(one, other), merge(other, one)))
    assert (len(won), len(told)) == (1, 1)
    states = {(await acts.incident_row(platform, id_)).state for id_ in (one, other)}
    assert states == {"merged", "open"}


async def test_all_decisions_at_once_give_no_unit_twice(platform: Platform) -> None:
    """Six walkers decide ten incidents that together need more units than there are."""
    spots = [(300 * n % 3000, 700 * n % 3000) for n in range(10)]
    for at in spots:
        await acts.report(platform, acts.ROBBERY, at)
    while await steps.take_next(platform.site, platform.city):
        pass

    async def walk() -> None:
        while True:
            try:
                if not await dispatch.offer_next(platform.site, platform.city.decider):
                    return
            except Refused:  # a deadlock was resolved: the loops of the platform try again as well
                continue

    assert not [one for one in await race(*(walk() for _ in range(6))) if one]
    rows = await acts.fetch(platform, "SELECT unit FROM assignment WHERE state = 'offered'")
    assert sorted(row.unit for row in rows) == sorted(platform.site.pack.units)
