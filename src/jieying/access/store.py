"""All SQL on accounts and sessions."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    Boolean,
    Column,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    Row,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    delete,
    select,
    text,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import metadata

account = Table(
    "account",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("region", Text, nullable=False),
    Column("username", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("password_hash", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("org", Text, nullable=False),
    Column("unit", Text),
    Column("disabled", Boolean, nullable=False, server_default=text("false")),
    Column("failures", Integer, nullable=False, server_default=text("0")),
    Column("locked_until", DateTime(timezone=True)),
    UniqueConstraint("region", "username"),
)

session = Table(
    "session",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("account_id", Uuid, ForeignKey("account.id", ondelete="CASCADE"), nullable=False),
    Column("expires_at", DateTime(timezone=True), nullable=False),
    Index("ix_session_expires_at", "expires_at"),
)


async def add_account(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(account.insert().values(**values))


async def find_account(connection: AsyncConnection, region: str, username: str, lock: bool = False) -> Row[Any] | None:
    query = select(account).where(account.c.region == region, account.c.username == username)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def list_accounts(connection: AsyncConnection, region: str) -> list[Row[Any]]:
    query = select(account).where(account.c.region == region).order_by(account.c.username)
    return list((await connection.execute(query)).all())


async def change_account(connection: AsyncConnection, id: UUID, **changes: Any) -> None:
    await connection.execute(update(account).where(account.c.id == id).values(**changes))


async def add_session(connection: AsyncConnection, token_hash: bytes, account_id: UUID, expires_at: datetime) -> None:
    await connection.execute(
        session.insert().values(token_hash=token_hash, account_id=account_id, expires_at=expires_at)
    )


async def find_session(connection: AsyncConnection, token_hash: bytes, now: datetime) -> Row[Any] | None:
    """The account of a session that has not ended, with `expires_at`."""
    query = (
        select(account, session.c.expires_at)
        .join(session, session.c.account_id == account.c.id)
        .where(session.c.token_hash == token_hash, session.c.expires_at > now, account.c.disabled.is_(False))
    )
    return (await connection.execute(query)).one_or_none()


async def end_session(connection: AsyncConnection, token_hash: bytes) -> None:
    await connection.execute(delete(session).where(session.c.token_hash == token_hash))


async def end_sessions_of(connection: AsyncConnection, account_id: UUID) -> None:
    await connection.execute(delete(session).where(session.c.account_id == account_id))


async def end_expired(connection: AsyncConnection, now: datetime) -> None:
    await connection.execute(delete(session).where(session.c.expires_at <= now))
