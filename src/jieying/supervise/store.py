"""All SQL on clocks and notifications. A clock is a due column: a restart loses none."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    and_,
    bindparam,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import among, metadata

clock = Table(
    "clock",
    metadata,
    Column("region", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("stage", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("due_at", DateTime(timezone=True)),
    Column("breached_at", DateTime(timezone=True)),
    Column("rung", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("region", "subject_kind", "subject", "stage"),
    Index("ix_clock_due", "region", "due_at", postgresql_where=text("due_at IS NOT NULL")),
)

notification = Table(
    "notification",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("incident_id", Uuid),
    Column("report_id", Uuid),
    Column("params", JSONB, nullable=False),
    PrimaryKeyConstraint("region", "id"),
    Index("ix_notification_told", "region", "org", "role", "id"),
)

notification_read = Table(
    "notification_read",
    metadata,
    Column("notification_id", Uuid, nullable=False),
    Column("account_id", Uuid, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("account_id", "notification_id"),
)


async def set_clocks(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    """Start clocks or set those that run anew (a level was amended); one that ran out stays breached."""
    if not rows:
        return
    statement = insert(clock)
    await connection.execute(
        statement.on_conflict_do_update(
            index_elements=[clock.c.region, clock.c.subject_kind, clock.c.subject, clock.c.stage],
            set_={"due_at": statement.excluded.due_at, "org": statement.excluded.org, "rung": 0},
            where=clock.c.breached_at.is_(None),
        ),
        list(rows),
    )


async def stop_clocks(connection: AsyncConnection, region: str, stopped: Sequence[tuple[str, UUID, str]]) -> None:
    """The stages were reached: their clocks ring no more."""
    if stopped:
        statement = (
            update(clock)
            .where(
                clock.c.region == region,
                clock.c.subject_kind == bindparam("kind"),
                clock.c.subject == bindparam("about"),
                clock.c.stage == bindparam("what"),
            )
            .values(due_at=None)
        )
        await connection.execute(statement, [{"kind": k, "about": s, "what": stage} for k, s, stage in stopped])


async def forget_clocks(connection: AsyncConnection, region: str, subjects: Sequence[UUID]) -> None:
    """The incident is over (closed, merged, diverted): its clocks go; the journal keeps what happened."""
    if subjects:
        await connection.execute(delete(clock).where(clock.c.region == region, among(clock.c.subject, subjects)))


_DUE = (
    select(clock)
    .where(clock.c.region == bindparam("at_region"), clock.c.due_at <= bindparam("now"))
    .order_by(clock.c.due_at)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


async def claim_due_clocks(connection: AsyncConnection, region: str, now: datetime, most: int) -> list[Row[Any]]:
    """Clocks that have run out, locked until the transaction ends; others skip them."""
    return list((await connection.execute(_DUE, {"at_region": region, "now": now, "most": most})).all())


_CLIMB = (
    update(clock)
    .where(
        clock.c.region == bindparam("at_region"),
        clock.c.subject_kind == bindparam("kind"),
        clock.c.subject == bindparam("about"),
        clock.c.stage == bindparam("what"),
    )
    .values(rung=bindparam("to_rung"), due_at=bindparam("to_due"), breached_at=bindparam("to_breached"))
)


async def climb(
    connection: AsyncConnection, climbed: Sequence[tuple[Row[Any], int, datetime | None, datetime | None]]
) -> None:
    """Set the rung, the next due moment and the moment of the breach of clocks."""
    parameters = [
        {
            "at_region": row.region, "kind": row.subject_kind, "about": row.subject, "what": row.stage,
            "to_rung": rung, "to_due": due, "to_breached": breached,
        }
        for row, rung, due, breached in climbed
    ]  # fmt: skip
    await connection.execute(_CLIMB, parameters)


async def rungs_of(connection: AsyncConnection, region: str, subjects: Sequence[UUID]) -> dict[tuple[UUID, str], int]:
    """How far up the ladder each breached clock has come."""
    query = select(clock.c.subject, clock.c.stage, clock.c.rung).where(
        clock.c.region == region, among(clock.c.subject, subjects), clock.c.rung > 0
    )
    return {(row.subject, row.stage): row.rung for row in await connection.execute(query)}


async def add_notifications(connection: AsyncConnection, rows: Sequence[dict[str, Any]]) -> None:
    if rows:
        await connection.execute(notification.insert(), list(rows))


async def notifications_for(
    connection: AsyncConnection, region: str, account_id: UUID, role: str, org: str, limit: int = 50
) -> list[Row[Any]]:
    """What an account was told, newest first, with `read_at`."""
    query = (
        select(notification, notification_read.c.at.label("read_at"))
        .outerjoin(
            notification_read,
            and_(
                notification_read.c.notification_id == notification.c.id,
                notification_read.c.account_id == account_id,
            ),
        )
        .where(notification.c.region == region, notification.c.org == org, notification.c.role == role)
        .order_by(notification.c.id.desc())
        .limit(limit)
    )
    return list((await connection.execute(query)).all())


async def notifications_by_ids(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> list[Row[Any]]:
    query = select(notification).where(notification.c.region == region, among(notification.c.id, ids))
    return list((await connection.execute(query)).all())


async def was_told(connection: AsyncConnection, region: str, id: UUID, role: str, org: str) -> bool:
    """Whether a notification is there and was for this role in this organisation."""
    key = (notification.c.region == region, notification.c.id == id)
    query = select(notification.c.id).where(*key, notification.c.role == role, notification.c.org == org)
    return (await connection.execute(query)).first() is not None


async def mark_read(connection: AsyncConnection, account_id: UUID, notification_id: UUID, now: datetime) -> None:
    await connection.execute(
        insert(notification_read)
        .values(account_id=account_id, notification_id=notification_id, at=now)
        .on_conflict_do_nothing()
    )


async def next_due(connection: AsyncConnection, region: str) -> datetime | None:
    """The first moment at which a clock runs out; None when none runs."""
    query = text("SELECT min(due_at) FROM clock WHERE region = :region AND due_at IS NOT NULL")
    moment: datetime | None = await connection.scalar(query, {"region": region})
    return moment
