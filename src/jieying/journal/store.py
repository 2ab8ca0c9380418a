"""All SQL of the journal. `journal_append` and `journal_hash` are functions of the database (migration 0001)."""

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    PrimaryKeyConstraint,
    Table,
    Text,
    Uuid,
    bindparam,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import UserDefinedType

from jieying.journal.model import START, Entry, Fault, Position
from jieying.kit.db import by_month, metadata
from jieying.kit.hot import fetch, fetch_one


class Xid8(UserDefinedType[int]):
    """PostgreSQL's 64-bit transaction id; never read as such, only cast."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        return "XID8"


journal = by_month(
    Table(
        "journal",
        metadata,
        Column("region", Text, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("epoch", Integer, nullable=False, server_default=text("1")),
        Column("xid", Xid8, nullable=False, server_default=text("pg_current_xact_id()")),
        Column("seq", BigInteger, Identity(always=True), nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        Column("kind", Text, nullable=False),
        Column("subject_kind", Text, nullable=False),
        Column("subject", Text, nullable=False),
        Column("number", Integer, nullable=False),
        Column("incident_id", Uuid),
        Column("actor", Text, nullable=False),
        Column("data", JSONB, nullable=False),
        Column("hash", LargeBinary, nullable=False),
        PrimaryKeyConstraint("region", "id"),
        Index("ix_journal_reading", "epoch", "xid", "seq"),
        Index("ix_journal_subject", "region", "subject_kind", "subject"),
        Index("ix_journal_incident", "region", "incident_id"),
    )
)

journal_head = Table(
    "journal_head",
    metadata,
    Column("region", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    PrimaryKeyConstraint("region", "subject_kind", "subject"),
)

journal_cursor = Table(
    "journal_cursor",
    metadata,
    Column("reader", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("xid", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
)

_APPEND = text(
    """
    SELECT journal_append(region, id, at, kind, subject_kind, subject, incident, actor, data)
    FROM jsonb_to_recordset(:entries) AS entry (region text, id uuid, at timestamptz, kind text, subject_kind text,
                                                subject text, incident uuid, actor text, data jsonb)
    """
).bindparams(bindparam("entries", type_=JSONB))

# Only below the oldest running transaction: everything there has been committed or undone for good.
_NEXT = """
    SELECT epoch, xid::text::bigint AS xid, seq, id, at, kind, subject_kind, subject, incident_id, actor, data
    FROM journal
    WHERE (epoch, xid, seq) > (:epoch, CAST(CAST(:xid AS text) AS xid8), :seq)
      AND (epoch < (SELECT max(epoch) FROM journal_epoch) OR xid < pg_snapshot_xmin(pg_current_snapshot()))
    ORDER BY epoch, xid, seq
    LIMIT :limit
"""
_READ = text(_NEXT)

# Of a batch only what the reader heeds, and the last, where it stands afterwards.
_READ_KINDS = text(
    f"""
    WITH batch AS ({_NEXT})
    SELECT * FROM batch
    WHERE kind = ANY(CAST(:kinds AS text[]))
       OR (epoch, xid, seq) = (SELECT epoch, xid, seq FROM batch ORDER BY epoch DESC, xid DESC, seq DESC LIMIT 1)
    ORDER BY epoch, xid, seq
    """  # noqa: S608 - put together from a constant
)

_TIMELINE = text(
    """
    SELECT epoch, xid::text::bigint AS xid, seq, id, at, kind, subject_kind, subject, incident_id, actor, data
    FROM journal
    WHERE region = :region
      AND (incident_id = :incident OR (subject_kind = 'report' AND subject = ANY(CAST(:reports AS text[]))))
    ORDER BY at, epoch, seq LIMIT :limit
    """
).bindparams(bindparam("incident", type_=Uuid))

journal_epoch = Table("journal_epoch", metadata, Column("epoch", Integer, primary_key=True))


def _entry(row: Any) -> Entry:
    return Entry(
        Position(row.epoch, row.xid, row.seq),
        row.id,
        row.at,
        row.kind,
        row.subject_kind,
        row.subject,
        row.incident_id,
        row.actor,
        row.data,
    )


@dataclass(frozen=True)
class NewEntry:
    """An entry to be written; see journal/model.py."""

    region: str
    id: UUID
    at: datetime
    kind: str
    subject_kind: str
    subject: str
    incident: UUID | None
    actor: str
    data: dict[str, Any]


_gathered: ContextVar[list[NewEntry] | None] = ContextVar("_gathered", default=None)


@asynccontextmanager
async def gathering(connection: AsyncConnection) -> AsyncIterator[None]:
    """Whatever is appended inside is written at the end of the block by one statement: a transaction of many entries
    locks the heads of their chains last, and no longer than it must. Nothing is written when the block raises.
    """
    entries: list[NewEntry] = []
    token = _gathered.set(entries)
    try:
        yield
    finally:
        _gathered.reset(token)
    if entries:
        await append(connection, entries)


async def append(connection: AsyncConnection, entries: Sequence[NewEntry]) -> None:
    """Write entries in this order, each at the end of its subject's chain."""
    gathered = _gathered.get()
    if gathered is not None:
        gathered.extend(entries)
        return
    await fetch(connection, _APPEND, {"entries": list(entries)})


async def read_after(connection: AsyncConnection, position: Position, limit: int) -> list[Entry]:
    """The next entries behind a position that no running transaction can still come before."""
    parameters = {"epoch": position.epoch, "xid": str(position.xid), "seq": position.seq, "limit": limit}
    return [_entry(row) for row in await fetch(connection, _READ, parameters)]


async def read_kinds(
    connection: AsyncConnection, position: Position, kinds: Collection[str], limit: int
) -> tuple[Position, list[Entry]]:
    """Where a batch of so many entries behind a position ends, and those of it that are of these kinds."""
    parameters = {"epoch": position.epoch, "xid": str(position.xid), "seq": position.seq, "limit": limit}
    rows = await fetch(connection, _READ_KINDS, parameters | {"kinds": list(kinds)})
    entries = [_entry(row) for row in rows]
    end = entries[-1].position if entries else position
    return end, [one for one in entries if one.kind in kinds]


async def is_quiet(connection: AsyncConnection) -> bool:
    """Whether every committed entry can be read now: no other transaction that writes is running."""
    quiet: bool = await connection.scalar(
        text("SELECT pg_snapshot_xmin(s) = pg_snapshot_xmax(s) FROM pg_current_snapshot() AS s")
    )
    return quiet


async def timeline(
    connection: AsyncConnection, region: str, incident: UUID, reports: Sequence[UUID], limit: int = 1000
) -> list[Entry]:
    """All that happened around one incident and its reports, oldest first."""
    parameters = {"region": region, "incident": incident, "reports": [str(id_) for id_ in reports], "limit": limit}
    return [_entry(row) for row in await connection.execute(_TIMELINE, parameters)]


_OF_SUBJECT = text(
    """
    SELECT epoch, xid::text::bigint AS xid, seq, id, at, kind, subject_kind, subject, incident_id, actor, data
    FROM journal WHERE region = :region AND subject_kind = :kind AND subject = :subject
    ORDER BY number LIMIT :limit
    """
)


async def of_subject(
    connection: AsyncConnection, region: str, kind: str, subject: UUID, limit: int = 1000
) -> list[Entry]:
    """All that happened to one subject, oldest first."""
    parameters = {"region": region, "kind": kind, "subject": str(subject), "limit": limit}
    return [_entry(row) for row in await connection.execute(_OF_SUBJECT, parameters)]


async def end_position(connection: AsyncConnection) -> Position:
    """A position behind every entry that can be read now."""
    row = (
        await connection.execute(
            text(
                "SELECT (SELECT max(epoch) FROM journal_epoch) AS epoch,"
                " pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS xid"
            )
        )
    ).one()
    return Position(row.epoch, row.xid - 1, 2**62)


async def position_is_known(connection: AsyncConnection, position: Position) -> bool:
    """Whether a position handed in by a client can be one of ours: not ahead of the journal, not of another."""
    end = await end_position(connection)
    return position > START and position.epoch == end.epoch and position.xid <= end.xid


_CURSOR = text("SELECT epoch, xid, seq FROM journal_cursor WHERE reader = :reader FOR UPDATE SKIP LOCKED")
_MOVE_CURSOR = text("UPDATE journal_cursor SET epoch = :epoch, xid = :xid, seq = :seq WHERE reader = :reader")
_NEW_CURSOR = text("INSERT INTO journal_cursor VALUES (:reader, 0, 0, 0) ON CONFLICT DO NOTHING")


async def claim_cursor(connection: AsyncConnection, reader: str) -> Position | None:
    """The durable cursor of a reader, locked until the transaction ends; None when another process has it."""
    row = await fetch_one(connection, _CURSOR, {"reader": reader})
    if row is None:  # a new reader, or another process has it
        await connection.execute(_NEW_CURSOR, {"reader": reader})
        row = await fetch_one(connection, _CURSOR, {"reader": reader})
    return Position(row.epoch, row.xid, row.seq) if row else None


async def move_cursor(connection: AsyncConnection, reader: str, position: Position) -> None:
    await fetch(connection, _MOVE_CURSOR, {"reader": reader, **position._asdict()})


# Rows of one number are compared with every row of the number before: an inserted one casts no doubt on the next.
_VERIFY = text(
    """
    WITH link AS (
        SELECT *, coalesce(lag(number) OVER chain, 0) AS number_before,
               coalesce(lag(hashes) OVER chain, ARRAY[''::bytea]) AS before
        FROM (SELECT region, subject_kind, subject, number, array_agg(hash) AS hashes
              FROM journal GROUP BY region, subject_kind, subject, number) AS numbers
        WINDOW chain AS (PARTITION BY region, subject_kind, subject ORDER BY number)
    ), tail AS (
        SELECT DISTINCT ON (region, subject_kind, subject) region, subject_kind, subject, number AS last, hashes
        FROM link ORDER BY region, subject_kind, subject, number DESC
    )
    SELECT region, subject_kind, subject, missing AS number, 'removed' AS problem
    FROM link, generate_series(number_before + 1, number - 1) AS missing
    UNION ALL
    SELECT region, subject_kind, subject, number, 'inserted' FROM link WHERE cardinality(hashes) > 1
    UNION ALL
    SELECT region, subject_kind, subject, number, 'changed'
    FROM journal AS j JOIN link USING (region, subject_kind, subject, number)
    WHERE cardinality(hashes) = 1 AND number = number_before + 1 AND NOT EXISTS (
        SELECT FROM unnest(before) AS hash_before
        WHERE j.hash = journal_hash(hash_before, region, id, at, kind, subject_kind, subject, number, incident_id,
                                    actor, data))
    UNION ALL
    SELECT region, subject_kind, subject, missing, 'removed'
    FROM journal_head LEFT JOIN tail USING (region, subject_kind, subject),
         generate_series(coalesce(last, 0) + 1, entries) AS missing
    UNION ALL
    SELECT region, subject_kind, subject, number, 'inserted'
    FROM link LEFT JOIN journal_head USING (region, subject_kind, subject) WHERE number > coalesce(entries, 0)
    UNION ALL
    SELECT region, subject_kind, subject, entries, 'changed'
    FROM journal_head JOIN tail USING (region, subject_kind, subject) WHERE last = entries AND hash <> ALL (hashes)
    ORDER BY 1, 2, 3, 4, 5
    """
)


async def verify(connection: AsyncConnection) -> tuple[int, Sequence[Fault]]:
    """Recompute every hash: the number of entries and each one that was changed, removed or inserted."""
    entries = await connection.scalar(text("SELECT count(*) FROM journal")) or 0
    rows = await connection.execute(_VERIFY)
    found: dict[tuple[str, str, str, int], Fault] = {}
    for row in rows:
        fault = Fault(*row)
        # The last word counts: a row that was inserted is not called changed as well.
        found[fault.region, fault.subject_kind, fault.subject, fault.number] = fault
    return entries, list(found.values())


async def begin_epoch(connection: AsyncConnection) -> int:
    """After a restore: begin a new epoch, so that readers go on although transaction ids start anew."""
    epoch: int = (await connection.scalar(text("SELECT max(epoch) + 1 FROM journal_epoch"))) or 1
    await connection.execute(text("INSERT INTO journal_epoch VALUES (:epoch)"), {"epoch": epoch})
    await connection.execute(text(f"ALTER TABLE journal ALTER COLUMN epoch SET DEFAULT {epoch}"))
    tables = await connection.execute(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'journal'::regclass")
    )
    for (name,) in tables.all():
        await connection.execute(text(f"ALTER TABLE {name} ALTER COLUMN epoch SET DEFAULT {epoch}"))
    return epoch
