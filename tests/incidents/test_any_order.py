"""Several people act on reports, incidents, assignments and units in any order: what words.md says holds after each."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace
from datetime import UTC, datetime
from itertools import count, pairwise
from pathlib import Path
from typing import Any, TypeVar

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from jieying.bootstrap import Platform
from jieying.dispatch import actions as dispatch
from jieying.diversion.hotline import actions as hotline
from jieying.incidents import actions as incidents
from jieying.incidents.model import (
    ASSIGNMENT_TRANSITIONS,
    INCIDENT_TRANSITIONS,
    TIMES,
    AssignmentState,
    Channel,
    IncidentState,
)
from jieying.intake.actions import NewReport, take_report
from jieying.journal import store as journal
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.kit.errors import Conflict, Invalid
from tests.minicity import mini_city, spot

T = TypeVar("T")
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
WORDS = ("有人抢劫，快来", "有人打架，快来", "手机被偷了", "楼上噪音太吵")  # red, yellow, blue, white
RUNNING = {"accepted", "en_route", "on_scene"}
LIVE = {"offered", *RUNNING}
STEPS = ("accepted", "en_route", "on_scene", "cleared", "declined", "released")
# The times of an incident in the order in which they can only be reached.
ORDER = [name for name in TIMES if name not in ("handed_over_at", "cleared_at")]

_regions = count()
_any = st.integers(0, 1000)


class Actors(RuleBasedStateMachine):
    """One small city of three units; every rule is one person's (or the clock's) next action."""

    url: str
    folder: Path

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        pack = replace(mini_city(), region=f"r{next(_regions)}")
        self.clock = ManualClock(NOON)
        self.platform = Platform(Database(self.url, pool=2), self.clock, pack, self.folder)
        self.site = self.platform.site

    def do(self, action: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(action)

    def teardown(self) -> None:
        _, faults = self.do(self._verify())
        self.do(self.site.db.close())
        self.runner.close()
        assert not faults

    async def _verify(self) -> Any:
        async with self.site.db.transaction() as connection:
            return await journal.verify(connection)

    def rows(self, table: str, order: str = "id") -> list[Any]:
        async def read() -> list[Any]:
            async with self.site.db.transaction() as connection:
                query = text(f"SELECT * FROM {table} WHERE region = :region ORDER BY {order}")  # noqa: S608
                return list((await connection.execute(query, {"region": self.site.region})).all())

        return self.do(read())

    def everything(self) -> list[Any]:
        return [self.rows("incident"), self.rows("assignment"), self.rows("unit", "code"), self.rows("journal")]

    def attempt(self, action: Coroutine[Any, Any, Any], legal: bool, states: tuple[str, str] | None = None) -> None:
        """Do it: a legal action succeeds; an illegal one is refused, names both states and changes nothing."""
        before, refused = self.everything(), None
        try:
            self.do(action)
        except (Conflict, Invalid) as error:
            refused = error
        assert (refused is None) == legal, (refused, states)
        if refused is not None:
            assert self.everything() == before
        if refused is not None and states:
            assert refused.code == "illegal_transition"
            assert (refused.params["current"], refused.params["target"]) == states

    @initialize()
    def begin(self) -> None:
        self.do(self.platform.prepare())
        for code in ("U3", "U4", "U6", "U7", "U8"):
            self.do(dispatch.set_unit_status(self.site, code, "t", "off_duty", None))

    # --- what happens ------------------------------------------------------------------------------------

    @rule(x=st.sampled_from([300, 1600, 2700]), y=st.sampled_from([300, 2700]), words=st.sampled_from(WORDS))
    def report(self, x: float, y: float, words: str) -> None:
        new = NewReport(Channel.WECHAT, words, point=spot(x, y), accuracy_m=10)
        self.do(take_report(self.site, self.platform.city, new, "gateway", None))
        self.do(self.platform.run_due())

    @rule(seconds=st.sampled_from([1, 20, 31, 200]))
    def time_passes(self, seconds: int) -> None:
        self.clock.advance(seconds)
        self.do(self.platform.run_due())

    @precondition(lambda self: self.rows("assignment"))
    @rule(which=_any, step=st.sampled_from(STEPS))
    def unit_acts(self, which: int, step: str) -> None:
        self._act(self.rows("assignment"), which, step)

    @precondition(lambda self: [a for a in self.rows("assignment") if a.state in LIVE])
    @rule(which=_any, give_up=st.booleans())
    def unit_goes_on(self, which: int, give_up: bool) -> None:
        """The next legal step, so that whole stories are told too."""
        live = [a for a in self.rows("assignment") if a.state in LIVE]
        chosen = live[which % len(live)]
        on = {"offered": "accepted", "accepted": "en_route", "en_route": "on_scene", "on_scene": "cleared"}
        off = "declined" if chosen.state == "offered" else "released"
        self._act([chosen], 0, off if give_up and which % 3 == 0 else on[chosen.state])

    def _act(self, given: list[Any], which: int, step: str) -> None:
        chosen = given[which % len(given)]
        target = AssignmentState(step)
        match step:
            case "accepted":
                action: Any = dispatch.accept(self.site, chosen.id, "officer")
            case "cleared":
                action = dispatch.clear(self.site, chosen.id, "officer")
            case "declined" | "released":
                action = dispatch.turn_down(self.site, chosen.id, target, "officer", "r")
            case _:
                action = dispatch.go_on(self.site, chosen.id, target, "officer")
        legal = target in ASSIGNMENT_TRANSITIONS[AssignmentState(chosen.state)]
        self.attempt(action, legal, (chosen.state, step))

    @precondition(lambda self: self.rows("incident"))
    @rule(which=_any, verb=st.sampled_from(["resolve", "close", "complain", "reopen", "divert", "refused"]))
    def dispatcher_acts(self, which: int, verb: str) -> None:
        known = self.rows("incident")
        chosen = known[which % len(known)]
        outcome = next(iter(self.site.pack.outcomes))
        match verb:
            case "resolve":
                target = IncidentState.RESOLVED
                action: Any = dispatch.record_outcome(self.site, chosen.id, "d", outcome, "")
            case "close" | "complain":
                target = IncidentState.CLOSED
                back = "dissatisfied" if verb == "complain" else "satisfied"
                action = incidents.close_incident(self.site, chosen.id, "d", back, "")
            case "divert":
                target = IncidentState.DIVERTED
                action = dispatch.leave_to_others(self.site, chosen.id, "d", target, "fire_119")
            case "reopen":
                target = IncidentState.OPEN
                action = incidents.reopen_incident(self.site, chosen.id, "d", "again")
            case _:
                target = IncidentState.OPEN
                action = hotline.take_back(self.site, chosen.id, "d", "again")
        legal = target in INCIDENT_TRANSITIONS[IncidentState(chosen.state)]
        if target is IncidentState.OPEN:  # by hand only from where it had ended
            legal = chosen.state == ("closed" if verb == "reopen" else "diverted")
        self.attempt(action, legal, (chosen.state, str(target)))

    @precondition(lambda self: self.rows("incident"))
    @rule(one=_any, other=_any)
    def dispatcher_merges(self, one: int, other: int) -> None:
        known = self.rows("incident")
        left, into = known[one % len(known)], known[other % len(known)]
        legal = left.state in ("open", "active") and into.state in ("open", "active", "resolved") and left.id != into.id
        merge = dispatch.leave_to_others(self.site, left.id, "d", IncidentState.MERGED, "same_event", into.id)
        self.attempt(merge, legal)

    @precondition(lambda self: self.rows("incident"))
    @rule(which=_any, level=st.sampled_from(["red", "yellow", "white"]), units=st.sampled_from([None, 1, 3]))
    def dispatcher_amends(self, which: int, level: str, units: int | None) -> None:
        known = self.rows("incident")
        chosen = known[which % len(known)]
        changes = {"level": level} | ({"units_needed": units} if units else {})
        self.attempt(dispatch.amend(self.site, chosen.id, "d", changes), chosen.state in ("open", "active"))

    @precondition(lambda self: self.rows("incident"))
    @rule(which=_any, unit=st.sampled_from(["U1", "U2", "U5", "U8"]))
    def dispatcher_offers(self, which: int, unit: str) -> None:
        known = self.rows("incident")
        chosen = known[which % len(known)]
        row = next(u for u in self.rows("unit", "code") if u.code == unit)
        taken_from = {i.id: i.level_rank for i in known}.get(row.incident_id, -1)
        preempted = (
            row.status in ("committed", "en_route")
            and row.base == "available"
            and chosen.level == "red"
            and taken_from > chosen.level_rank
        )
        legal = chosen.state in ("open", "active") and (row.status == "available" or preempted)
        self.attempt(dispatch.offer_to(self.site, self.platform.city.decider, chosen.id, unit, "d"), legal)

    @rule(unit=st.sampled_from(["U1", "U2", "U5"]), status=st.sampled_from(["available", "unavailable", "off_duty"]))
    def status_by_hand(self, unit: str, status: str) -> None:
        self.do(dispatch.set_unit_status(self.site, unit, "officer", status, None))

    # --- what holds --------------------------------------------------------------------------------------

    @invariant()
    def a_units_status_follows_from_its_assignments(self) -> None:
        given = {a.id: a for a in self.rows("assignment")}
        levels = {i.id: i.level_rank for i in self.rows("incident")}
        bound = [a.unit for a in given.values() if a.state in LIVE]
        assert len(bound) == len(set(bound))
        follows = {"offered": "offered", "accepted": "committed", "en_route": "en_route", "on_scene": "on_scene"}
        for unit in self.rows("unit", "code"):
            live = [a for a in given.values() if a.unit == unit.code and a.state in LIVE]
            assert unit.status == (follows[live[0].state] if live else unit.base)
            assert unit.offered == (live[0].id if live and live[0].state == "offered" else None)
            assert unit.active == (live[0].id if live and live[0].state in RUNNING else None)
            assert unit.incident_id == (live[0].incident_id if live else None)
            assert unit.level_rank == (levels[live[0].incident_id] if live else None)

    @invariant()
    def an_incidents_state_says_who_works_on_it(self) -> None:
        given = self.rows("assignment")
        for one in self.rows("incident"):
            states = {a.state for a in given if a.incident_id == one.id}
            if one.state == "active":
                assert states & RUNNING
            elif one.state == "open":
                assert not states & RUNNING
            else:
                assert not states & LIVE
            assert (one.outcome is not None) >= (one.state in ("resolved", "closed"))
            assert (one.merged_into is not None) == (one.state == "merged")

    @invariant()
    def an_incident_that_needs_units_is_due_or_waits(self) -> None:
        given = self.rows("assignment")
        for one in self.rows("incident"):
            since = max(moment for moment in (one.opened_at, one.reopened_at, one.taken_back_at) if moment)
            serving = [
                a for a in given
                if a.incident_id == one.id and (a.state in LIVE or (a.state == "cleared" and a.cleared_at >= since))
            ]  # fmt: skip
            if one.state in ("open", "active") and one.outcome is None and len(serving) < one.units_needed:
                assert one.dispatch_due_at is not None or one.waiting_since is not None
            if one.state not in ("open", "active"):
                assert one.waiting_since is None

    @invariant()
    def times_come_one_after_the_other(self) -> None:
        for row, names in [(one, ORDER) for one in self.rows("incident")] + [
            (a, ["offered_at", "accepted_at", "en_route_at", "on_scene_at", "cleared_at", "ended_at"])
            for a in self.rows("assignment")
        ]:
            reached = [getattr(row, name) for name in names if getattr(row, name) is not None]
            assert all(a <= b for a, b in pairwise(reached))


def test_whatever_people_do_in_whatever_order_nothing_impossible_comes_of_it(database_url: str, tmp_path: Path) -> None:
    Actors.url, Actors.folder = database_url, tmp_path
    run_state_machine_as_test(
        Actors,
        settings=settings(
            max_examples=15, stateful_step_count=30, deadline=None, derandomize=True, report_multiple_bugs=False,
            # Each step is a dozen queries: a failure is shown as it was found, not made smaller for minutes.
            phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
