"""All SQL on reports, incidents and assignments. Transitions are guarded: the WHERE names the legal sources."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, TextClause, and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.incidents.model import (
    RUNNING,
    AssignmentState,
    IncidentState,
    ReportState,
    illegal,
    sources,
)
from jieying.incidents.tables import assignment, incident, intake_key, report
from jieying.kit.errors import NotFound

IncidentRow = Row[Any]
ReportRow = Row[Any]
AssignmentRow = Row[Any]

RUNNING_VALUES = [str(state) for state in RUNNING]
LIVE_VALUES = [*RUNNING_VALUES, str(AssignmentState.OFFERED)]


# --- reports ---------------------------------------------------------------------------------------------


async def claim_key(
    connection: AsyncConnection, region: str, sender: str, key: str, body_hash: str, report_id: UUID
) -> tuple[UUID, str] | None:
    """Take an idempotency key; None when it is now ours, else the report and body hash that had it before."""
    values = {"region": region, "sender": sender, "key": key, "body_hash": body_hash, "report_id": report_id}
    taken = await connection.execute(
        insert(intake_key).values(**values).on_conflict_do_nothing().returning(intake_key.c.key)
    )
    if taken.first():
        return None
    where = and_(intake_key.c.region == region, intake_key.c.sender == sender, intake_key.c.key == key)
    row = (await connection.execute(select(intake_key.c.report_id, intake_key.c.body_hash).where(where))).one()
    return row.report_id, row.body_hash


async def add_report(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(report.insert().values(**values))


async def find_report(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> ReportRow | None:
    query = select(report).where(report.c.region == region, report.c.id == id)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def get_report(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> ReportRow:
    """The report; raises NotFound."""
    row = await find_report(connection, region, id, lock)
    if row is None:
        raise NotFound("no_such_report", report=str(id))
    return row


async def move_report(
    connection: AsyncConnection, region: str, id: UUID, target: ReportState, **changes: Any
) -> ReportRow:
    """Guarded transition of a report; raises NotFound or Conflict("illegal_transition")."""
    statement = (
        update(report)
        .where(report.c.region == region, report.c.id == id)
        .where(report.c.state.in_([str(state) for state in sources(target)]))
        .values(state=str(target), version=report.c.version + 1, **changes)
        .returning(report)
    )
    row: ReportRow | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise illegal((await get_report(connection, region, id)).state, target)
    return row


async def change_report(connection: AsyncConnection, region: str, id: UUID, **changes: Any) -> ReportRow:
    """Change fields of a report other than its state."""
    statement = (
        update(report)
        .where(report.c.region == region, report.c.id == id)
        .values(version=report.c.version + 1, **changes)
        .returning(report)
    )
    row: ReportRow | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("no_such_report", report=str(id))
    return row


async def list_reports(
    connection: AsyncConnection,
    region: str,
    *,
    states: Sequence[str] = (),
    waiting: bool = False,
    before: UUID | None = None,
    limit: int = 100,
) -> list[ReportRow]:
    """Reports, newest first; `waiting`: those that wait for a person, oldest first."""
    query = select(report).where(report.c.region == region)
    if states:
        query = query.where(report.c.state.in_(states))
    if waiting:
        query = query.where(report.c.needs_person.is_not(None))
    if before:
        query = query.where(report.c.id < before)
    order = report.c.received_at if waiting else report.c.id.desc()
    return list((await connection.execute(query.order_by(order).limit(limit))).all())


async def reports_of(connection: AsyncConnection, region: str, incident_id: UUID) -> list[ReportRow]:
    query = select(report).where(report.c.region == region, report.c.incident_id == incident_id)
    return list((await connection.execute(query.order_by(report.c.received_at))).all())


async def reports_by_ids(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> list[ReportRow]:
    query = select(report).where(report.c.region == region, report.c.id.in_(ids))
    return list((await connection.execute(query)).all())


async def move_reports(connection: AsyncConnection, region: str, source: UUID, target: UUID) -> int:
    """Give the reports of one incident to another; how many there were."""
    statement = (
        update(report)
        .where(report.c.region == region, report.c.incident_id == source)
        .values(incident_id=target, version=report.c.version + 1)
    )
    return (await connection.execute(statement)).rowcount


async def claim_due_report(connection: AsyncConnection, region: str, now: datetime) -> ReportRow | None:
    """One report whose steps are due, locked until the transaction ends; others skip it."""
    query = (
        select(report)
        .where(report.c.region == region, report.c.steps_due_at <= now)
        .order_by(report.c.steps_due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(query)).one_or_none()


async def earlier_from(
    connection: AsyncConnection, region: str, contact: str, since: datetime, before: UUID
) -> list[ReportRow]:
    """Reports of the same reporter since a moment, made before this one, that belong to an incident."""
    query = select(report).where(
        report.c.region == region,
        report.c.reporter_contact == contact,
        report.c.received_at >= since,
        report.c.id < before,
        report.c.incident_id.is_not(None),
    )
    return list((await connection.execute(query.order_by(report.c.id.desc()).limit(5))).all())


# --- incidents -------------------------------------------------------------------------------------------


async def next_number(connection: AsyncConnection) -> int:
    number: int = await connection.scalar(text("SELECT nextval('incident_number')")) or 0
    return number


async def add_incident(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(incident.insert().values(**values))


async def find_incident(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> IncidentRow | None:
    query = select(incident).where(incident.c.region == region, incident.c.id == id)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def get_incident(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> IncidentRow:
    """The incident; raises NotFound."""
    row = await find_incident(connection, region, id, lock)
    if row is None:
        raise NotFound("no_such_incident", incident=str(id))
    return row


async def lock_incidents(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> None:
    """Lock several incidents in the one order that everybody keeps, so that nobody deadlocks."""
    query = select(incident.c.id).where(incident.c.region == region, incident.c.id.in_(ids))
    await connection.execute(query.order_by(incident.c.id).with_for_update())


async def move_incident(
    connection: AsyncConnection, region: str, id: UUID, target: IncidentState, **changes: Any
) -> IncidentRow:
    """Guarded transition of an incident; raises NotFound or Conflict("illegal_transition")."""
    statement = (
        update(incident)
        .where(incident.c.region == region, incident.c.id == id)
        .where(incident.c.state.in_([str(state) for state in sources(target)]))
        .values(state=str(target), version=incident.c.version + 1, **changes)
        .returning(incident)
    )
    row: IncidentRow | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise illegal((await get_incident(connection, region, id)).state, target)
    return row


async def change_incident(connection: AsyncConnection, region: str, id: UUID, **changes: Any) -> IncidentRow:
    """Change fields of an incident other than its state."""
    statement = (
        update(incident)
        .where(incident.c.region == region, incident.c.id == id)
        .values(version=incident.c.version + 1, **changes)
        .returning(incident)
    )
    row: IncidentRow | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise NotFound("no_such_incident", incident=str(id))
    return row


async def mark_time(
    connection: AsyncConnection, region: str, id: UUID, name: str, now: datetime, **changes: Any
) -> IncidentRow:
    """Set one of an incident's times if nothing has reached it before."""
    return await change_incident(connection, region, id, **{name: func.coalesce(incident.c[name], now)}, **changes)


def in_scope(org_path: str) -> TextClause:
    """Whether an incident is seen from an organisation: its own or one below it is concerned."""
    concerned = "EXISTS (SELECT FROM unnest(incident.org_paths) AS concerned WHERE starts_with(concerned, :scope))"
    return text(concerned).bindparams(scope=org_path)


async def list_incidents(
    connection: AsyncConnection,
    region: str,
    org_path: str,
    *,
    states: Sequence[str] = (),
    before: UUID | None = None,
    limit: int = 100,
) -> list[IncidentRow]:
    """Incidents that an organisation sees, newest first."""
    query = select(incident).where(incident.c.region == region, in_scope(org_path))
    if states:
        query = query.where(incident.c.state.in_(states))
    if before:
        query = query.where(incident.c.id < before)
    return list((await connection.execute(query.order_by(incident.c.id.desc()).limit(limit))).all())


async def running_incidents(connection: AsyncConnection, region: str, org_path: str, limit: int) -> list[IncidentRow]:
    """What a console shows first: open, active and resolved incidents, most urgent first."""
    query = select(incident).where(
        incident.c.region == region,
        incident.c.state.in_(["open", "active", "resolved"]),
        in_scope(org_path),
    )
    order = (incident.c.level_rank, incident.c.id)
    return list((await connection.execute(query.order_by(*order).limit(limit))).all())


async def incidents_by_ids(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> list[IncidentRow]:
    query = select(incident).where(incident.c.region == region, incident.c.id.in_(ids))
    return list((await connection.execute(query)).all())


async def incidents_near(
    connection: AsyncConnection, region: str, lat: float, lon: float, span_deg: float, since: datetime
) -> list[IncidentRow]:
    """Open and active incidents in a box around a point, opened since a moment."""
    query = select(incident).where(
        incident.c.region == region,
        incident.c.state.in_(["open", "active"]),
        incident.c.lat.between(lat - span_deg, lat + span_deg),
        incident.c.lon.between(lon - 2 * span_deg, lon + 2 * span_deg),
        incident.c.opened_at >= since,
    )
    return list((await connection.execute(query.order_by(incident.c.id.desc()).limit(50))).all())


async def claim_due_incident(connection: AsyncConnection, region: str, now: datetime) -> IncidentRow | None:
    """The most urgent incident whose next offer is due, locked until the transaction ends."""
    query = (
        select(incident)
        .where(incident.c.region == region, incident.c.dispatch_due_at <= now)
        .order_by(incident.c.level_rank, incident.c.dispatch_due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return (await connection.execute(query)).one_or_none()


async def wake_waiting(connection: AsyncConnection, region: str, now: datetime, count: int) -> int:
    """A unit became free: the `count` most urgent, longest waiting incidents are decided again."""
    waiting = (
        select(incident.c.id)
        .where(
            incident.c.region == region,
            incident.c.waiting_since.is_not(None),
            incident.c.dispatch_due_at.is_(None),
            incident.c.state.in_(["open", "active"]),
        )
        .order_by(incident.c.level_rank, incident.c.waiting_since)
        .limit(count)
        .with_for_update(skip_locked=True)
    )
    result = await connection.execute(
        update(incident)
        .where(incident.c.region == region, incident.c.id.in_(waiting.scalar_subquery()))
        .values(dispatch_due_at=now)
    )
    return result.rowcount


# --- assignments -----------------------------------------------------------------------------------------


async def add_assignment(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(assignment.insert().values(**values))


async def get_assignment(connection: AsyncConnection, region: str, id: UUID) -> AssignmentRow:
    """The assignment; raises NotFound."""
    query = select(assignment).where(assignment.c.region == region, assignment.c.id == id)
    row: AssignmentRow | None = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound("no_such_assignment", assignment=str(id))
    return row


async def move_assignment(
    connection: AsyncConnection, region: str, id: UUID, target: AssignmentState, **changes: Any
) -> AssignmentRow:
    """Guarded transition of an assignment; raises NotFound or Conflict("illegal_transition")."""
    statement = (
        update(assignment)
        .where(assignment.c.region == region, assignment.c.id == id)
        .where(assignment.c.state.in_([str(state) for state in sources(target)]))
        .values(state=str(target), **changes)
        .returning(assignment)
    )
    row: AssignmentRow | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise illegal((await get_assignment(connection, region, id)).state, target)
    return row


async def mark_handed_over(connection: AsyncConnection, region: str, id: UUID, now: datetime) -> None:
    await connection.execute(
        update(assignment)
        .where(assignment.c.region == region, assignment.c.id == id)
        .values(handed_over_at=func.coalesce(assignment.c.handed_over_at, now))
    )


async def assignments_of(connection: AsyncConnection, region: str, incident_ids: Sequence[UUID]) -> list[AssignmentRow]:
    query = select(assignment).where(assignment.c.region == region, assignment.c.incident_id.in_(incident_ids))
    return list((await connection.execute(query.order_by(assignment.c.id))).all())


async def due_expiries(connection: AsyncConnection, region: str, now: datetime, limit: int = 50) -> list[AssignmentRow]:
    """Offers whose time is up; the guarded transition decides who ends them."""
    query = (
        select(assignment)
        .where(
            assignment.c.region == region,
            assignment.c.state == str(AssignmentState.OFFERED),
            assignment.c.expires_at <= now,
        )
        .order_by(assignment.c.expires_at)
        .limit(limit)
    )
    return list((await connection.execute(query)).all())
