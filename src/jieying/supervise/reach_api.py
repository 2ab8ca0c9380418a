"""For the map, as GeoJSON: how far a unit gets in so many minutes, and how many units reach each place."""

import asyncio
from collections.abc import Sequence
from typing import Annotated, Any, cast
from zoneinfo import ZoneInfo

import numpy as np
import orjson
from fastapi import APIRouter, Query, Request, Response

from jieying.access.api import SiteNow
from jieying.access.rules import Account
from jieying.intake.city import City
from jieying.journal.actions import Site
from jieying.kit.errors import Invalid, NotFound
from jieying.kit.geo import Point
from jieying.roads.network import hour_of_week
from jieying.roads.reach import Cells, area_km2, outline
from jieying.supervise.api import ReadsIncidents, sees_unit
from jieying.supervise.views import UnitView, show_unit
from jieying.units import store as units
from jieying.units.model import UnitStatus

router = APIRouter(tags=["roads"])

MOST_MINUTES, MOST_LIMITS = 60, 6


@router.get("/units/{code}/reach")
async def read_reach(
    code: str, request: Request, site: SiteNow, account: ReadsIncidents, minutes: str = "5,10,15"
) -> Response:
    """The ground that the unit reaches from where it is, the largest first, with the names of its streets."""
    limits = _minutes(minutes)
    shown = await _seen_units(site, account, [code])
    if not shown:
        raise NotFound("no_such_unit", unit=code)
    (unit,) = shown
    city, hour = cast(City, request.app.state.city), _hour(site)

    def search() -> list[dict[str, Any]]:
        reacher = city.reacher()
        place = reacher.network.snap(Point(unit.lat, unit.lon))
        reached = reacher.reach(place, [60 * limit for limit in limits], hour)
        return [
            _feature(
                reach.cells,
                minutes=limit,
                area_km2=round(area_km2(reach.cells), 2),
                road_km=round(reach.road_m / 1000, 1),
                streets=reach.streets,
            )
            for limit, reach in zip(limits, reached, strict=True)
        ]

    return _collection(await asyncio.to_thread(search), unit=code, lat=unit.lat, lon=unit.lon, at=site.clock.now())


@router.get("/map/cover")
async def read_cover(
    request: Request,
    site: SiteNow,
    account: ReadsIncidents,
    minutes: Annotated[float, Query(ge=1, le=MOST_MINUTES)] = 5,
) -> Response:
    """The ground of the account's scope by the number of its available units that reach it in time, 0 included."""
    free = [unit for unit in await _seen_units(site, account) if unit.status == UnitStatus.AVAILABLE]
    city, hour = cast(City, request.app.state.city), _hour(site)
    pack = site.pack
    own = {area.code for area in pack.areas if pack.orgs[area.org].path.startswith(account.org_path)}

    def search() -> list[dict[str, Any]]:
        reacher = city.reacher()
        graph, streets = reacher.network.graph, reacher.streets
        places = reacher.network.snap_all([Point(unit.lat, unit.lon) for unit in free])
        counts = reacher.cover(places, 60 * minutes, hour)
        in_scope = streets.on(np.array([*(code in own for code in graph.areas), False])[graph.area])
        shown = in_scope | (counts > 0)
        return [
            _feature(cells, units=number, cells=len(cells), area_km2=round(area_km2(cells), 2))
            for number in np.unique(counts[shown]).tolist()
            if len(cells := streets.cells[shown & (counts == number)])
        ]

    return _collection(await asyncio.to_thread(search), minutes=minutes, units=len(free), at=site.clock.now())


async def _seen_units(site: Site, account: Account, codes: Sequence[str] | None = None) -> list[UnitView]:
    async with site.db.transaction() as connection:
        rows = await units.list_units(connection, site.region, codes)
    shown = [view for row in rows if (view := show_unit(site.pack, row))]
    return [view for view in shown if sees_unit(site, account, view)]


def _minutes(given: str) -> list[float]:
    """The limits, each once, longest first; Invalid when they are no numbers from 1 to 60 or too many."""
    try:
        limits = sorted({float(one) for one in given[:100].split(",")}, reverse=True)
    except ValueError:
        limits = []
    if not 0 < len(limits) <= MOST_LIMITS or not all(1 <= limit <= MOST_MINUTES for limit in limits):
        raise Invalid("bad_minutes", minutes=given[:100])
    return limits


def _hour(site: Site) -> int:
    return hour_of_week(site.clock.now().astimezone(ZoneInfo(site.pack.timezone)))


def _feature(ground: Cells, **properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": outline(ground), "properties": properties}


def _collection(features: list[dict[str, Any]], **facts: Any) -> Response:
    content = orjson.dumps({"type": "FeatureCollection", **facts, "features": features})
    return Response(content, media_type="application/geo+json")
