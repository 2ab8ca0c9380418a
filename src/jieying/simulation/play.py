"""One replication under one policy: what happens from the moment an officer is wanted, event by event.

Events are ordered by (time, priority, number): officers before callers before duties, as in a replay. Who goes is
decided by the live rules (`dispatch.policies.ranking`, `dispatch.rules.plan_for`); what a policy does not decide stands
in Draws. A unit that is free drives back to its post, and may be sent on from where it is. Offers are accepted.
"""

import heapq
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jieying.citypack.model import Level
from jieying.dispatch.coverage import Coverage, worthwhile
from jieying.dispatch.policies import BY_COVERAGE, Field, ranking
from jieying.dispatch.rules import plan_for
from jieying.kit.geo import distance_m
from jieying.roads.snapping import Snap
from jieying.simulation.draws import Draws
from jieying.simulation.fleet import Turns
from jieying.simulation.force import Force
from jieying.simulation.hours import Hours
from jieying.simulation.journal import Journal
from jieying.simulation.model import SLOTS, Conditions, Drive, Floats, Ints, Outcome, Variant
from jieying.simulation.ways import Spot, Trip

OFFICER, CALLER, HOUSE = 0, 1, 2  # priorities
DECIDE, SET_OUT, ARRIVE, CLEAR, BEGIN_DUTY, END_DUTY, BREAK, BREAK_DOWN, BACK = range(9)  # kinds
FREE, COMMITTED, EN_ROUTE, ON_SCENE = range(4)  # what a unit is doing
# As live (dispatch/actions.py): who was released is not asked again so soon, a free unit wakes so many who wait.
ASK_AGAIN_S, WAKE = 180.0, 3
# Duties go on so long after the last call; what has no unit by then gets none.
AFTER_S = 86400.0


@dataclass(slots=True, eq=False)
class Job:
    """A unit's work on a call. `slot`: which of the call's draws are its own; `road_s`: by road, at the offer."""

    number: int
    call: int
    unit: int
    slot: int
    offered_s: float
    road_s: float
    en_route_s: float = 0.0
    travel_s: float = 0.0
    running: bool = True


class Play:
    def __init__(
        self,
        force: Force,
        draws: Draws,
        variant: Variant,
        conditions: Conditions,
        drive: Drive,
        turns: dict[str, Turns],
        hours: Hours,
        journal: Journal | None = None,
    ) -> None:
        self._force, self._ground, self._draws, self._hours = force, force.ground, draws, hours
        self._conditions, self._drive, self._journal = conditions, drive, journal
        self._settings = replace(force.pack.dispatch, policy=variant.policy)
        self._covering, self._move_up = variant.policy in BY_COVERAGE, variant.move_up
        n, units = len(draws.calls), len(force)
        self.now, self._number, self._heap = 0.0, n, list[tuple[float, int, int, int, Any]]()
        self._describe_calls()
        # Units
        self._free = np.zeros(units, bool)
        self._doing = np.full(units, FREE)
        self._level_of = np.full(units, -1)  # rank of the incident a unit is bound to
        self._on = np.zeros(units, bool)
        self._out = [0] * units  # reasons why it can't be sent: break, breakdown
        self._break_due = [False] * units
        self._post = force.posts.copy()  # where it waits, or drives to
        self._home_at = np.zeros(units)  # from when it stands there; infinite when it is not on its way
        self._left_at = [0.0] * units
        self._trip: list[Trip | None] = [None] * units
        self._spot: list[Snap] = [self._ground.post_snaps[post] for post in self._post.tolist()]
        self._job: list[Job | None] = [None] * units
        self._zeros, self._never = np.zeros(units), np.zeros(units, bool)
        # Calls
        self._serving, self._sent, self._spare = [0] * n, [0] * n, dict[int, list[int]]()
        self._cleared = [0] * n
        self._resolved = [False] * n
        self._tried: dict[int, dict[int, float]] = {}
        self._waiting: dict[int, tuple[int, float, int]] = {}
        # What is measured
        self._offered_s, self._en_route_s, self._on_scene_s = (np.full(n, np.nan) for _ in range(3))
        self._first = np.full(n, -1, np.int64)
        self._waited = np.zeros(n, bool)
        self._busy_s = np.zeros(units)
        self._road_s, self._moves, self._jobs = 0.0, 0, 0
        self._plan_events(variant, turns)

    def _describe_calls(self) -> None:
        """What the rules say of each call, once for each kind of call."""
        calls, pack = self._draws.calls, self._force.pack
        self._place: list[int] = self._ground.numbers(calls.lat, calls.lon).tolist()
        areas = np.array(self._ground.areas)[self._place] if len(calls) else np.zeros(0, np.int64)
        self._area: Ints = areas
        keys = np.stack([calls.category, calls.level, areas], axis=1)
        kinds, self._kind_of = np.unique(keys, axis=0, return_inverse=True)
        levels = list(Level)
        self._kinds: list[tuple[Floats, Floats, bool]] = []
        planned = []
        for category, rank, area in kinds.tolist():
            code, level = calls.categories[category], levels[rank]
            plan = plan_for(pack, code, level)
            path = pack.orgs[pack.areas[area].org].path if area >= 0 else ""
            self._kinds.append((self._force.territory(path), self._force.business(code, level), plan.preempt))
            planned.append(plan.units)
        self._kind: list[int] = self._kind_of.ravel().tolist()
        self._level: list[int] = calls.level.tolist()
        needed = calls.needed.tolist()
        self._needed = [needed[i] or planned[kind] for i, kind in enumerate(self._kind)]
        self._turnout, self._stay = self._draws.turnout_s, self._draws.stay_s

    def _plan_events(self, variant: Variant, turns: dict[str, Turns]) -> None:
        """All that is known beforehand: when an officer is wanted for each call, duties, breaks, breakdowns."""
        codes = self._force.codes
        wanted = self._draws.opened_s + (self._draws.relay_s if variant.relay else 0.0)
        self._heap = [(moment, CALLER, i, DECIDE, i) for i, moment in enumerate(wanted.tolist())]
        end_s = self._draws.seconds
        self._duty_s = np.array([sum(min(end, end_s) - min(begin, end_s) for begin, end in turns[c]) for c in codes])
        for unit, code in enumerate(codes):
            for begin, end in turns[code]:
                self._at(begin, HOUSE, BEGIN_DUTY, unit)
                if end < end_s + AFTER_S:
                    self._at(end, HOUSE, END_DUTY, unit)
                if self._conditions.break_s:
                    self._at((begin + end - self._conditions.break_s) / 2, HOUSE, BREAK, unit)
            for moment in self._draws.breakdowns[unit]:
                self._at(moment, HOUSE, BREAK_DOWN, unit)
        for event in [event for event in self._heap if event[0] <= 0.0 and event[3] == BEGIN_DUTY]:
            self._on[event[4]] = self._free[event[4]] = True
        self._heap = [event for event in self._heap if event[0] > 0.0 or event[3] != BEGIN_DUTY]
        heapq.heapify(self._heap)

    def _at(self, moment: float, priority: int, kind: int, what: Any) -> None:
        self._number += 1
        heapq.heappush(self._heap, (moment, priority, self._number, kind, what))

    def run(self) -> Outcome:
        """Let everything happen; what came out of it."""
        began, events, heap = time.perf_counter(), 0, self._heap
        acts = (
            self._decide, self._set_out, self._arrive, self._clear,
            self._begin_duty, self._end_duty, self._break, self._break_down, self._back,
        )  # fmt: skip
        while heap:
            self.now, _, _, kind, what = heapq.heappop(heap)
            acts[kind](what)
            events += 1
        calls, draws = self._draws.calls, self._draws
        return Outcome(
            received_s=calls.received_s, answered_s=draws.answered_s, opened_s=draws.opened_s,
            offered_s=self._offered_s, en_route_s=self._en_route_s, on_scene_s=self._on_scene_s,
            unit=self._first, level=calls.level, lat=calls.lat, lon=calls.lon, area=self._area, waited=self._waited,
            duty_s=self._duty_s, busy_s=self._busy_s, events=events, seconds=time.perf_counter() - began,
            moves=self._moves, road_s=self._road_s,
        )  # fmt: skip

    # --- deciding -----------------------------------------------------------------------------------------------

    def _decide(self, call: int) -> None:
        """Send as many units as are still missing, the best by the policy; what is missing then waits."""
        if self._resolved[call] or self._needed[call] <= self._serving[call]:
            return
        able, order, eta_s = self.ranked(call)
        ranked = bool(len(order))
        if call in self._tried:
            asked, again = self._tried[call], self.now - ASK_AGAIN_S
            order = np.array([i for i in order.tolist() if asked.get(int(able[i]), -np.inf) <= again], np.int64)
        missing = self._needed[call] - self._serving[call]
        if not len(order):
            self._wait(call, missing, ranked)
            return
        chosen = sorted((int(able[i]), float(eta_s[i])) for i in order[:missing].tolist())
        left = [self._send(unit, call, seconds) for unit, seconds in chosen]
        if self._needed[call] > self._serving[call]:
            self._wait(call, self._needed[call] - self._serving[call], True)
        elif self._waiting.pop(call, None) and self._journal:
            self._journal.incident(self.now, "incident.waiting_ended", call, reason=None)
        for other in left:
            if other is not None:
                self._decide(other)

    def ranked(self, call: int) -> tuple[Ints, Ints, Floats]:
        """The units that may go, in which order (places in the first array), and their ETAs: by the live rules."""
        territory, business, preempt = self._kinds[self._kind[call]]
        may = self._free
        if preempt:
            moving = (self._doing == COMMITTED) | (self._doing == EN_ROUTE)
            may = may | (moving & self._on & (self._level_of > self._level[call]))
        able = may.nonzero()[0]
        taken = self._doing[able] != FREE if preempt else self._never[: len(able)]
        eta_s, air_m = self._etas(call, able)
        field = Field(eta_s, air_m, territory[able], business[able], self._zeros[: len(able)], taken)
        coverage = self._coverage(able, self._home_at[able] > self.now) if self._covering else None
        return able, ranking(field, self._settings, coverage), eta_s

    def _etas(self, call: int, able: Ints) -> tuple[Floats, Floats]:
        """Seconds by road from where each unit is; metres by air only where the policy looks at them."""
        place, hour = self._place[call], self._hours.of_week(self.now)
        posts = self._post[able]
        ground, by_air = self._ground, self._settings.policy == "nearest_by_air"
        ms = ground.from_posts_ms(place)[posts]
        air_m = ground.from_posts_air_m(place)[posts] if by_air else self._zeros[: len(able)]
        away = (self._home_at[able] > self.now).nonzero()[0]
        if len(away):
            spots = [self._where(unit) for unit in able[away].tolist()]
            ms[away] = ground.from_spots_ms(spots, place)
            if by_air:
                air_m[away] = [distance_m(ground.ways.on(spot).point, ground.places[place]) for spot in spots]
        return ms / 1000 / ground.roads.speeds.hour_factor[hour], air_m

    def _coverage(self, units: Ints, away: NDArray[np.bool_]) -> Coverage:
        """What these units cover: those that are away from where they are, the others from their posts."""
        at = self._force.demand_of_post[self._post[units]]
        if away.any():
            points = [self._ground.ways.on(self._where(unit)).point for unit in units[away].tolist()]
            at[away] = self._force.demand.nearest(points)
        return Coverage(self._force.demand, at, self._free[units])

    def _send(self, unit: int, call: int, eta_s: float) -> int | None:
        """Bind the unit to the call; returns the call it was taken from, which must be decided again."""
        left = None
        if (before := self._job[unit]) is not None:
            left = before.call
            self._release(before, "preempted")
        spare = self._spare.get(call)
        slot = spare.pop() if spare else self._sent[call]
        if slot == self._sent[call]:
            self._sent[call] += 1
        self._halt(unit)
        job = Job(self._jobs, call, unit, slot % SLOTS, self.now, eta_s)
        self._jobs += 1
        self._job[unit] = job
        self._free[unit] = False
        self._doing[unit] = COMMITTED
        self._level_of[unit] = self._level[call]
        self._serving[call] += 1
        self._at(self.now + float(self._turnout[call, job.slot]), OFFICER, SET_OUT, job)
        if self._journal:
            self._journal.offered(self.now, job, self._force.codes[unit], self._settings.offer_timeout_s)
        return left

    def _wait(self, call: int, missing: int, candidates: bool) -> None:
        if call not in self._waiting:
            self._waited[call] = True
            self._waiting[call] = (self._level[call], self.now, call)
            if self._journal:
                reason = {"code": "all_units_asked" if candidates else "no_unit_free", "params": {"missing": missing}}
                self._journal.incident(self.now, "incident.waiting", call, reason=reason)
        if candidates:
            self._at(self.now + ASK_AGAIN_S, CALLER, DECIDE, call)

    def _wake(self) -> None:
        """A unit is free: the most urgent who wait are decided again, longest waiting first."""
        if self._waiting:
            for _, _, call in heapq.nsmallest(WAKE, self._waiting.values()):
                self._decide(call)

    # --- a unit's work ------------------------------------------------------------------------------------------

    def _set_out(self, job: Job) -> None:
        if not job.running:
            return
        factors = self._ground.roads.speeds.hour_factor
        job.en_route_s = self.now
        # The road time was said for the hour of the offer; it is driven at that of the departure.
        road_s = job.road_s * factors[self._hours.of_week(job.offered_s)] / factors[self._hours.of_week(self.now)]
        draws = self._draws
        job.travel_s = float(draws.extra_s[job.call]) + road_s * float(draws.slow[job.call, job.slot])
        self._doing[job.unit] = EN_ROUTE
        self._at(self.now + job.travel_s, OFFICER, ARRIVE, job)
        if self._journal:
            self._journal.step(self.now, "en_route", job, self._force.codes[job.unit])

    def _arrive(self, job: Job) -> None:
        if not job.running:
            return
        call, unit = job.call, job.unit
        self._road_s += job.travel_s
        self._spot[unit] = self._ground.snaps[self._place[call]]
        self._doing[unit] = ON_SCENE
        if self._first[call] < 0:
            self._first[call] = unit
            self._offered_s[call], self._en_route_s[call] = job.offered_s, job.en_route_s
            self._on_scene_s[call] = self.now
        self._at(self.now + float(self._stay[call, job.slot]), OFFICER, CLEAR, job)
        if self._journal:
            self._journal.step(self.now, "on_scene", job, self._force.codes[unit])

    def _clear(self, job: Job) -> None:
        """The last unit of those sent ends the incident, also when not as many came as were wanted."""
        call, unit = job.call, job.unit
        self._cleared[call] += 1
        if self._cleared[call] == self._serving[call]:
            self._resolved[call] = True
            self._waiting.pop(call, None)
        if self._journal:
            self._journal.cleared(self.now, job, self._force.codes[unit], self._resolved[call])
        self._end(job)
        if self._move_up and self._free[unit]:
            self._choose_post(unit)
        self._go_home(unit)
        if self._break_due[unit] and self._free[unit]:
            self._begin_break(unit)
        if self._free[unit]:
            self._wake()

    def _end(self, job: Job) -> None:
        """The unit is bound no longer."""
        job.running = False
        self._job[job.unit] = None
        self._busy_s[job.unit] += self.now - job.offered_s
        self._doing[job.unit] = FREE
        self._level_of[job.unit] = -1
        self._look(job.unit)

    def _release(self, job: Job, reason: str) -> None:
        """Take the unit from a call that it has not reached; the call has to be decided again."""
        unit, call = job.unit, job.call
        self._spot[unit] = self._ground.ways.on(self._where(unit))
        if self._doing[unit] == EN_ROUTE:
            self._road_s += self.now - job.en_route_s
        self._end(job)
        self._serving[call] -= 1
        self._spare.setdefault(call, []).append(job.slot)
        self._tried.setdefault(call, {})[unit] = self.now
        if self._journal:
            self._journal.step(self.now, "released", job, self._force.codes[unit], reason=reason)

    # --- where units are ----------------------------------------------------------------------------------------

    def _where(self, unit: int) -> Spot:
        if self._home_at[unit] <= self.now:
            snap = self._ground.post_snaps[self._post[unit]]
        elif (trip := self._trip[unit]) is not None:
            left = self._left_at[unit]
            return trip.after(trip.ms * (self.now - left) / (float(self._home_at[unit]) - left))
        else:
            snap, job = self._spot[unit], self._job[unit]
            if job is not None and self._doing[unit] == EN_ROUTE and job.travel_s > 0:
                share = (self.now - job.en_route_s) / job.travel_s
                snap = self._ground.part_way(snap, self._place[job.call], share)
        return snap.edge, snap.fraction

    def _halt(self, unit: int) -> None:
        """It stands where it is now."""
        if self._home_at[unit] <= self.now:
            self._spot[unit] = self._ground.post_snaps[self._post[unit]]
        elif self._trip[unit] is not None:
            self._spot[unit] = self._ground.ways.on(self._where(unit))
            self._road_s -= float(self._home_at[unit]) - self.now
        self._home_at[unit], self._trip[unit] = np.inf, None

    def _go_home(self, unit: int) -> None:
        """Drive to the post from where it stands; free on the way. Where no road leads, it stays."""
        trip = Trip(self._ground.ways.towards(self._ground.post_snaps[self._post[unit]]), self._spot[unit])
        if trip.ms == np.inf:
            return
        factor = self._ground.roads.speeds.hour_factor[self._hours.of_week(self.now)]
        seconds = self._drive.scale * trip.ms / 1000 / factor
        self._trip[unit], self._left_at[unit], self._home_at[unit] = trip, self.now, self.now + seconds
        self._road_s += seconds

    def _choose_post(self, unit: int) -> None:
        """Move-up: the unit that has just become free waits where it adds most to the coverage."""
        idle = np.flatnonzero(self._free)
        self._post[unit] = self._force.posts[unit]
        at = self._force.demand_of_post[self._post[idle]]  # who is on the way to a post counts as there
        move = worthwhile(Coverage(self._force.demand, at, self._free[idle]), idle == unit)
        if move is not None:
            self._post[unit] = self._ground.post_of[self._force.demand.places[move.post]]
            self._moves += 1

    # --- duties, breaks, breakdowns -----------------------------------------------------------------------------

    def _look(self, unit: int) -> None:
        """Whether the unit may be sent now."""
        self._free[unit] = self._on[unit] and not self._out[unit] and self._doing[unit] == FREE

    def _begin_duty(self, unit: int) -> None:
        self._on[unit] = True
        self._look(unit)
        self._wake()

    def _end_duty(self, unit: int) -> None:
        """It finishes what it is doing and gets nothing new."""
        self._on[unit] = False
        self._break_due[unit] = False
        self._look(unit)

    def _break(self, unit: int) -> None:
        self._break_due[unit] = True
        if self._free[unit]:
            self._begin_break(unit)

    def _begin_break(self, unit: int) -> None:
        self._break_due[unit] = False
        self._stop(unit, self._conditions.break_s)

    def _stop(self, unit: int, seconds: float) -> None:
        self._out[unit] += 1
        self._look(unit)
        self._at(self.now + seconds, HOUSE, BACK, unit)

    def _back(self, unit: int) -> None:
        self._out[unit] -= 1
        self._look(unit)
        if self._free[unit]:
            self._wake()

    def _break_down(self, unit: int) -> None:
        """At a scene it finishes first; on its way somebody else must go. Afterwards it starts from its post."""
        job = self._job[unit]
        self._stop(unit, self._conditions.repair_s)
        if self._doing[unit] == ON_SCENE:
            return
        if job is not None:
            self._release(job, "broken_down")
        self._post[unit] = self._force.posts[unit]
        self._halt(unit)
        self._home_at[unit] = self.now
        if job is not None:
            self._decide(job.call)
