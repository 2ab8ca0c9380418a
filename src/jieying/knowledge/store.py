"""All SQL on the entries of the base, what they said before, and the questions that were asked."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    Date,
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
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import metadata
from jieying.kit.errors import NotFound
from jieying.knowledge.model import ASKED_TRANSITIONS, AskedState, Entry, QuestionClass, Scope, refuse_move

entry = Table(
    "knowledge_entry",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("class", Text, nullable=False),
    Column("question", Text, nullable=False),
    Column("wordings", ARRAY(Text), nullable=False),
    Column("answer", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("valid_until", Date, nullable=False),
    Column("version", Integer, nullable=False, server_default=text("1")),
    Column("changed_at", DateTime(timezone=True), nullable=False),
    Column("changed_by", Text, nullable=False),
    PrimaryKeyConstraint("region", "id"),
)

# What an entry said before it was changed; the present version stands in knowledge_entry.
past = Table(
    "knowledge_past",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("content", JSONB, nullable=False),
    PrimaryKeyConstraint("region", "id", "version"),
)

asked = Table(
    "knowledge_asked",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("state", Text, nullable=False),
    Column("words", Text, nullable=False),  # masked: the original is in the vault
    Column("masked", Boolean, nullable=False, server_default=text("false")),
    Column("report_id", Uuid),
    Column("org", Text, nullable=False),
    Column("asked_at", DateTime(timezone=True), nullable=False),
    Column("certainty", Float, nullable=False),
    Column("suggested", ARRAY(Text), nullable=False),
    Column("claimed_by", Text),
    Column("answer", Text),
    Column("source", Text),
    Column("entry_id", Text),
    Column("answered_at", DateTime(timezone=True)),
    # Due when the next rung of the ladder is told that nobody has answered.
    Column("due_at", DateTime(timezone=True)),
    Column("rung", Integer, nullable=False, server_default=text("0")),
    PrimaryKeyConstraint("region", "id"),
    Index("ix_knowledge_asked_due", "region", "due_at", postgresql_where=text("due_at IS NOT NULL")),
    Index("ix_knowledge_asked_report", "region", "report_id"),
)

_CONTENT = ("class", "question", "wordings", "answer", "source", "scope", "valid_until")
OPEN = (AskedState.WAITING, AskedState.CLAIMED)


def columns(one: Entry) -> dict[str, Any]:
    """An entry as a row."""
    return {
        "id": one.id, "class": str(one.class_), "question": one.question, "wordings": list(one.wordings),
        "answer": one.answer, "source": one.source, "scope": str(one.scope), "valid_until": one.valid_until,
    }  # fmt: skip


def entry_of(row: Row[Any]) -> Entry:
    kept = row._mapping
    return Entry(
        row.id, QuestionClass(kept["class"]), row.question, tuple(row.wordings), row.answer, row.source,
        Scope(row.scope), row.valid_until,
    )  # fmt: skip


async def add_missing(connection: AsyncConnection, region: str, entries: Iterable[Entry], now: datetime) -> None:
    """Put in those whose id is not there yet; what an editor has changed or retired stays as it is."""
    fixed = {"region": region, "state": "current", "changed_at": now, "changed_by": "system"}
    statement = insert(entry).on_conflict_do_nothing()
    await connection.execute(statement, [columns(one) | fixed for one in entries])


async def stamp(connection: AsyncConnection, region: str) -> tuple[int, int]:
    """Other whenever an entry was added, changed or retired."""
    query = select(func.count(), func.coalesce(func.sum(entry.c.version), 0)).where(entry.c.region == region)
    count, versions = (await connection.execute(query)).one()
    return int(count), int(versions)


async def list_entries(
    connection: AsyncConnection, region: str, class_: str | None = None, state: str | None = "current"
) -> list[Row[Any]]:
    query = select(entry).where(entry.c.region == region).order_by(entry.c.id)
    if class_ is not None:
        query = query.where(entry.c["class"] == class_)
    if state is not None:
        query = query.where(entry.c.state == state)
    return list((await connection.execute(query)).all())


async def get_entry(connection: AsyncConnection, region: str, id: str, lock: bool = False) -> Row[Any]:
    """Raises NotFound."""
    query = select(entry).where(entry.c.region == region, entry.c.id == id)
    row = (await connection.execute(query.with_for_update() if lock else query)).one_or_none()
    if row is None:
        raise NotFound("no_such_entry", entry=id)
    return row


async def add_entry(connection: AsyncConnection, region: str, one: Entry, now: datetime, actor: str) -> bool:
    """False when the id is taken."""
    row = columns(one) | {"region": region, "state": "current", "changed_at": now, "changed_by": actor}
    done = await connection.execute(insert(entry).values(row).on_conflict_do_nothing())
    return done.rowcount == 1


async def change_entry(
    connection: AsyncConnection, before: Row[Any], now: datetime, actor: str, **changes: Any
) -> Row[Any]:
    """Change a locked entry; what it said is kept."""
    kept = before._mapping
    content = {name: kept[name] for name in (*_CONTENT, "state", "changed_at", "changed_by")}
    await connection.execute(
        past.insert().values(region=before.region, id=before.id, version=before.version, content=content)
    )
    statement = (
        update(entry)
        .where(entry.c.region == before.region, entry.c.id == before.id)
        .values(changes | {"version": before.version + 1, "changed_at": now, "changed_by": actor})
        .returning(entry)
    )
    changed: Row[Any] = (await connection.execute(statement)).one()
    return changed


async def past_of(connection: AsyncConnection, region: str, id: str) -> list[Row[Any]]:
    """What an entry said before, newest first."""
    query = select(past).where(past.c.region == region, past.c.id == id).order_by(past.c.version.desc())
    return list((await connection.execute(query)).all())


async def add_asked(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(asked.insert().values(**values))


async def unmasked(connection: AsyncConnection, region: str, most: int) -> list[Row[Any]]:
    """Questions whose words are not in the vault yet, locked until the transaction ends."""
    query = select(asked).where(asked.c.region == region, asked.c.masked.is_(False)).limit(most)
    return list((await connection.execute(query.with_for_update(skip_locked=True))).all())


async def set_masked(connection: AsyncConnection, row: Row[Any], words: str) -> None:
    statement = update(asked).where(asked.c.region == row.region, asked.c.id == row.id)
    await connection.execute(statement.values(words=words, masked=True))


async def list_asked(
    connection: AsyncConnection, region: str, states: Sequence[str], limit: int = 200
) -> list[Row[Any]]:
    """Those that wait longest first."""
    query = select(asked).where(asked.c.region == region, asked.c.state.in_(states)).order_by(asked.c.asked_at)
    return list((await connection.execute(query.limit(limit))).all())


async def get_asked(connection: AsyncConnection, region: str, id: UUID) -> Row[Any]:
    """Raises NotFound."""
    query = select(asked).where(asked.c.region == region, asked.c.id == id)
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise NotFound("no_such_asked", asked=str(id))
    return row


async def move_asked(
    connection: AsyncConnection, region: str, id: UUID, target: AskedState, *, holder: str | None = None, **changes: Any
) -> Row[Any]:
    """A guarded step: of two at once one wins, the other is told how it stands. `holder`: only who has claimed it.

    Raises NotFound, Conflict.
    """
    sources = [state for state, targets in ASKED_TRANSITIONS.items() if target in targets]
    statement = (
        update(asked)
        .where(asked.c.region == region, asked.c.id == id, asked.c.state.in_(sources))
        .values(state=str(target), **changes)
        .returning(asked)
    )
    if holder is not None:
        statement = statement.where(asked.c.claimed_by == holder)
    row: Row[Any] | None = (await connection.execute(statement)).one_or_none()
    if row is None:
        raise refuse_move((await get_asked(connection, region, id)).state, target)
    return row


async def asked_of_report(connection: AsyncConnection, region: str, report_id: UUID) -> Row[Any] | None:
    """The latest question that a report led to."""
    query = select(asked).where(asked.c.region == region, asked.c.report_id == report_id)
    return (await connection.execute(query.order_by(asked.c.asked_at.desc()).limit(1))).one_or_none()


async def open_of_reports(connection: AsyncConnection, region: str, reports: Sequence[UUID]) -> list[Row[Any]]:
    """Questions of these reports that still wait for an answer."""
    query = select(asked).where(asked.c.region == region, asked.c.report_id.in_(reports), asked.c.state.in_(OPEN))
    return list((await connection.execute(query)).all())


async def withdrawn_of_reports(connection: AsyncConnection, region: str, reports: Sequence[UUID]) -> list[Row[Any]]:
    """Questions of these reports that were ended because the report was dealt with."""
    query = select(asked).where(
        asked.c.region == region, asked.c.report_id.in_(reports), asked.c.state == str(AskedState.WITHDRAWN)
    )
    return list((await connection.execute(query)).all())


async def ask_again(connection: AsyncConnection, row: Row[Any], due_at: datetime | None) -> None:
    """A withdrawn question stands as it stood before: claimed where somebody had claimed it."""
    state = AskedState.CLAIMED if row.claimed_by else AskedState.WAITING
    withdrawn = asked.c.state == str(AskedState.WITHDRAWN)
    statement = update(asked).where(asked.c.region == row.region, asked.c.id == row.id, withdrawn)
    await connection.execute(statement.values(state=str(state), due_at=due_at))


async def claim_due(connection: AsyncConnection, region: str, now: datetime, most: int) -> list[Row[Any]]:
    """Questions that nobody answered in time, locked until the transaction ends; others skip them."""
    query = select(asked).where(asked.c.region == region, asked.c.due_at <= now).order_by(asked.c.due_at).limit(most)
    return list((await connection.execute(query.with_for_update(skip_locked=True))).all())


async def climb(connection: AsyncConnection, row: Row[Any], due_at: datetime | None) -> None:
    statement = update(asked).where(asked.c.region == row.region, asked.c.id == row.id)
    await connection.execute(statement.values(rung=row.rung + 1, due_at=due_at))


async def next_due(connection: AsyncConnection, region: str) -> datetime | None:
    query = select(func.min(asked.c.due_at)).where(asked.c.region == region, asked.c.due_at.is_not(None))
    moment: datetime | None = await connection.scalar(query)
    return moment
