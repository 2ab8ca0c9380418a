"""Which open incidents a report may speak of; for the steps, and for a call-taker while she types."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.incidents import store
from jieying.incidents.store import ReportRow
from jieying.intake.city import City
from jieying.journal.actions import Site
from jieying.kit.geo import Point
from jieying.places.locate import PlaceCandidate
from jieying.triage.same_event import READ, WINDOW_M, Facts, similar

OPENED = timedelta(hours=1)  # incidents older than this are not looked at
MOST_NEAR = 20  # nearest incidents that are compared
MOST_LATELY = 60  # newest ones that are, where the position is not known
MOST_SIMILAR = 5
_GUESSES = 3


def top_category(city: City, code: str | None) -> str | None:
    """The upper of the two levels of a category."""
    category = city.pack.categories.get(code or "")
    return None if category is None else category.parent or category.code


def facts_of(
    city: City, report: ReportRow, category: str | None, point: Point | None, places: Collection[PlaceCandidate] = ()
) -> Facts:
    """A report as it is compared. `places`: what may be meant where `point` is not known."""
    guesses = () if point else tuple(place.position for place in places)[:_GUESSES]
    return Facts(
        str(report.incident_id), report.received_at, point, category, top_category(city, category), report.words,
        report.reporter_contact, report.channel, report.vector, guesses,
    )  # fmt: skip


async def similar_incidents(
    site: Site, city: City, connection: AsyncConnection, mine: Facts, apart_from: Collection[UUID] = ()
) -> list[dict[str, Any]]:
    """Open incidents that may be the same event, best first, in the form that is stored and shown.

    Not those that a person said it is not of (`apart_from`).
    """
    since = site.clock.now() - OPENED
    if mine.position is not None:
        rows = await store.incidents_near(connection, site.region, mine.position, WINDOW_M, since, MOST_NEAR, READ)
    else:
        rows = await store.incidents_lately(connection, site.region, since, MOST_LATELY, READ)
    rows = [row for row in rows if row.id not in apart_from]
    numbers = {str(row.id): row.number for row in rows}
    others = [
        Facts(
            str(row.id), row.received_at, Point(row.lat, row.lon), row.category, top_category(city, row.category),
            row.words, row.reporter_contact, row.channel, row.vector,
        )
        for row in rows
    ]  # fmt: skip
    return [
        {
            "incident": one.incident,
            "number": numbers[one.incident],
            "score": one.score,
            "distance_m": None if one.distance_m is None else round(one.distance_m),
            "age_s": round(one.age_s),
            "reasons": [reason.as_json() for reason in one.reasons],
        }
        for one in similar(mine, others)[:MOST_SIMILAR]
    ]
