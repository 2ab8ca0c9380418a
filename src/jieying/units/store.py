"""All SQL on units and their positions. `status` is computed by the database and can't be set."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Computed,
    DateTime,
    Float,
    Index,
    Integer,
    PrimaryKeyConstraint,
    Row,
    Table,
    Text,
    Uuid,
    bindparam,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.kit.db import among, by_month, metadata
from jieying.kit.hot import fetch

UnitRow = Row[Any]

unit = Table(
    "unit",
    metadata,
    Column("region", Text, nullable=False),
    Column("code", Text, nullable=False),
    # What was set by hand or by the roster: off_duty, available, unavailable.
    Column("base", Text, nullable=False),
    Column("base_reason", Text),
    Column("on_roster", Boolean, nullable=False),
    Column("offered", Uuid),
    Column("active", Uuid),
    Column("active_state", Text),
    Column("incident_id", Uuid),
    Column("level_rank", Integer),
    Column(
        "status",
        Text,
        Computed(
            "CASE WHEN active_state = 'accepted' THEN 'committed' WHEN active IS NOT NULL THEN active_state "
            "WHEN offered IS NOT NULL THEN 'offered' ELSE base END",
            persisted=True,
        ),
        nullable=False,
    ),
    Column("version", Integer, nullable=False, server_default=text("1")),
    PrimaryKeyConstraint("region", "code"),
    Index("ix_unit_status", "region", "status"),
)

unit_position = Table(
    "unit_position",
    metadata,
    Column("region", Text, nullable=False),
    Column("unit", Text, nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("at", DateTime(timezone=True), nullable=False),
    # Readers of the live feed ask for what changed since a number.
    Column("change", BigInteger, nullable=False, server_default=text("nextval('position_change')")),
    PrimaryKeyConstraint("region", "unit"),
    postgresql_with={"fillfactor": "50"},
)

position_history = by_month(
    Table(
        "position_history",
        metadata,
        Column("region", Text, nullable=False),
        Column("id", Uuid, nullable=False),
        Column("unit", Text, nullable=False),
        Column("lat", Float, nullable=False),
        Column("lon", Float, nullable=False),
        Column("at", DateTime(timezone=True), nullable=False),
        PrimaryKeyConstraint("region", "id"),
        Index("ix_position_history_unit", "region", "unit", "at"),
    )
)

_JOINED = (
    select(unit, unit_position.c.lat, unit_position.c.lon, unit_position.c.at.label("position_at"))
    .select_from(unit)
    .outerjoin(unit_position, (unit_position.c.region == unit.c.region) & (unit_position.c.unit == unit.c.code))
)


async def add_missing(connection: AsyncConnection, region: str, codes: Iterable[str]) -> None:
    """Give every unit of the pack its row; the ones that have one keep it."""
    rows = [{"region": region, "code": code, "base": "off_duty", "on_roster": False} for code in codes]
    if rows:
        await connection.execute(insert(unit).on_conflict_do_nothing(), rows)


async def list_units(connection: AsyncConnection, region: str, codes: Sequence[str] | None = None) -> list[UnitRow]:
    """Units with their latest position."""
    query = _JOINED.where(unit.c.region == region)
    if codes is not None:
        query = query.where(among(unit.c.code, codes))
    return list((await connection.execute(query.order_by(unit.c.code))).all())


_IS_FREE = unit.c.status == "available"
# One whose duty has ended since finishes what it is doing and gets nothing new.
_IS_REACHABLE = ((unit.c.status == "committed") | (unit.c.status == "en_route")) & (unit.c.base == "available")
_FREE = _JOINED.where(unit.c.region == bindparam("at_region"), _IS_FREE)
_REACHABLE = _JOINED.where(unit.c.region == bindparam("at_region"), or_(_IS_FREE, _IS_REACHABLE))


async def candidates(connection: AsyncConnection, region: str, preempt: bool) -> list[UnitRow]:
    """Units that can be offered something: the free ones and, where a plan allows it, those on their way."""
    return await fetch(connection, _REACHABLE if preempt else _FREE, {"at_region": region})


async def find_unit(connection: AsyncConnection, region: str, code: str, lock: bool = False) -> UnitRow | None:
    query = select(unit).where(unit.c.region == region, unit.c.code == code)
    return (await connection.execute(query.with_for_update() if lock else query)).one_or_none()


async def set_base(connection: AsyncConnection, region: str, code: str, base: str, reason: str | None) -> None:
    await connection.execute(
        update(unit)
        .where(unit.c.region == region, unit.c.code == code)
        .values(base=base, base_reason=reason, version=unit.c.version + 1)
    )


async def set_roster(connection: AsyncConnection, region: str, codes: Sequence[str], on: bool) -> list[str]:
    """Begin or end the duty of units; the codes of those for which this is news."""
    statement = (
        update(unit)
        .where(unit.c.region == region, among(unit.c.code, codes), unit.c.on_roster.is_not(on))
        .values(
            on_roster=on,
            base="available" if on else "off_duty",
            base_reason=None,
            version=unit.c.version + 1,
        )
        .returning(unit.c.code)
    )
    return list((await connection.execute(statement)).scalars())


async def rostered(connection: AsyncConnection, region: str) -> dict[str, bool]:
    """Whether each unit is on duty by the roster as last applied."""
    rows = await connection.execute(select(unit.c.code, unit.c.on_roster).where(unit.c.region == region))
    return {row.code: row.on_roster for row in rows}


async def take_offer(
    connection: AsyncConnection, region: str, code: str, assignment: UUID, incident: UUID, level_rank: int
) -> bool:
    """Mark a free unit as offered; False when it is no longer free."""
    statement = (
        update(unit)
        .where(unit.c.region == region, unit.c.code == code)
        .where(unit.c.status == "available")
        .values(offered=assignment, incident_id=incident, level_rank=level_rank, version=unit.c.version + 1)
    )
    return (await connection.execute(statement)).rowcount == 1


async def drop_offer(connection: AsyncConnection, region: str, code: str, assignment: UUID) -> None:
    """The offer has ended without being accepted."""
    await connection.execute(
        update(unit)
        .where(unit.c.region == region, unit.c.code == code, unit.c.offered == assignment)
        .values(offered=None, incident_id=None, level_rank=None, version=unit.c.version + 1)
    )


async def bind(
    connection: AsyncConnection, region: str, code: str, assignment: UUID, incident: UUID, level_rank: int
) -> bool:
    """Bind a unit to the assignment it accepted; False when it is bound to another."""
    statement = (
        update(unit)
        .where(unit.c.region == region, unit.c.code == code, unit.c.active.is_(None))
        .values(
            offered=None,
            active=assignment,
            active_state="accepted",
            incident_id=incident,
            level_rank=level_rank,
            version=unit.c.version + 1,
        )
    )
    return (await connection.execute(statement)).rowcount == 1


async def move_active(connection: AsyncConnection, region: str, code: str, assignment: UUID, state: str | None) -> None:
    """The unit's running assignment went on (`state`) or ended (None)."""
    ended = {"active": None, "active_state": None, "incident_id": None, "level_rank": None}
    changes: dict[str, Any] = {"active_state": state} if state else ended
    await connection.execute(
        update(unit)
        .where(unit.c.region == region, unit.c.code == code, unit.c.active == assignment)
        .values(version=unit.c.version + 1, **changes)
    )


async def set_level(connection: AsyncConnection, region: str, incident: UUID, level_rank: int) -> None:
    """The incident that units are asked to, or bound by, is of another level now."""
    await connection.execute(
        update(unit).where(unit.c.region == region, unit.c.incident_id == incident).values(level_rank=level_rank)
    )


_LATEST = text(
    """
    INSERT INTO unit_position (region, unit, lat, lon, at)
    SELECT :region, * FROM unnest(CAST(:units AS text[]), CAST(:lats AS float8[]), CAST(:lons AS float8[]),
                                  CAST(:times AS timestamptz[]))
    ON CONFLICT (region, unit) DO UPDATE
    SET lat = excluded.lat, lon = excluded.lon, at = excluded.at, change = nextval('position_change')
    WHERE unit_position.at <= excluded.at
    """
)
_HISTORY = text(
    """
    INSERT INTO position_history (region, id, unit, lat, lon, at)
    SELECT :region, * FROM unnest(CAST(:ids AS uuid[]), CAST(:units AS text[]), CAST(:lats AS float8[]),
                                  CAST(:lons AS float8[]), CAST(:times AS timestamptz[]))
    """
)


async def add_positions(
    connection: AsyncConnection,
    region: str,
    latest: Sequence[tuple[str, float, float, datetime]],
    history: Sequence[tuple[UUID, str, float, float, datetime]],
) -> None:
    """Store where units are: the latest of each (an older one changes nothing), and all in the history."""
    units, lats, lons, times = (list(column) for column in zip(*sorted(latest), strict=True))
    await connection.execute(_LATEST, {"region": region, "units": units, "lats": lats, "lons": lons, "times": times})
    ids, units, lats, lons, times = (list(column) for column in zip(*history, strict=True))
    await connection.execute(
        _HISTORY,
        {"region": region, "ids": ids, "units": units, "lats": lats, "lons": lons, "times": times},
    )


async def positions_since(
    connection: AsyncConnection, region: str, change: int
) -> list[tuple[str, float, float, datetime, int]]:
    """Latest positions that changed after a change number, by that number."""
    columns = unit_position.c
    query = (
        select(columns.unit, columns.lat, columns.lon, columns.at, columns.change)
        .where(columns.region == region, columns.change > change)
        .order_by(columns.change)
    )
    return [tuple(row) for row in (await connection.execute(query)).all()]
