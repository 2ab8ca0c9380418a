"""All SQL on the requests handed to the hotline. Transitions are guarded: the WHERE names the legal sources."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    func,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.diversion.hotline.model import HotlineState, sources
from jieying.incidents.model import illegal
from jieying.kit.db import among, metadata
from jieying.kit.errors import NotFound

diversion = Table(
    "hotline_diversion",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    # One of the two.
    Column("report_id", Uuid),
    Column("incident_id", Uuid),
    Column("state", Text, nullable=False),
    Column("service_code", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("diverted_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("diverted_at", DateTime(timezone=True), nullable=False),
    Column("first_tried_at", DateTime(timezone=True)),
    Column("sent_at", DateTime(timezone=True)),
    Column("taken_at", DateTime(timezone=True)),
    Column("ended_at", DateTime(timezone=True)),
    Column("their_id", Text),
    Column("their_token", Text),
    Column("their_status", Text),
    Column("their_notes", Text),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("needs_person", JSONB(none_as_null=True)),
    # Due when it is to be sent or asked about; while a message is under way, nobody else touches it.
    Column("due_at", DateTime(timezone=True)),
    Column("busy_until", DateTime(timezone=True)),
    PrimaryKeyConstraint("region", "id"),
    Index("ix_hotline_diversion_due", "region", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_hotline_diversion_report", "region", "report_id"),
    Index("ix_hotline_diversion_incident", "region", "incident_id"),
    Index("ix_hotline_diversion_theirs", "region", "their_id"),
)

DiversionRow = Row[Any]
_free_at = func.greatest(diversion.c.due_at, diversion.c.busy_until)  # greatest ignores NULL


async def add(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(diversion.insert(), values)


async def get(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> DiversionRow:
    """Raises NotFound."""
    query = select(diversion).where(diversion.c.region == region, diversion.c.id == id)
    row: DiversionRow | None = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("no_such_diversion", diversion=str(id))
    return row


async def move(
    connection: AsyncConnection, region: str, id: UUID, target: HotlineState, **changes: Any
) -> DiversionRow:
    """Guarded transition; raises NotFound or Conflict("illegal_transition")."""
    where = (diversion.c.region == region, diversion.c.id == id, diversion.c.state.in_(sources(target)))
    statement = update(diversion).where(*where).values(changes | {"state": str(target)}).returning(diversion)
    row: DiversionRow | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise illegal((await get(connection, region, id)).state, target)
    return row


async def change(connection: AsyncConnection, row: DiversionRow, **changes: Any) -> DiversionRow:
    """Change fields of a locked row other than its state."""
    where = (diversion.c.region == row.region, diversion.c.id == row.id)
    statement = update(diversion).where(*where).values(changes).returning(diversion)
    changed: DiversionRow = (await connection.execute(statement)).one()
    return changed


async def claim_due(
    connection: AsyncConnection, region: str, now: datetime, states: Collection[str]
) -> DiversionRow | None:
    """One that is due and not busy, locked until the transaction ends; others skip it."""
    query = (
        select(diversion)
        .where(
            diversion.c.region == region,
            diversion.c.due_at <= now,
            or_(diversion.c.busy_until.is_(None), diversion.c.busy_until <= now),
            diversion.c.state.in_(states),
        )
        .order_by(diversion.c.due_at)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row: DiversionRow | None = (await connection.execute(query)).one_or_none()
    return row


async def next_due(connection: AsyncConnection, region: str, states: Collection[str]) -> datetime | None:
    """The first moment at which one is due; None when none is."""
    where = (diversion.c.region == region, diversion.c.due_at.is_not(None), diversion.c.state.in_(states))
    moment: datetime | None = await connection.scalar(select(func.min(_free_at)).where(*where))
    return moment


async def hurry(connection: AsyncConnection, region: str, their_ids: Collection[str], now: datetime) -> list[str]:
    """Ask about these now; the ids of those that are known, ended or not."""
    known = (diversion.c.region == region, diversion.c.their_id.in_(their_ids))
    await connection.execute(update(diversion).where(*known, diversion.c.due_at.is_not(None)).values(due_at=now))
    return list((await connection.execute(select(diversion.c.their_id).where(*known))).scalars())


async def latest_of(connection: AsyncConnection, region: str, subjects: Sequence[UUID]) -> dict[UUID, DiversionRow]:
    """The latest diversion of each of these reports and incidents that has one."""
    if not subjects:
        return {}
    about = or_(among(diversion.c.report_id, subjects), among(diversion.c.incident_id, subjects))
    query = select(diversion).where(diversion.c.region == region, about).order_by(diversion.c.id)
    return {row.report_id or row.incident_id: row for row in await connection.execute(query)}


async def find_open_of(connection: AsyncConnection, region: str, incident_id: UUID) -> DiversionRow | None:
    """The diversion of an incident that has not ended, locked."""
    where = (diversion.c.region == region, diversion.c.incident_id == incident_id, diversion.c.ended_at.is_(None))
    return (await connection.execute(select(diversion).where(*where).with_for_update())).one_or_none()


async def list_diversions(
    connection: AsyncConnection, region: str, states: Sequence[str], before: UUID | None, limit: int
) -> list[DiversionRow]:
    """Newest first."""
    query = select(diversion).where(diversion.c.region == region)
    if states:
        query = query.where(diversion.c.state.in_(states))
    if before:
        query = query.where(diversion.c.id < before)
    return list((await connection.execute(query.order_by(diversion.c.id.desc()).limit(limit))).all())
