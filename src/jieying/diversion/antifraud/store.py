"""All SQL on fraud cases, stop-payment requests and batches. A request cannot be without a case, nor a case without
the report of a victim: foreign keys say so. That an account is requested twice at most says a unique index.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    Integer,
    Numeric,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.diversion.antifraud.model import StopState, refuse_move, sources
from jieying.kit.db import among, fixed, metadata
from jieying.kit.errors import Conflict, NotFound


def _moment(name: str, nullable: bool = True) -> Column[object]:
    return Column(name, DateTime(timezone=True), nullable=nullable)


case = Table(
    "fraud_case",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("report_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("acting_as", Text, nullable=False),
    _moment("opened_at", nullable=False),
    _moment("closed_at"),
    Column("close_reason", Text),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("region", "id"),
    UniqueConstraint("region", "report_id"),
    ForeignKeyConstraint(["region", "report_id"], ["report.region", "report.id"]),
    CheckConstraint("made_by IN ('victim','for_victim')", name="starts_with_a_victim"),
    Index("ix_fraud_case_opened", "region", "opened_at"),
)

batch = Table(
    "fraud_batch",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    _moment("at", nullable=False),
    Column("by", Text, nullable=False),
    # What was sent, so that the file can be written again though a request was changed since.
    Column("rows", JSONB, nullable=False),
    PrimaryKeyConstraint("region", "id"),
)

_COUNTS = "state NOT IN ('draft','refused','withdrawn')"
stop = Table(
    "fraud_stop",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("case_id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    # The first or the second time that this account is to be stopped for this case.
    Column("number", Integer, nullable=False, server_default=text("1")),
    Column("fields", JSONB, nullable=False),
    Column("counter_account", Text),
    _moment("requested_at"),
    Column("requested_by", Text),
    _moment("sent_at"),
    Column("batch_id", Uuid),
    Column("answer", Text),
    # When it took effect at the bank; a stop ends 48 hours after it.
    _moment("answer_at"),
    Column("refusal", Text),
    Column("stopped_amount", Numeric(14, 2)),
    # When somebody is to be told: nothing has happened, or the stop is about to end, or ends.
    _moment("due_at"),
    Column("rung", Integer, nullable=False, server_default=text("0")),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("region", "id"),
    ForeignKeyConstraint(["region", "case_id"], ["fraud_case.region", "fraud_case.id"]),
    ForeignKeyConstraint(["region", "batch_id"], ["fraud_batch.region", "fraud_batch.id"]),
    CheckConstraint("number IN (1, 2)", name="twice_at_most"),
    CheckConstraint("counter_account IS NOT NULL OR state IN ('draft','refused','withdrawn')", name="has_account"),
    Index(
        "uq_fraud_stop_account", "region", "case_id", "counter_account", "number", unique=True,
        postgresql_where=text(_COUNTS),
    ),
    Index("ix_fraud_stop_case", "region", "case_id"),
    Index("ix_fraud_stop_due", "region", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_fraud_stop_requested", "region", "requested_at", postgresql_where=text("state = 'requested'")),
)  # fmt: skip


# --- cases -----------------------------------------------------------------------------------------------


async def add_case(connection: AsyncConnection, **values: Any) -> bool:
    """False when the report has a case already."""
    done = await connection.execute(insert(case).values(**values).on_conflict_do_nothing())
    return done.rowcount == 1


async def case_of_report(connection: AsyncConnection, region: str, report_id: UUID) -> Row[Any] | None:
    query = select(case).where(case.c.region == region, case.c.report_id == report_id)
    return (await connection.execute(query)).one_or_none()


async def get_case(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> Row[Any]:
    """Raises NotFound."""
    query = select(case).where(case.c.region == region, case.c.id == id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("no_such_fraud_case", case=str(id))
    return row


async def list_cases(connection: AsyncConnection, region: str, state: str, limit: int) -> list[Row[Any]]:
    """Newest first."""
    query = select(case).where(case.c.region == region, case.c.state == state)
    return list((await connection.execute(query.order_by(case.c.opened_at.desc()).limit(limit))).all())


async def cases_since(connection: AsyncConnection, region: str, since: datetime) -> list[Row[Any]]:
    query = select(case).where(case.c.region == region, case.c.opened_at >= since)
    return list((await connection.execute(query)).all())


async def move_case(connection: AsyncConnection, region: str, id: UUID, source: str, **changes: Any) -> Row[Any]:
    """Guarded; raises Conflict when the case is not in the state `source` (any more)."""
    statement = (
        update(case)
        .where(case.c.region == region, case.c.id == id, case.c.state == source)
        .values(version=case.c.version + 1, **changes)
        .returning(case)
    )
    row: Row[Any] | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise Conflict("fraud_case_is", stop_case=(await get_case(connection, region, id)).state)
    return row


# --- requests --------------------------------------------------------------------------------------------


async def add_stop(connection: AsyncConnection, **values: Any) -> Row[Any]:
    row: Row[Any] = (await connection.execute(stop.insert().values(**values).returning(stop))).one()
    return row


async def get_stop(connection: AsyncConnection, region: str, id: UUID, lock: bool = False) -> Row[Any]:
    """Raises NotFound."""
    query = select(stop).where(stop.c.region == region, stop.c.id == id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("no_such_stop", stop=str(id))
    return row


async def stops_of(connection: AsyncConnection, region: str, cases: Sequence[UUID]) -> list[Row[Any]]:
    """The requests of these cases, oldest first."""
    query = select(stop).where(stop.c.region == region, among(stop.c.case_id, cases)).order_by(stop.c.id)
    return list((await connection.execute(query)).all())


async def lock_stops(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> dict[str, Row[Any]]:
    """Those that are there, locked in the one order that everybody keeps, by their id as text."""
    query = select(stop).where(stop.c.region == region, among(stop.c.id, ids)).order_by(stop.c.id)
    return {str(row.id): row for row in await connection.execute(query.with_for_update())}


async def change_stop(
    connection: AsyncConnection, row: Row[Any], version: int | None = None, **changes: Any
) -> Row[Any]:
    """Change other than the state; raises Conflict when it has been changed since `version`."""
    if version is not None and row.version != version:
        raise Conflict("stop_changed_meanwhile", version=row.version)
    statement = update(stop).where(stop.c.region == row.region, stop.c.id == row.id)
    changed = statement.values(version=stop.c.version + 1, **changes).returning(stop)
    after: Row[Any] = (await connection.execute(changed)).one()
    return after


async def move_stop(connection: AsyncConnection, region: str, id: UUID, target: StopState, **changes: Any) -> Row[Any]:
    """A guarded step: of two at once one wins, the other is told how it stands. Raises NotFound, Conflict."""
    statement = (
        update(stop)
        .where(stop.c.region == region, stop.c.id == id, stop.c.state.in_(sources(target)))
        .values(state=str(target), rung=0, version=stop.c.version + 1, **changes)
        .returning(stop)
    )
    row: Row[Any] | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise refuse_move((await get_stop(connection, region, id)).state, target)
    return row


async def claim_requested(connection: AsyncConnection, region: str, most: int) -> list[Row[Any]]:
    """Requests that wait to be sent, the oldest first, locked; others skip them."""
    query = (
        select(stop)
        .where(stop.c.region == region, fixed(stop.c.state, StopState.REQUESTED))
        .order_by(stop.c.requested_at, stop.c.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    )
    return list((await connection.execute(query)).all())


async def claim_due(connection: AsyncConnection, region: str, now: datetime, most: int) -> list[Row[Any]]:
    """Requests about which somebody is to be told, locked until the transaction ends; others skip them."""
    query = select(stop).where(stop.c.region == region, stop.c.due_at <= now).order_by(stop.c.due_at).limit(most)
    return list((await connection.execute(query.with_for_update(skip_locked=True))).all())


async def set_due(connection: AsyncConnection, row: Row[Any], due_at: datetime | None, rung: int) -> None:
    """Nothing that anybody sees: the version stays."""
    statement = update(stop).where(stop.c.region == row.region, stop.c.id == row.id)
    await connection.execute(statement.values(due_at=due_at, rung=rung))


async def next_due(connection: AsyncConnection, region: str) -> datetime | None:
    query = select(func.min(stop.c.due_at)).where(stop.c.region == region, stop.c.due_at.is_not(None))
    moment: datetime | None = await connection.scalar(query)
    return moment


# --- batches ---------------------------------------------------------------------------------------------


async def add_batch(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(batch.insert().values(**values))


async def get_batch(connection: AsyncConnection, region: str, id: UUID) -> Row[Any]:
    """Raises NotFound."""
    row = (await connection.execute(select(batch).where(batch.c.region == region, batch.c.id == id))).one_or_none()
    if row is None:
        raise NotFound("no_such_batch", batch=str(id))
    return row


async def known_batches(connection: AsyncConnection, region: str, ids: Sequence[UUID]) -> set[str]:
    query = select(batch.c.id).where(batch.c.region == region, among(batch.c.id, ids))
    return {str(id_) for id_ in (await connection.execute(query)).scalars()}
