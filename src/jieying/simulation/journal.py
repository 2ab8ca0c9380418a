"""The journal of a simulated replication: the platform's kinds and data, so that one analysis reads both.

What only people say (reasons of a candidate, notes of an outcome) is empty here.
"""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack, Level
from jieying.simulation.draws import Draws

if TYPE_CHECKING:
    from jieying.simulation.play import Job

ACTOR = "simulator"
_REPORT, _INCIDENT, _ASSIGNMENT = 1 << 96, 2 << 96, 3 << 96  # ids are numbers, the same in every run


class Journal:
    """Collects entries; `write` puts them in the order of time."""

    def __init__(self, pack: CityPack, draws: Draws, areas: Iterable[int]) -> None:
        self._start = draws.calls.start
        self.entries: list[dict[str, Any]] = []
        zone = ZoneInfo(pack.timezone)
        calls, levels = draws.calls, list(Level)
        for call, area in enumerate(areas):
            report, received_s = str(UUID(int=_REPORT + call)), float(calls.received_s[call])
            answered_s, opened_s = float(draws.answered_s[call]), float(draws.opened_s[call])
            self._add(received_s, "report.received", "report", report, None, channel="phone")
            self._add(answered_s, "report.answered", "report", report, None, channel="phone")
            self._add(opened_s, "report.described", "report", report, None)
            local = (self._start + timedelta(seconds=opened_s)).astimezone(zone)
            self.incident(
                opened_s, "incident.opened", call,
                number=f"{local:%y%m%d}-{call:06d}", category=calls.categories[calls.category[call]],
                level=str(levels[calls.level[call]]), area=pack.areas[area].code if area >= 0 else None,
                org=pack.areas[area].org if area >= 0 else None, report=report, channel="phone",
                received_at=self._moment(received_s),
            )  # fmt: skip
            self._add(opened_s, "report.linked", "report", report, call)

    def incident(self, now: float, kind: str, call: int, **data: Any) -> None:
        self._add(now, kind, "incident", str(UUID(int=_INCIDENT + call)), call, **data)

    def offered(self, now: float, job: "Job", unit: str, timeout_s: int) -> None:
        self.step(
            now, "offered", job, unit,
            eta_s=round(job.road_s, 1), score=None, expires_at=self._moment(now + timeout_s), reasons=[],
        )  # fmt: skip
        self.step(now, "accepted", job, unit)

    def step(self, now: float, step: str, job: "Job", unit: str, **data: Any) -> None:
        assignment = str(UUID(int=_ASSIGNMENT + job.number))
        self.incident(now, f"assignment.{step}", job.call, assignment=assignment, unit=unit, **data)

    def cleared(self, now: float, job: "Job", unit: str, last: bool) -> None:
        """The last unit of an incident says what was found."""
        if last:
            self.incident(now, "incident.outcome", job.call, outcome=None)
        self.step(now, "cleared", job, unit)
        if last:
            self.incident(now, "incident.resolved", job.call, outcome=None)
            self.incident(now, "incident.closed", job.call, call_back="not_wanted")

    def _add(self, now: float, kind: str, subject_kind: str, subject: str, call: int | None, **data: Any) -> None:
        incident = None if call is None else str(UUID(int=_INCIDENT + call))
        self.entries.append(
            {
                "at": self._moment(now), "kind": kind, "subject_kind": subject_kind, "subject": subject,
                "incident": incident, "actor": ACTOR, "data": data,
            }
        )  # fmt: skip

    def _moment(self, seconds: float) -> str:
        return (self._start + timedelta(seconds=seconds)).isoformat()

    def write(self, file: Path) -> None:
        """One JSON object a line, in the order of time; what happened at one moment in the order it happened."""
        lines = [json.dumps(e, ensure_ascii=False) for e in sorted(self.entries, key=lambda entry: entry["at"])]
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
