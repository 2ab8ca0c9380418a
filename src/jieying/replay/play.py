"""Recorded calls through the real platform, with a clock that is moved by hand from event to event.

What happens is ordered by (time, priority, number): first what officers do, then what callers and call-takers do, then
housekeeping; whatever the platform itself has due is done after each event, and at its own times between them. The
replay learns what the platform decided as a console does: by reading the journal.
"""

import heapq
import time
from collections import Counter, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from statistics import median
from typing import Any

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.dispatch.rules import plan_for
from jieying.journal import store as journal
from jieying.journal.model import Entry
from jieying.kit.clock import ManualClock
from jieying.kit.geo import Point
from jieying.replay.calls import Call, UnitRecord
from jieying.replay.console import Console
from jieying.replay.fleet import Fleet

OFFICER, CALLER, HOUSE = 0, 1, 2  # priorities
HOUSEKEEPING = timedelta(minutes=10)
# So long after the last thing that happened, an incident that nobody can be sent to is given up.
GIVE_UP = timedelta(hours=24)
OTHER = "other"  # outcome of a recorded disposition that the pack does not have

Act = Callable[[], Awaitable[None]]


@dataclass
class Job:
    """A unit's work on a call. `record` is the recorded unit whose time on scene it takes over."""

    case: "Case"
    id: str
    unit: str
    record: UnitRecord | None
    ended: bool = False


@dataclass
class Case:
    """A call on its way through the platform. `records`: recorded units whose part nobody has taken over yet."""

    call: Call
    records: deque[UnitRecord] = field(default_factory=deque)
    report: str = ""
    incident: str = ""
    point: Point | None = None
    jobs: list[Job] = field(default_factory=list)
    closed: bool = False

    @property
    def needed(self) -> int:
        """As many units as reached the call by the record, and at least one."""
        return max(1, len(self.call.arrived))


class Replay:
    """One run. `tell` is called with each call that is closed."""

    def __init__(self, platform: Platform, console: Console, calls: list[Call], tell: Callable[[], None]) -> None:
        clock = platform.site.clock
        if not isinstance(clock, ManualClock):
            raise ValueError("a replay needs a clock that is moved by hand")
        self._clock, self._platform, self._console, self._tell = clock, platform, console, tell
        self._site, self._pack = platform.site, platform.site.pack
        self._fleet = Fleet(self._pack, platform.city.roads)
        self.cases = [Case(call, deque(call.arrived)) for call in calls]
        self.counts: Counter[str] = Counter()
        self._turnout_s = _median(call.turnout_s for call in calls)
        self._stay_s = _median(unit.stay_s for call in calls for unit in call.units)
        self._outcomes = {name.en: code for code, name in self._pack.outcomes.items()}
        self._events: list[tuple[datetime, int, int, Act]] = []
        self._number = 0
        self._of_report: dict[str, Case] = {}
        self._of_incident: dict[str, Case] = {}
        self._jobs: dict[str, Job] = {}
        self._waiting: set[str] = set()  # incidents without a free unit
        self._open = len(calls)

    async def run(self) -> None:
        """Play all calls to their ends."""
        async with self._site.db.transaction() as connection:
            self._position = await journal.end_position(connection)
        for case in self.cases:
            self._at(case.call.received, CALLER, partial(self._ring, case))
            self._at(case.call.entry, CALLER, partial(self._describe, case))
        self._at(self._clock.now() + HOUSEKEEPING, HOUSE, self._keep_house)
        self._last = self._clock.now()
        due = await self._settle()
        while self._open and self._clock.now() <= self._last + GIVE_UP:
            if self._events and (due is None or self._events[0][0] <= due):
                moment, priority, _, act = heapq.heappop(self._events)
                self._clock.move_to(moment)
                if priority != HOUSE:
                    self._last = moment
                await act()
            elif due is None or due <= self._clock.now():
                raise RuntimeError(f"nothing moves on at {self._clock.now()}: due {due}")
            else:
                self._clock.move_to(due)
            due = await self._settle()

    def _at(self, moment: datetime, priority: int, act: Act) -> None:
        self._number += 1
        heapq.heappush(self._events, (moment, priority, self._number, act))

    def _in(self, seconds: float, act: Act) -> None:
        self._at(self._clock.now() + timedelta(seconds=seconds), OFFICER, act)

    async def _settle(self) -> datetime | None:
        """Let the platform do what is due and react to what it decided, until all is done; when it is due next."""
        while True:
            began = time.perf_counter()
            due = await self._platform.run_due()
            ran = time.perf_counter()
            async with self._site.db.transaction() as connection:
                entries = await journal.read_after(connection, self._position, 1000)
                # The database's own upkeep may hold back the newest entries for a moment.
                behind = not await journal.is_quiet(connection)
            self._console.spent["platform.run_due"].append(ran - began)
            self._console.spent["replay.look"].append(time.perf_counter() - ran)
            if entries:
                self._position = entries[-1].position
            acted = False
            for entry in entries:
                acted = await self._react(entry) or acted
            if not acted and not behind:
                return due

    async def _react(self, entry: Entry) -> bool:
        """Follow what the journal tells; True when something was done that the platform may react to."""
        case = self._of_incident.get(str(entry.incident))
        match entry.kind:
            case "incident.opened":
                return await self._opened(self._of_report[entry.data["report"]], entry)
            case "report.handed_to_person":
                await self._open_by_hand(self._of_report[entry.subject], entry)
                return True
            case "assignment.offered" if case:
                self._waiting.discard(case.incident)
                await self._offered(case, entry.data["assignment"], entry.data["unit"])
                return True
            case "assignment.released" | "assignment.expired" | "assignment.withdrawn":
                self._left(entry.data["assignment"], str(entry.data["reason"]))
            case "incident.waiting":
                self.counts["waited"] += 1
                self._waiting.add(str(entry.incident))
            case "incident.closed" if case:
                case.closed = True
                self._open -= 1
                self._tell()
        return False

    # --- the caller and the call-taker ----------------------------------------------------------------------

    async def _ring(self, case: Case) -> None:
        call = case.call
        body = {
            "channel": "phone",
            "words": f"{call.type}, {call.address}",
            "position": {"lat": call.point.lat, "lon": call.point.lon, "accuracy_m": 10},
        }
        taken = await self._console.post(Role.GATEWAY, "report", "/api/reports", body)
        case.report = taken["id"]
        self._of_report[case.report] = case

    async def _describe(self, case: Case) -> None:
        """Answer and write down, with category and level as a person decided them."""
        await self._send_positions(list(self._pack.units))
        call = case.call
        body = {
            "words": f"{call.type}, {call.address}",
            "position": {"lat": call.point.lat, "lon": call.point.lon},
            "category": call.category,
            "level": str(call.level),
        }
        await self._console.post(Role.CALL_TAKER, "describe", f"/api/reports/{case.report}/describe", body)

    async def _open_by_hand(self, case: Case, entry: Entry) -> None:
        """The steps could not settle the report: the call-taker opens the incident at the caller's position."""
        self.counts[f"by_hand.{entry.data['reason']['code']}"] += 1
        call = case.call
        body = {
            "category": call.category,
            "level": str(call.level),
            "position": {"lat": call.point.lat, "lon": call.point.lon},
            "place": call.address,
        }
        await self._console.post(Role.CALL_TAKER, "open", f"/api/reports/{case.report}/open", body)

    # --- the dispatcher and the officers --------------------------------------------------------------------

    async def _opened(self, case: Case, entry: Entry) -> bool:
        """Ask for as many units as the record shows, whatever the plan says."""
        case.incident = str(entry.incident)
        self._of_incident[case.incident] = case
        planned = plan_for(self._pack, case.call.category, case.call.level).units
        if planned == case.needed:
            return False
        self.counts["amended"] += 1
        await self._console.post(
            Role.DISPATCHER, "amend", f"/api/incidents/{case.incident}/amend", {"units": case.needed}
        )
        return True

    async def _offered(self, case: Case, assignment: str, unit: str) -> None:
        if len([job for job in case.jobs if not job.ended]) >= case.needed:
            self.counts["declined"] += 1
            await self._step(assignment, "decline")
            return
        job = Job(case, assignment, unit, case.records.popleft() if case.records else None)
        case.jobs.append(job)
        self._jobs[assignment] = job
        self.counts["assignments"] += 1
        self._fleet.stop(unit, self._clock.now())
        shown = await self._step(assignment, "accept")
        case.point = Point(shown["lat"], shown["lon"])
        turnout_s = case.call.turnout_s
        if turnout_s is None:
            self.counts["turnout_median"] += 1
        self._in(self._turnout_s if turnout_s is None else turnout_s, partial(self._set_out, job))

    async def _step(self, assignment: str, step: str) -> Any:
        return await self._console.post(Role.DISPATCHER, step, f"/api/assignments/{assignment}/{step}", {})

    def _left(self, assignment: str, reason: str) -> None:
        """The platform took the unit away: another one will take over its part."""
        job = self._jobs.pop(assignment, None)
        if job is not None:
            self.counts[f"left.{reason}"] += 1
            job.ended = True
            job.case.jobs.remove(job)
            if job.record:
                job.case.records.appendleft(job.record)
            self._fleet.stop(job.unit, self._clock.now())

    async def _set_out(self, job: Job) -> None:
        if job.ended:
            return
        await self._step(job.id, "en-route")
        assert job.case.point is not None
        self._in(self._fleet.drive(job.unit, job.case.point, self._clock.now()), partial(self._arrive, job))

    async def _arrive(self, job: Job) -> None:
        if job.ended:
            return
        await self._step(job.id, "on-scene")
        stay_s = job.record.stay_s if job.record else None
        if stay_s is None:
            self.counts["stay_median"] += 1
        self._in(self._stay_s if stay_s is None else stay_s, partial(self._leave, job))

    async def _leave(self, job: Job) -> None:
        """Clear; the last unit at the call says what was found, and the incident is closed without a call-back."""
        job.ended = True
        case = job.case
        last = all(other.ended for other in case.jobs)
        if self._waiting:  # it may be sent on at once
            await self._send_positions([job.unit])
        if last:
            found = case.call.disposition
            body = {"outcome": self._outcome(found), "notes": found}
            await self._console.post(Role.DISPATCHER, "resolve", f"/api/incidents/{case.incident}/resolve", body)
        await self._step(job.id, "clear")
        self._fleet.go_home(job.unit, self._clock.now())
        if last:
            body = {"call_back": "not_wanted"}
            await self._console.post(Role.DISPATCHER, "close", f"/api/incidents/{case.incident}/close", body)

    def _outcome(self, disposition: str) -> str:
        codes = self._pack.outcomes
        return self._outcomes.get(disposition) or (OTHER if OTHER in codes else next(iter(codes)))

    # --- devices and housekeeping ---------------------------------------------------------------------------

    async def _send_positions(self, units: list[str]) -> None:
        """What the devices send every few seconds, sent when it may matter: before a decision."""
        now = self._clock.now()
        points = {unit: self._fleet.where(unit, now) for unit in units}
        body = {
            "positions": [{"unit": u, "lat": p.lat, "lon": p.lon, "at": now.isoformat()} for u, p in points.items()]
        }
        await self._console.post(Role.GATEWAY, "positions", "/api/positions", body)

    async def _keep_house(self) -> None:
        await self._platform.keep_house()
        self._at(self._clock.now() + HOUSEKEEPING, HOUSE, self._keep_house)


def _median(values: Any) -> float:
    known = [value for value in values if value is not None]
    return median(known) if known else 0.0
