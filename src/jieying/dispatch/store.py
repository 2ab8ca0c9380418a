"""All SQL on moves that were suggested to units. A row stands as long as the suggestion does."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Column, DateTime, Float, PrimaryKeyConstraint, Row, Table, Text, delete, select, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import among, metadata
from jieying.kit.geo import Point

move = Table(
    "suggested_move",
    metadata,
    Column("region", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    PrimaryKeyConstraint("region", "unit"),
)


async def lock_moves(connection: AsyncConnection) -> None:
    """Nobody else suggests or withdraws a move until the transaction ends: two would send two units to one gap."""
    await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('jieying moves'))"))


async def moves(connection: AsyncConnection, region: str) -> Sequence[Row[Any]]:
    """The moves that are suggested now."""
    return (await connection.execute(select(move).where(move.c.region == region).order_by(move.c.unit))).all()


async def add_move(connection: AsyncConnection, region: str, unit: str, at: datetime, post: Point) -> None:
    await connection.execute(insert(move).values(region=region, unit=unit, at=at, lat=post.lat, lon=post.lon))


async def end_moves(connection: AsyncConnection, region: str, units: Collection[str]) -> None:
    if units:
        await connection.execute(delete(move).where(move.c.region == region, among(move.c.unit, units)))
