"""All SQL on media, whose files lie beside the database, named by their content; and on labels."""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Column,
    DateTime,
    ForeignKeyConstraint,
    Index,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import metadata

media = Table(
    "media",
    metadata,
    Column("region", Text, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("added_by", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    PrimaryKeyConstraint("region", "sha256"),
)

# What the platform proposed for a report, and what a person decided (intake/labels.py).
label = Table(
    "label",
    metadata,
    Column("region", Text, nullable=False),
    Column("id", Uuid, nullable=False),
    Column("report_id", Uuid, nullable=False),
    Column("act", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("proposed", JSONB, nullable=False),
    Column("decided", JSONB, nullable=False),
    PrimaryKeyConstraint("region", "id"),
    ForeignKeyConstraint(["region", "report_id"], ["report.region", "report.id"]),
    Index("ix_label_report", "region", "report_id"),
)


async def add_label(connection: AsyncConnection, **values: Any) -> None:
    await connection.execute(label.insert(), values)


async def list_labels(connection: AsyncConnection, region: str) -> list[Row[Any]]:
    """Every label, oldest first."""
    query = select(label).where(label.c.region == region).order_by(label.c.id)
    return list((await connection.execute(query)).all())


async def add_media(connection: AsyncConnection, **values: Any) -> None:
    """Note a file; one with the same content is there already and stays as it is."""
    await connection.execute(insert(media).values(**values).on_conflict_do_nothing())


async def find_media(connection: AsyncConnection, region: str, hashes: list[str]) -> list[Row[Any]]:
    query = select(media).where(media.c.region == region, media.c.sha256.in_(hashes))
    return list((await connection.execute(query)).all())
