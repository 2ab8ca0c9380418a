"""Putting other speeds in force, and reading which are."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import CityPack, SpeedTable
from jieying.journal.actions import Site, record
from jieying.kit.errors import Invalid
from jieying.speeds import store


@dataclass(frozen=True)
class InForce:
    """Speeds and who set them when; version 0 is that of the pack."""

    version: int
    at: datetime | None
    by: str | None
    speeds: SpeedTable


async def change_speeds(site: Site, speeds: SpeedTable, actor: str) -> InForce:
    """Put these speeds in force, for all processes and the next start.

    Raises Invalid for a road class or an area that the city does not have.
    """
    check(site.pack, speeds)
    async with site.db.transaction() as connection:
        row = await store.put(connection, site.region, site.clock.now(), actor, asdict(speeds))
        await record(
            site, connection, "roads.speeds_changed", "roads", "speeds", actor, version=row.version, **row.speeds
        )
    return _in_force(row)


async def speeds_in_force(site: Site, connection: AsyncConnection, newer_than: int = -1) -> InForce | None:
    """The speeds in force; None when they are no newer than that version."""
    row = await store.newer(connection, site.region, newer_than)
    if row is not None:
        return _in_force(row)
    return InForce(0, None, None, site.pack.speeds) if newer_than < 0 else None


def check(pack: CityPack, speeds: SpeedTable) -> None:
    """Raises Invalid for a road class or an area that the city does not have: it would change nothing, unnoticed."""
    classes = {edge.road_class for edge in pack.road_edges} | pack.speeds.kmh.keys()
    for road_class in speeds.kmh:
        if road_class not in classes:
            raise Invalid("no_such_road_class", road_class=road_class)
    areas = {area.code for area in pack.areas}
    for area in speeds.area_factor:
        if area not in areas:
            raise Invalid("no_such_area", area=area)


def _in_force(row: Row[Any]) -> InForce:
    speeds = SpeedTable(**row.speeds | {"hour_factor": tuple(row.speeds["hour_factor"])})
    return InForce(row.version, row.at, row.by, speeds)
