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


def due_at(stage: str, level: Level, started: datetime, targets: Targets) -> datetime:
    return started + timedelta(seconds=targets.seconds[level][stage])


def clocks_of(times: Mapping[str, Any], level: Level, targets: Targets, now: datetime) -> list[ClockView]:
    """The clocks of an incident by its times; a stage that has not begun has none."""
    clocks = []
    for stage in STAGES:
        started, stopped = times[STARTS[stage]], times[STOPS[stage]]
        if started is None:
            continue
        due = due_at(stage, level, started, targets)
        over = (stopped or now) > due
        state = "breached" if over else "met" if stopped else "running"
        clocks.append(ClockView(stage, due, targets.seconds[level][stage], state))
    return clocks


@dataclass(frozen=True)
class Told:
    """Whom a rung tells: everybody of the role in the organisation."""

    role: str
    org: str


def rung_of(pack: CityPack, rung: int, org: str) -> tuple[Told, int | None] | None:
    """Whom rung `rung` (from 0) tells about something of `org`, and the seconds until the next; None above the top."""
    ladder = pack.targets.ladder
    if rung >= len(ladder):
        return None
    step = ladder[rung]
    above = pack.orgs_above(org)
    told = next((o for o in above if o.kind is OrgKind(step.org_kind)), above[-1])
    following = ladder[rung + 1].after_s if rung + 1 < len(ladder) else None
    return Told(step.role, told.code), following
