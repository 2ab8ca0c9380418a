"""All SQL on the speeds in force. One row for a region; those that were in force before stand in the journal."""

from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Integer, PrimaryKeyConstraint, Row, Table, Text, select
from sqlalchemy.dialects.postgresql import JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import metadata

road_speeds = Table(
    "road_speeds",
    metadata,
    Column("region", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("by", Text, nullable=False),
    Column("speeds", JSONB, nullable=False),
    PrimaryKeyConstraint("region"),
)


async def put(connection: AsyncConnection, region: str, at: datetime, by: str, speeds: dict[str, Any]) -> Row[Any]:
    """Put speeds in force; their row, whose version is one more than that of those before."""
    values = {"at": at, "by": by, "speeds": speeds}
    statement = (
        insert(road_speeds)
        .values(region=region, version=1, **values)
        .on_conflict_do_update(index_elements=["region"], set_={"version": road_speeds.c.version + 1, **values})
        .returning(road_speeds)
    )
    row: Row[Any] = (await connection.execute(statement)).one()
    return row


async def newer(connection: AsyncConnection, region: str, than: int) -> Row[Any] | None:
    """The speeds in force when they are of a later version than this."""
    query = select(road_speeds).where(road_speeds.c.region == region, road_speeds.c.version > than)
    return (await connection.execute(query)).one_or_none()
