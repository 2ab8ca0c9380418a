"""All SQL on the vault: words that are kept and can't be read by whoever reads the table or a backup."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, LargeBinary, PrimaryKeyConstraint, Table, Text, Uuid, func, select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import metadata
from jieying.kit.keyring import Locked

vault = Table(
    "vault",
    metadata,
    Column("region", Text, nullable=False),
    Column("subject_kind", Text, nullable=False),
    Column("subject", Uuid, nullable=False),
    Column("field", Text, nullable=False),
    Column("key_id", Text, nullable=False),
    Column("nonce", LargeBinary, nullable=False),
    Column("ciphertext", LargeBinary, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("region", "subject_kind", "subject", "field"),
)


async def add(
    connection: AsyncConnection, region: str, subject_kind: str, subject: UUID, field: str, locked: Locked, at: datetime
) -> None:
    """Keep it; what is there already stays."""
    row = {
        "region": region, "subject_kind": subject_kind, "subject": subject, "field": field, "at": at,
        "key_id": locked.key_id, "nonce": locked.nonce, "ciphertext": locked.ciphertext,
    }  # fmt: skip
    await connection.execute(insert(vault).values(row).on_conflict_do_nothing())


async def find(connection: AsyncConnection, region: str, subject_kind: str, subject: UUID, field: str) -> Locked | None:
    query = select(vault.c.key_id, vault.c.nonce, vault.c.ciphertext).where(
        vault.c.region == region,
        vault.c.subject_kind == subject_kind,
        vault.c.subject == subject,
        vault.c.field == field,
    )
    row = (await connection.execute(query)).one_or_none()
    return Locked(*row) if row else None


async def count_by_key(connection: AsyncConnection) -> dict[str, int]:
    """How much each key has locked."""
    query = select(vault.c.key_id, func.count()).group_by(vault.c.key_id)
    return {key_id: int(count) for key_id, count in await connection.execute(query)}
