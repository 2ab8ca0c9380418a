"""Clocks are started and stopped by what the journal tells; one that runs out climbs the ladder."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level
from jieying.incidents import store as incidents
from jieying.journal.actions import SYSTEM, Site, entry
from jieying.journal.model import Entry
from jieying.journal.store import NewEntry, append
from jieying.kit.ids import new_id
from jieying.supervise import store
from jieying.supervise.rules import STOPS, Told, begun_at, due_at, rung_of, top

# Reports have no level before they are understood: the answer is due as for the most urgent.
UNKNOWN_LEVEL = Level.RED
RING_MOST = 50

# What ends all clocks of an incident.
_OVER = {"incident.closed", "incident.merged", "incident.diverted"}
_ENDED = ("closed", "merged", "diverted")
# What can start or stop a clock of an incident: then its times are read.
_MOVED = {
    "incident.opened",
    "incident.amended",
    "incident.reopened",
    "incident.taken_back",
    "incident.resolved",
    "incident.unmerged",
    "assignment.offered",
    "assignment.accepted",
    "assignment.on_scene",
}
HEEDS = frozenset({"report.received", "report.answered", "report.unlinked"} | _MOVED | _OVER)


async def follow(site: Site, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Subscriber of the journal: set the clocks that these entries start or stop."""
    stopped: list[tuple[str, UUID, str]] = []
    started: list[dict[str, Any]] = []
    for one in entries:
        if one.kind == "report.received":
            due = due_at("answer", UNKNOWN_LEVEL, one.at, site.pack.targets)
            started.append(_clock(site, "report", UUID(one.subject), "answer", top(site.pack), due))
        elif one.kind == "report.answered":
            stopped.append(("report", UUID(one.subject), "answer"))
        elif one.kind == "report.unlinked" and one.data["state"] == "received":  # nobody has answered it after all
            due = due_at("answer", UNKNOWN_LEVEL, datetime.fromisoformat(one.data["received_at"]), site.pack.targets)
            started.append(_clock(site, "report", UUID(one.subject), "answer", top(site.pack), due))
            stopped = [clock for clock in stopped if clock[1] != UUID(one.subject)]
    moved = {one.incident for one in entries if one.incident and one.kind in _MOVED | _OVER}
    # Closed and opened again in the same breath: the old clocks go, new ones begin.
    over = {one.incident for one in entries if one.incident and one.kind in _OVER}
    for row in await incidents.incidents_by_ids(connection, site.region, list(moved)):
        if row.state in _ENDED:
            continue
        for stage in ("offer", "accept", "arrive", "resolve"):
            begun, reached = begun_at(cast("Mapping[str, Any]", row._mapping), stage), getattr(row, STOPS[stage])
            if reached is not None:
                stopped.append(("incident", row.id, stage))
            elif begun is not None:
                due = due_at(stage, Level(row.level), begun, site.pack.targets)
                started.append(_clock(site, "incident", row.id, stage, row.org, due))
    await store.forget_clocks(connection, site.region, list(over))
    # A report may be received and answered within one batch: first set all, then stop.
    await store.set_clocks(connection, started)
    await store.stop_clocks(connection, site.region, stopped)


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
        stopped = await _stopped(site, connection, rows)
        told: list[NewEntry] = []
        notifications: list[dict[str, Any]] = []
        climbed: list[tuple[Row[Any], int, datetime | None, datetime | None]] = []
        for row in rows:
            ran_out: datetime = row.breached_at or row.due_at
            step = rung_of(site.pack, row.rung, row.org)
            if row in stopped or step is None:
                climbed.append((row, row.rung, None, row.breached_at))
                continue
            whom, after_s = step
            if now < ran_out + timedelta(seconds=after_s):  # the first rung gives some grace
                climbed.append((row, row.rung, ran_out + timedelta(seconds=after_s), ran_out))
                continue
            notifications.append(_notification(site, row, whom, now))
            told.append(_breach(site, row, whom, ran_out, notifications[-1]["id"]))
            following = rung_of(site.pack, row.rung + 1, row.org)
            due = ran_out + timedelta(seconds=following[1]) if following else None
            climbed.append((row, row.rung + 1, due, ran_out))
        if told:
            await append(connection, told)
            await store.add_notifications(connection, notifications)
        await store.climb(connection, climbed)
        return True


async def _stopped(site: Site, connection: AsyncConnection, rows: Sequence[Row[Any]]) -> list[Row[Any]]:
    """Those whose stage was reached, though the subscriber has not read of it yet: they do not ring."""
    ids = {row.subject for row in rows}
    known: dict[UUID, Any] = {r.id: r for r in await incidents.incidents_by_ids(connection, site.region, list(ids))}
    known |= {r.id: r for r in await incidents.reports_by_ids(connection, site.region, list(ids))}

    def is_over(row: Row[Any]) -> bool:
        subject = known.get(row.subject)
        return subject is None or subject.state in _ENDED or getattr(subject, STOPS[row.stage]) is not None

    return [row for row in rows if is_over(row)]


def _incident_of(row: Row[Any]) -> UUID | None:
    return row.subject if row.subject_kind == "incident" else None


def _breach(site: Site, row: Row[Any], whom: Told, ran_out: datetime, notification: UUID) -> NewEntry:
    """The breach itself at the first rung, then that the ladder was climbed."""
    return entry(
        site, "ladder.told" if row.rung else "clock.breached", row.subject_kind, row.subject, SYSTEM,
        _incident_of(row), stage=row.stage, due_at=ran_out, rung=row.rung + 1, role=whom.role, org=whom.org,
        notification=str(notification),
    )  # fmt: skip


def _notification(site: Site, row: Row[Any], whom: Told, now: datetime) -> dict[str, Any]:
    incident_id = _incident_of(row)
    return {
        "region": site.region, "id": new_id(now), "at": now, "kind": "clock.breached", "role": whom.role,
        "org": whom.org, "incident_id": incident_id, "report_id": None if incident_id else row.subject,
        "params": {"stage": row.stage, "rung": row.rung + 1},
    }  # fmt: skip
