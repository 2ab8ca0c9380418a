"""Clocks on every stage and the ladder that is climbed when one runs out. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jieying.citypack.model import STAGES, CityPack, Level, OrgKind, Targets

# stage: what starts its clock, what stops it (the times of words.md); "answer" belongs to the report.
STARTS = {
    "answer": "received_at",
    "offer": "opened_at",
    "accept": "offered_at",
    "arrive": "received_at",
    "resolve": "on_scene_at",
}
STOPS = {
    "answer": "answered_at",
    "offer": "offered_at",
    "accept": "accepted_at",
    "arrive": "on_scene_at",
    "resolve": "resolved_at",
}


@dataclass(frozen=True)
class ClockView:
    """A target on a stage as it stands at a moment: running, met or breached."""

    stage: str
    due_at: datetime
    target_s: int
    state: str
    stopped_at: datetime | None


def begun_at(times: Mapping[str, Any], stage: str) -> datetime | None:
    """When the clock of a stage began; on an incident that was reopened, what is still to be done begins anew."""
    begun: datetime | None = times[STARTS[stage]]
    reached: datetime | None = times[STOPS[stage]]
    reopened: datetime | None = times.get("reopened_at")
    if begun is None or reopened is None or (reached is not None and reached < reopened):
        return begun
    return max(begun, reopened)


def due_at(stage: str, level: Level, started: datetime, targets: Targets) -> datetime:
    return started + timedelta(seconds=targets.seconds[level][stage])


def clocks_of(times: Mapping[str, Any], level: Level, targets: Targets, now: datetime) -> list[ClockView]:
    """The clocks of an incident by its times; a stage that has not begun has none."""
    clocks = []
    for stage in STAGES:
        started, stopped = begun_at(times, stage), times[STOPS[stage]]
        if started is None:
            continue
        due = due_at(stage, level, started, targets)
        over = (stopped or now) > due
        state = "breached" if over else "met" if stopped else "running"
        clocks.append(ClockView(stage, due, targets.seconds[level][stage], state, stopped))
    return clocks


def top(pack: CityPack) -> str:
    """The organisation that answers for what has no area yet: the city."""
    cities = [org.code for org in pack.orgs.values() if org.kind is OrgKind.CITY]
    return cities[0] if cities else next(iter(pack.orgs))


@dataclass(frozen=True)
class Told:
    """Who is told: everybody of the role in the organisation."""

    role: str
    org: str


def rung_of(pack: CityPack, rung: int, org: str) -> tuple[Told, int] | None:
    """Whom rung `rung` (from 0) tells about something of `org`, and how many seconds after the clock ran out.

    None above the top. Where the tree lacks the rung's kind, the next higher organisation is told.
    """
    ladder = pack.targets.ladder
    if rung >= len(ladder):
        return None
    step = ladder[rung]
    return whom(pack, step.role, step.org_kind, org), step.after_s


def whom(pack: CityPack, role: str, kind: OrgKind, org: str) -> Told:
    """The role in the organisation of that kind above `org`, or in the next higher one where there is none."""
    kinds, above = list(OrgKind), pack.orgs_above(org)  # highest first; nearest first
    high_enough = (o for o in above if kinds.index(o.kind) <= kinds.index(kind))
    return Told(role, next(high_enough, above[-1]).code)
