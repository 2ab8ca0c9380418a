"""Positions of units: taken in batches, the newest kept apart from the history."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jieying.journal.actions import Site
from jieying.kit.geo import Point
from jieying.kit.ids import new_id
from jieying.units import store

# A device's clock may be a little ahead of ours.
FUTURE_S = 60
BATCH_MAX = 5000


@dataclass(frozen=True)
class Sighting:
    """Where a unit was, by its own device."""

    unit: str
    point: Point
    at: datetime


def refusal(site: Site, sighting: Sighting, now: datetime) -> str | None:
    """Why a sighting is not taken, as a problem code; None when it is."""
    if sighting.unit not in site.pack.units:
        return "no_such_unit"
    if sighting.at > now + timedelta(seconds=FUTURE_S * max(1.0, site.clock.speed)):
        return "time_in_future"
    return None


async def take_positions(site: Site, sightings: Sequence[Sighting]) -> list[tuple[str, str]]:
    """Store a batch; returns those refused as (unit, problem code). The others are stored all or none."""
    now = site.clock.now()
    refused = [(s.unit, code) for s in sightings if (code := refusal(site, s, now))]
    taken = [s for s in sightings if not refusal(site, s, now)]
    if taken:
        newest = {s.unit: s for s in sorted(taken, key=lambda s: s.at)}
        async with site.db.transaction() as connection:
            await store.add_positions(
                connection,
                site.region,
                [(s.unit, s.point.lat, s.point.lon, s.at) for s in newest.values()],
                [(new_id(now), s.unit, s.point.lat, s.point.lon, s.at) for s in taken],
            )
    return refused
