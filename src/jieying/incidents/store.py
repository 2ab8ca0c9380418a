"""All SQL on reports, incidents and assignments. Transitions are guarded: the WHERE names the legal sources.

One long file: the three are bound by foreign keys and locked together, and share the guarded statements below.
"""

import math
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    Row,
    Select,
    Table,
    Text,
    TextClause,
    Update,
    Uuid,
    and_,
    any_,
    bindparam,
    func,
    literal_column,
    select,
    text,
    true,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
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
from jieying.kit.db import among, fixed
from jieying.kit.errors import NotFound
from jieying.kit.geo import EARTH_RADIUS_M, Point
from jieying.kit.hot import add_row, fetch, fetch_one
from jieying.kit.ids import first_id

IncidentRow = Row[Any]
ReportRow = Row[Any]
AssignmentRow = Row[Any]

RUNNING_VALUES = [str(state) for state in RUNNING]
LIVE_VALUES = [*RUNNING_VALUES, str(AssignmentState.OFFERED)]


@cache
def _change_statement(table: Table, columns: tuple[str, ...], guarded: bool, once: str | None) -> Update:
    """Built once for each set of columns: to build a statement costs more than to send it."""
    values: dict[str, Any] = {name: bindparam(f"to_{name}", type_=table.c[name].type) for name in columns}
    if once is not None:
        values[once] = func.coalesce(table.c[once], values[once])
    if "version" in table.c:
        values["version"] = table.c.version + 1
    statement = update(table).where(table.c.region == bindparam("at_region"), table.c.id == bindparam("at_id"))
    if guarded:
        statement = statement.where(table.c.state == any_(bindparam("from_states", type_=ARRAY(Text))))
    return statement.values(values).returning(table)


@cache
def _get_statement(table: Table, lock: bool) -> Select[Any]:
    query = select(table).where(table.c.region == bindparam("at_region"), table.c.id == bindparam("at_id"))
    return query.with_for_update() if lock else query


async def _find(
    connection: AsyncConnection, table: Table, region: str, id: UUID, lock: bool = False
) -> Row[Any] | None:
    return await fetch_one(connection, _get_statement(table, lock), {"at_region": region, "at_id": id})


async def _change(
    connection: AsyncConnection,
    table: Table,
    region: str,
    id: UUID,
    legal: Collection[StrEnum] | None = None,
    once: str | None = None,
    **changes: Any,
) -> Row[Any] | None:
    """Change one row, only in one of the `legal` states where these are given; None when there is none."""
    statement = _change_statement(table, tuple(changes), legal is not None, once)
    parameters = {"at_region": region, "at_id": id, **{f"to_{name}": value for name, value in changes.items()}}
    if legal is not None:
        parameters["from_states"] = [str(state) for state in legal]
    return await fetch_one(connection, statement, parameters)


# --- reports ---------------------------------------------------------------------------------------------


_TAKE_KEY = insert(intake_key).on_conflict_do_nothing().returning(intake_key.c.key)


async def claim_key(
    connection: AsyncConnection, region: str, sender: str, key: str, body_hash: str, report_id: UUID
) -> tuple[UUID, str] | None:
    """Take an idempotency key; None when it is now ours, else the report and body hash that had it before."""
    values = {"region": region, "sender": sender, "key": key, "body_hash": body_hash, "report_id": report_id}
    if await fetch(connection, _TAKE_KEY, values):
        return None
    where = and_(intake_key.c.region == region, intake_key.c.sender == sender, intake_key.c.key == key)
    row = (await connection.execute(select(intake_key.c.report_id, intake_key.c.body_hash).where(where))).one()
    return row.report_id, row.body_hash


async def add_report(connection: AsyncConnection, **values: Any) -> None:
    await add_row(connection, report, values)


async def find_report(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> ReportRow | None:
    return await _find(connection, report, region, id, lock)


async def get_report(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> ReportRow:
    """The report; raises NotFound."""
    row = await find_report(connection, region, id, lock)
    if row is None:
        raise NotFound("no_such_report", report=str(id))
    return row


async def move_report(
    connection: AsyncConnection,
    region: str,
    id: UUID,
    target: ReportState,
    only: Collection[ReportState] = (),
    **changes: Any,
) -> ReportRow:
    """Guarded transition of a report, `only` from these states; raises NotFound or Conflict("illegal_transition")."""
    row = await _change(connection, report, region, id, only or sources(target), state=str(target), **changes)
    if row is None:
        raise illegal((await get_report(connection, region, id)).state, target)
    return row


async def change_report(connection: AsyncConnection, region: str, id: UUID, **changes: Any) -> ReportRow:
    """Change fields of a report other than its state."""
    row = await _change(connection, report, region, id, **changes)
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
    query = select(report).where(report.c.region == region, among(report.c.id, ids))
    return list((await connection.execute(query)).all())


async def move_reports(connection: AsyncConnection, region: str, source: UUID, target: UUID) -> int:
    """Give the reports of one incident to another; how many there were."""
    statement = (
        update(report)
        .where(report.c.region == region, report.c.incident_id == source)
        .values(
            incident_id=target,
            came_through=func.array_append(report.c.came_through, source),
            version=report.c.version + 1,
        )
    )
    return (await connection.execute(statement)).rowcount


async def give_back_reports(connection: AsyncConnection, region: str, holder: UUID, owner: UUID) -> int:
    """Give an incident back what a merge took from it and the other still has; how many reports there were."""
    last = report.c.came_through[func.cardinality(report.c.came_through)]
    statement = (
        update(report)
        .where(report.c.region == region, report.c.incident_id == holder, last == owner)
        .values(
            incident_id=owner,
            came_through=func.trim_array(report.c.came_through, 1),
            version=report.c.version + 1,
        )
    )
    return (await connection.execute(statement)).rowcount


_DUE_REPORT = (
    select(report)
    .where(report.c.region == bindparam("at_region"), report.c.steps_due_at <= bindparam("now"))
    .order_by(report.c.steps_due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


async def claim_due_reports(connection: AsyncConnection, region: str, now: datetime, most: int) -> list[ReportRow]:
    """Reports whose steps are due, longest first, locked until the transaction ends; others skip them."""
    return await fetch(connection, _DUE_REPORT, {"at_region": region, "now": now, "most": most})


_EARLIER = (
    select(report)
    .where(
        report.c.region == bindparam("at_region"),
        report.c.reporter_contact == bindparam("contact"),
        report.c.reporter_contact != literal_column("''"),
        report.c.received_at >= bindparam("since"),
        report.c.id < bindparam("before", type_=Uuid),
        report.c.incident_id.is_not(None),
    )
    .order_by(report.c.id.desc())
    .limit(5)
)


async def earlier_from(
    connection: AsyncConnection, region: str, contact: str, since: datetime, before: UUID
) -> list[ReportRow]:
    """Reports of the same reporter since a moment, made before this one, that belong to an incident."""
    parameters = {"at_region": region, "contact": contact, "since": since, "before": before}
    return await fetch(connection, _EARLIER, parameters)


# --- incidents -------------------------------------------------------------------------------------------


_NEXT_NUMBER = text("SELECT nextval('incident_number') AS number")


async def next_number(connection: AsyncConnection) -> int:
    row = await fetch_one(connection, _NEXT_NUMBER, {})
    assert row is not None
    return int(row.number)


async def add_incident(connection: AsyncConnection, **values: Any) -> None:
    await add_row(connection, incident, values)


async def find_incident(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> IncidentRow | None:
    return await _find(connection, incident, region, id, lock)


async def get_incident(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> IncidentRow:
    """The incident; raises NotFound."""
    row = await find_incident(connection, region, id, lock)
    if row is None:
        raise NotFound("no_such_incident", incident=str(id))
    return row


async def lock_incidents(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> None:
    """Lock several incidents in the one order that everybody keeps, so that nobody deadlocks."""
    query = select(incident.c.id).where(incident.c.region == region, among(incident.c.id, ids))
    await connection.execute(query.order_by(incident.c.id).with_for_update())


async def move_incident(
    connection: AsyncConnection,
    region: str,
    id: UUID,
    target: IncidentState,
    only: Collection[IncidentState] = (),
    **changes: Any,
) -> IncidentRow:
    """Guarded transition of an incident, `only` from these states.

    Raises NotFound or Conflict("illegal_transition").
    """
    row = await _change(connection, incident, region, id, only or sources(target), state=str(target), **changes)
    if row is None:
        raise illegal((await get_incident(connection, region, id)).state, target)
    return row


async def change_incident(connection: AsyncConnection, region: str, id: UUID, **changes: Any) -> IncidentRow:
    """Change fields of an incident other than its state."""
    row = await _change(connection, incident, region, id, **changes)
    if row is None:
        raise NotFound("no_such_incident", incident=str(id))
    return row


async def mark_time(
    connection: AsyncConnection, region: str, id: UUID, name: str, now: datetime, **changes: Any
) -> IncidentRow:
    """Set one of an incident's times if nothing has reached it before."""
    changes[name] = now
    row = await _change(connection, incident, region, id, once=name, **changes)
    if row is None:
        raise NotFound("no_such_incident", incident=str(id))
    return row


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
        fixed(incident.c.state, "open", "active", "resolved"),
        in_scope(org_path),
    )
    order = (incident.c.level_rank, incident.c.id)
    return list((await connection.execute(query.order_by(*order).limit(limit))).all())


async def incidents_by_ids(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> list[IncidentRow]:
    query = select(incident).where(incident.c.region == region, among(incident.c.id, ids))
    return list((await connection.execute(query)).all())


_KNOWN = [incident.c[name] for name in ("id", "number", "category", "lat", "lon")]
_RUNNING_SINCE = (
    incident.c.region == bindparam("at_region"),
    fixed(incident.c.state, "open", "active"),
    incident.c.opened_at >= bindparam("since"),
)


def _with_reports(chosen: CTE) -> Select[Any]:
    """What the last 20 reports of each chosen incident said. Their partitions are found by the ids' time."""
    said = (
        select(
            report.c.received_at,
            func.left(report.c.words, bindparam("read")).label("words"),
            report.c.reporter_contact,
            report.c.channel,
            report.c.vector,
        )
        .where(
            report.c.region == bindparam("at_region"),
            report.c.incident_id == chosen.c.id,
            report.c.id >= bindparam("first", type_=Uuid),
        )
        .order_by(report.c.id.desc())
        .limit(20)
        .lateral("said")
    )
    return select(chosen, said).join(said, true())


# The box first: sorted from the start, PostgreSQL would walk through everything that is recent.
_IN_BOX = (
    select(*_KNOWN)
    .where(
        *_RUNNING_SINCE,
        incident.c.lat.between(bindparam("south"), bindparam("north")),
        incident.c.lon.between(bindparam("west"), bindparam("east")),
    )
    .cte("in_box")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_NORTHWARD = _IN_BOX.c.lat - bindparam("lat")
_EASTWARD = (_IN_BOX.c.lon - bindparam("lon")) * bindparam("narrow")
_NEAREST = select(_IN_BOX).order_by(_NORTHWARD * _NORTHWARD + _EASTWARD * _EASTWARD).limit(bindparam("most"))
_NEAR = _with_reports(_NEAREST.cte("near"))
_LATELY = _with_reports(
    select(*_KNOWN).where(*_RUNNING_SINCE).order_by(incident.c.id.desc()).limit(bindparam("most")).cte("lately")
)


async def incidents_near(
    connection: AsyncConnection, region: str, at: Point, reach_m: float, since: datetime, most: int, read: int
) -> list[Row[Any]]:
    """The open and active incidents nearest to a point, opened since a moment: a row for each of their last reports.

    `read`: characters of their words.
    """
    narrow = math.cos(math.radians(at.lat))
    span = math.degrees(reach_m / EARTH_RADIUS_M)
    parameters = {
        "lat": at.lat,
        "lon": at.lon,
        "narrow": narrow,
        "south": at.lat - span,
        "north": at.lat + span,
        "west": at.lon - span / narrow,
        "east": at.lon + span / narrow,
    }
    return await fetch(connection, _NEAR, parameters | _since(region, since, most, read))


async def incidents_lately(
    connection: AsyncConnection, region: str, since: datetime, most: int, read: int
) -> list[Row[Any]]:
    """The same for the newest ones wherever they are."""
    return await fetch(connection, _LATELY, _since(region, since, most, read))


def _since(region: str, since: datetime, most: int, read: int) -> dict[str, Any]:
    # A report may have waited for a person before its incident was opened.
    first = first_id(since - timedelta(days=1))
    return {"at_region": region, "since": since, "first": first, "most": most, "read": read}


_DUE_INCIDENT = (
    select(incident)
    .where(incident.c.region == bindparam("at_region"), incident.c.dispatch_due_at <= bindparam("now"))
    .order_by(incident.c.level_rank, incident.c.dispatch_due_at)
    .limit(1)
    .with_for_update(skip_locked=True)
)


async def claim_due_incident(connection: AsyncConnection, region: str, now: datetime) -> IncidentRow | None:
    """The most urgent incident whose next offer is due, locked until the transaction ends."""
    return await fetch_one(connection, _DUE_INCIDENT, {"at_region": region, "now": now})


async def set_dispatch_due(connection: AsyncConnection, region: str, id: UUID, due: datetime | None) -> None:
    """When the next offer is to be decided; nothing that anybody sees, so the version stays."""
    await connection.execute(
        update(incident).where(incident.c.region == region, incident.c.id == id).values(dispatch_due_at=due)
    )


async def wake_waiting(connection: AsyncConnection, region: str, now: datetime, count: int) -> int:
    """A unit became free: the `count` most urgent, longest waiting incidents are decided again."""
    waiting = (
        select(incident.c.id)
        .where(
            incident.c.region == region,
            incident.c.waiting_since.is_not(None),
            # Also one that would be looked at again later by itself.
            incident.c.dispatch_due_at.is_(None) | (incident.c.dispatch_due_at > now),
            fixed(incident.c.state, "open", "active"),
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
    await add_row(connection, assignment, values)


async def get_assignment(connection: AsyncConnection, region: str, id: UUID) -> AssignmentRow:
    """The assignment; raises NotFound."""
    row = await _find(connection, assignment, region, id)
    if row is None:
        raise NotFound("no_such_assignment", assignment=str(id))
    return row


async def move_assignment(
    connection: AsyncConnection, region: str, id: UUID, target: AssignmentState, **changes: Any
) -> AssignmentRow:
    """Guarded transition of an assignment; raises NotFound or Conflict("illegal_transition")."""
    row = await _change(connection, assignment, region, id, sources(target), state=str(target), **changes)
    if row is None:
        raise illegal((await get_assignment(connection, region, id)).state, target)
    return row


async def mark_handed_over(connection: AsyncConnection, region: str, id: UUID, now: datetime) -> None:
    await connection.execute(
        update(assignment)
        .where(assignment.c.region == region, assignment.c.id == id)
        .values(handed_over_at=func.coalesce(assignment.c.handed_over_at, now))
    )


_ASSIGNMENTS = (
    select(assignment)
    .where(
        assignment.c.region == bindparam("at_region"),
        assignment.c.incident_id == any_(bindparam("ids", type_=ARRAY(Uuid))),
    )
    .order_by(assignment.c.id)
)


async def assignments_of(connection: AsyncConnection, region: str, incident_ids: Sequence[UUID]) -> list[AssignmentRow]:
    """The assignments of these incidents, oldest first."""
    parameters = {"at_region": region, "ids": list(incident_ids)}
    return await fetch(connection, _ASSIGNMENTS, parameters)


async def due_expiries(connection: AsyncConnection, region: str, now: datetime, limit: int = 50) -> list[AssignmentRow]:
    """Offers whose time is up; the guarded transition decides who ends them."""
    query = (
        select(assignment)
        .where(
            assignment.c.region == region,
            fixed(assignment.c.state, AssignmentState.OFFERED),
            assignment.c.expires_at <= now,
        )
        .order_by(assignment.c.expires_at)
        .limit(limit)
    )
    return list((await connection.execute(query)).all())


_NEXT_DUE = text(
    """
    SELECT (SELECT min(steps_due_at) FROM report WHERE region = :region AND steps_due_at IS NOT NULL),
           (SELECT min(dispatch_due_at) FROM incident WHERE region = :region AND dispatch_due_at IS NOT NULL),
           (SELECT min(expires_at) FROM assignment WHERE region = :region AND state = 'offered')
    """
)


async def next_due(connection: AsyncConnection, region: str) -> list[datetime | None]:
    """The first moments at which the steps of a report, the offer of an incident, the end of an offer are due."""
    return list((await connection.execute(_NEXT_DUE, {"region": region})).one())
