"""Clocks are started and stopped by what the journal tells; one that runs out climbs the ladder."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level, OrgKind
from jieying.incidents import store as incidents
from jieying.journal.actions import SYSTEM, Site, record
from jieying.journal.model import Entry
from jieying.kit.ids import new_id
from jieying.supervise import store
from jieying.supervise.rules import STARTS, STOPS, due_at, rung_of

# Reports have no level before they are understood: the answer is due as for the most urgent.
UNKNOWN_LEVEL = Level.RED

# What ends all clocks of an incident.
_OVER = {"incident.closed", "incident.merged", "incident.diverted"}
# What can start or stop a clock of an incident: then its times are read.
_MOVED = {
    "incident.opened",
    "incident.amended",
    "incident.reopened",
    "incident.resolved",
    "assignment.offered",
    "assignment.accepted",
    "assignment.on_scene",
}


def _top(site: Site) -> str:
    """The organisation that answers for reports that have no area yet: the city."""
    cities = [org.code for org in site.pack.orgs.values() if org.kind is OrgKind.CITY]
    return cities[0] if cities else next(iter(site.pack.orgs))


async def follow(site: Site, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Subscriber of the journal: set the clocks that these entries start or stop."""
    stopped: list[tuple[str, UUID, str]] = []
    started: list[dict[str, Any]] = []
    for entry in entries:
        if entry.kind == "report.received":
            due = due_at("answer", UNKNOWN_LEVEL, entry.at, site.pack.targets)
            started.append(_clock(site, "report", UUID(entry.subject), "answer", _top(site), due))
        elif entry.kind == "report.answered":
            stopped.append(("report", UUID(entry.subject), "answer"))
    moved = {entry.incident for entry in entries if entry.incident and entry.kind in _MOVED}
    over = {entry.incident for entry in entries if entry.incident and entry.kind in _OVER}
    for row in await incidents.incidents_by_ids(connection, site.region, list(moved - over)):
        for stage in ("offer", "accept", "arrive", "resolve"):
            begun, reached = getattr(row, STARTS[stage]), getattr(row, STOPS[stage])
            if reached is not None:
                stopped.append(("incident", row.id, stage))
            elif begun is not None:
                due = due_at(stage, Level(row.level), begun, site.pack.targets)
                started.append(_clock(site, "incident", row.id, stage, row.org, due))
    # A report may be received and answered within one batch: first set all, then stop.
    await store.set_clocks(connection, started)
    await store.stop_clocks(connection, site.region, stopped)
    await store.forget_clocks(connection, site.region, list(over))


def _clock(site: Site, kind: str, subject: UUID, stage: str, org: str, due: datetime) -> dict[str, Any]:
    return {
        "region": site.region, "subject_kind": kind, "subject": subject, "stage": stage, "org": org, "due_at": due,
    }  # fmt: skip


async def ring_next(site: Site) -> bool:
    """Take the clock that ran out first up one rung: journal the breach, tell whom the rung names.

    False when none is due.
    """
    now = site.clock.now()
    async with site.db.transaction() as connection:
        row = await store.claim_due_clock(connection, site.region, now)
        if row is None:
            return False
        step = rung_of(site.pack, row.rung, row.org)
        if step is None:
            await store.climb(connection, row, due_at=None)
            return True
        told, following = step
        incident_id = row.subject if row.subject_kind == "incident" else None
        if row.rung == 0:
            await record(
                site, connection, "clock.breached", row.subject_kind, row.subject, SYSTEM, incident_id,
                stage=row.stage, due_at=row.due_at,
            )  # fmt: skip
        await record(
            site, connection, "ladder.told", row.subject_kind, row.subject, SYSTEM, incident_id,
            stage=row.stage, rung=row.rung + 1, role=told.role, org=told.org,
        )  # fmt: skip
        await store.add_notification(
            connection, region=site.region, id=new_id(now), at=now, kind="clock.breached", role=told.role,
            org=told.org, incident_id=incident_id, report_id=None if incident_id else row.subject,
            params={"stage": row.stage, "rung": row.rung + 1},
        )  # fmt: skip
        await store.climb(
            connection, row, rung=row.rung + 1, breached_at=row.breached_at or now,
            due_at=now + timedelta(seconds=following) if following is not None else None,
        )  # fmt: skip
        return True
