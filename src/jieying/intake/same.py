"""Which open incidents a report may speak of; for the steps, and for a call-taker while she types."""

from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.incidents import store
from jieying.intake.city import City
from jieying.journal.actions import Site
from jieying.kit.geo import Point
from jieying.triage.same_event import WINDOW, Facts, similar

# Half the side of the box in which earlier incidents are looked for: a little over 300 m.
NEAR_DEG = 0.003
MOST_SIMILAR = 5


def top_category(city: City, code: str | None) -> str | None:
    """The upper of the two levels of a category."""
    category = city.pack.categories.get(code or "")
    return None if category is None else category.parent or category.code


async def similar_incidents(site: Site, city: City, connection: AsyncConnection, mine: Facts) -> list[dict[str, Any]]:
    """Open incidents near in space, time and words, best first, in the form that is stored and shown."""
    point = mine.position
    if point is None:
        return []
    now = site.clock.now()
    near = await store.incidents_near(connection, site.region, point.lat, point.lon, NEAR_DEG, now - WINDOW)
    numbers = {str(row.id): row.number for row in near}
    others = [
        Facts(str(row.id), row.received_at, Point(row.lat, row.lon), top_category(city, row.category), row.summary)
        for row in near
    ]
    return [
        {
            "incident": one.incident,
            "number": numbers[one.incident],
            "score": round(one.score, 3),
            "distance_m": round(one.distance_m),
            "age_s": round(one.age_s),
            "reasons": [reason.as_json() for reason in one.reasons],
        }
        for one in similar(mine, others, now)[:MOST_SIMILAR]
    ]
