"""Clocks are started and stopped by what the journal tells; one that runs out climbs the ladder."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level, OrgKind
from jieying.incidents import store as incidents
from jieying.journal.actions import SYSTEM, Site, entry
from jieying.journal.model import Entry
from jieying.journal.store import NewEntry, append
from jieying.kit.ids import new_id
from jieying.supervise import store
from jieying.supervise.rules import STARTS, STOPS, Told, due_at, rung_of

# Reports have no level before they are understood: the answer is due as for the most urgent.
UNKNOWN_LEVEL = Level.RED
RING_MOST = 50

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
    for one in entries:
        if one.kind == "report.received":
            due = due_at("answer", UNKNOWN_LEVEL, one.at, site.pack.targets)
            started.append(_clock(site, "report", UUID(one.subject), "answer", _top(site), due))
        elif one.kind == "report.answered":
            stopped.append(("report", UUID(one.subject), "answer"))
    moved = {one.incident for one in entries if one.incident and one.kind in _MOVED}
    over = {one.incident for one in entries if one.incident and one.kind in _OVER}
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


async def ring_due(site: Site) -> bool:
    """Take the clocks that ran out first up one rung: journal the breach, tell whom the rung names.

    False when none is due.
    """
    now = site.clock.now()
    async with site.db.transaction() as connection:
        rows = await store.claim_due_clocks(connection, site.region, now, RING_MOST)
        if not rows:
            return False
        told: list[NewEntry] = []
        notifications: list[dict[str, Any]] = []
        climbed: list[tuple[Row[Any], int, datetime | None, datetime | None]] = []
        for row in rows:
            step = rung_of(site.pack, row.rung, row.org)
            if step is None:
                climbed.append((row, row.rung, None, row.breached_at))
                continue
            whom, following = step
            told.append(_breach(site, row, whom))
            notifications.append(_notification(site, row, whom, now))
            due = now + timedelta(seconds=following) if following is not None else None
            climbed.append((row, row.rung + 1, due, row.breached_at or now))
        if told:
            await append(connection, told)
            await store.add_notifications(connection, notifications)
        await store.climb(connection, climbed)
        return True


def _incident_of(row: Row[Any]) -> UUID | None:
    return row.subject if row.subject_kind == "incident" else None


def _breach(site: Site, row: Row[Any], whom: Told) -> NewEntry:
    """The breach itself at the first rung, then that the ladder was climbed."""
    return entry(
        site, "ladder.told" if row.rung else "clock.breached", row.subject_kind, row.subject, SYSTEM,
        _incident_of(row), stage=row.stage, due_at=row.due_at, rung=row.rung + 1, role=whom.role, org=whom.org,
    )  # fmt: skip


def _notification(site: Site, row: Row[Any], whom: Told, now: datetime) -> dict[str, Any]:
    incident_id = _incident_of(row)
    return {
        "region": site.region, "id": new_id(now), "at": now, "kind": "clock.breached", "role": whom.role,
        "org": whom.org, "incident_id": incident_id, "report_id": None if incident_id else row.subject,
        "params": {"stage": row.stage, "rung": row.rung + 1},
    }  # fmt: skip
