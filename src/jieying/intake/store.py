"""All SQL on media; the files themselves lie beside the database, named by their content."""

from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, PrimaryKeyConstraint, Row, Table, Text, select
from sqlalchemy.dialects.postgresql import insert
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


async def add_media(connection: AsyncConnection, **values: Any) -> None:
    """Note a file; one with the same content is there already and stays as it is."""
    await connection.execute(insert(media).values(**values).on_conflict_do_nothing())


async def find_media(connection: AsyncConnection, region: str, hashes: list[str]) -> list[Row[Any]]:
    query = select(media).where(media.c.region == region, media.c.sha256.in_(hashes))
    return list((await connection.execute(query)).all())
