"""The five intervals (NFPA 1225, 1710) as recorded and as the platform achieved them, over the same calls."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel

from jieying.citypack.model import Targets
from jieying.replay.calls import Call
from jieying.supervise.intervals import INTERVALS

FIVE_MINUTES_S = 300.0


class Times(NamedTuple):
    """Seconds of one call, of the unit that arrived first; None where a time is missing."""

    answer: float | None = None
    processing: float | None = None
    turnout: float | None = None
    travel: float | None = None
    response: float | None = None


class Interval(BaseModel):
    """`within_target`: share of the calls that kept the pack's target of their level; None without a target."""

    n: int
    p50_s: float | None
    p90_s: float | None
    within_target: float | None


def recorded_times(call: Call) -> Times:
    """As the record has it; empty for a call that no unit reached."""
    if not call.arrived:
        return Times()
    first = call.arrived[0]
    return _times(call.received, call.entry, first.dispatch, first.response, first.on_scene)


def achieved_times(incident: dict[str, Any]) -> Times:
    """As the platform has it, from its own view of the incident; empty when no unit has arrived."""
    arrived = [a for a in incident["assignments"] if a["on_scene_at"]]
    if not arrived:
        return Times()
    first = min(arrived, key=lambda a: (_moment(a["on_scene_at"]), a["unit"]))
    moments = (
        incident["received_at"], incident["answered_at"],
        first["offered_at"], first["en_route_at"], first["on_scene_at"],
    )  # fmt: skip
    return _times(*(_moment(value) for value in moments))


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def _times(*moments: datetime | None) -> Times:
    """From the five moments received, answered, offered, en route and on scene."""
    received, answered, offered, en_route, on_scene = moments

    def between(start: datetime | None, end: datetime | None) -> float | None:
        return (end - start).total_seconds() if start and end else None

    return Times(
        between(received, answered), between(answered, offered), between(offered, en_route),
        between(en_route, on_scene), between(received, on_scene),
    )  # fmt: skip


def compare(calls: Sequence[Call], achieved: Sequence[Times], targets: Targets) -> dict[str, dict[str, Interval]]:
    """`recorded` and `achieved`: each interval over the calls of which the record has it."""
    recorded = [recorded_times(call) for call in calls]
    found: dict[str, dict[str, Interval]] = {"recorded": {}, "achieved": {}}
    for place, name in enumerate(Times._fields):
        stage = INTERVALS[name][2]
        limits = [targets.seconds[call.level][stage] if stage else None for call in calls]
        for side, times in (("recorded", recorded), ("achieved", achieved)):
            pairs = zip(recorded, times, limits, strict=True)
            found[side][name] = _interval((t[place], limit) for r, t, limit in pairs if r[place] is not None)
    return found


def _interval(given: Iterable[tuple[float | None, int | None]]) -> Interval:
    known = [(seconds, limit) for seconds, limit in given if seconds is not None]
    if not known:
        return Interval(n=0, p50_s=None, p90_s=None, within_target=None)
    p50, p90 = np.percentile([seconds for seconds, _ in known], [50, 90])
    kept = [seconds <= limit for seconds, limit in known if limit is not None]
    share = round(float(np.mean(kept)), 4) if kept else None
    return Interval(n=len(known), p50_s=round(float(p50), 1), p90_s=round(float(p90), 1), within_target=share)


def within_five_minutes(times: Iterable[Times]) -> float | None:
    """Share of the calls whose first unit arrived within 300 s of the call."""
    known = [one.response <= FIVE_MINUTES_S for one in times if one.response is not None]
    return round(sum(known) / len(known), 4) if known else None
