"""Intervals as NFPA 1225 and 1710 name them, of incidents received since a moment; percentiles, never a mean alone."""

from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import ColumnElement, Float, case, cast, func, null, select
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Targets
from jieying.incidents.tables import incident, report
from jieying.journal.actions import Site
from jieying.kit.ids import first_id

# name: (from, to, the stage whose target it is held against, None where the pack sets none)
INTERVALS: dict[str, tuple[str, str, str | None]] = {
    "answer": ("received_at", "answered_at", "answer"),
    "processing": ("answered_at", "offered_at", "offer"),
    "turnout": ("offered_at", "en_route_at", None),
    "travel": ("en_route_at", "on_scene_at", None),
    "response": ("received_at", "on_scene_at", "arrive"),
}


class Interval(BaseModel):
    """`within_target`: share of those that kept the target of their level; None without a target or a count."""

    n: int
    p50_s: float | None
    p90_s: float | None
    p95_s: float | None
    within_target: float | None


class Counts(BaseModel):
    reports: dict[str, int]
    incidents: dict[str, int]


def _target(targets: Targets, stage: str) -> ColumnElement[float]:
    """The target of a stage for the level of each incident."""
    return case({str(level): float(s[stage]) for level, s in targets.seconds.items()}, value=incident.c.level)


async def intervals(site: Site, connection: AsyncConnection, since: datetime, org_path: str) -> dict[str, Interval]:
    """The five intervals over incidents that an organisation answers for; seconds."""
    found = {}
    for name, (start, end, stage) in INTERVALS.items():
        seconds = func.extract("epoch", incident.c[end] - incident.c[start])
        kept = case((seconds <= _target(site.pack.targets, stage), 1.0), else_=0.0) if stage else null()
        query = select(
            func.count().label("n"),
            func.percentile_cont(0.5).within_group(seconds).label("p50_s"),
            func.percentile_cont(0.9).within_group(seconds).label("p90_s"),
            func.percentile_cont(0.95).within_group(seconds).label("p95_s"),
            func.avg(cast(kept, Float)).label("within_target"),
        ).where(
            incident.c.region == site.region,
            incident.c.id >= first_id(since),
            incident.c.org_path.startswith(org_path, autoescape=True),
            incident.c[start].is_not(None),
            incident.c[end].is_not(None),
        )
        row = (await connection.execute(query)).one()
        found[name] = Interval(
            n=row.n, **{key: _rounded(row._mapping[key]) for key in Interval.model_fields if key != "n"}
        )
    return found


def _rounded(value: Any) -> float | None:
    return None if value is None else round(float(value), 4)


async def counts(site: Site, connection: AsyncConnection, since: datetime, org_path: str) -> Counts:
    """Reports (of the whole city) and incidents (of the organisation) by state; `waiting`: for a person."""
    bound: UUID = first_id(since)
    reports = await connection.execute(
        select(report.c.state, func.count(), func.count(report.c.needs_person))
        .where(report.c.region == site.region, report.c.id >= bound)
        .group_by(report.c.state)
    )
    by_state = {"waiting": 0}
    for state, number, waiting in reports:
        by_state[state] = number
        by_state["waiting"] += waiting
    incidents = await connection.execute(
        select(incident.c.state, func.count())
        .where(
            incident.c.region == site.region,
            incident.c.id >= bound,
            incident.c.org_path.startswith(org_path, autoescape=True),
        )
        .group_by(incident.c.state)
    )
    return Counts(reports=by_state, incidents={row[0]: row[1] for row in incidents})
