"""Where the units are while calls are replayed: at their posts, on the road, at a scene, on the way back."""

import math
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, pairwise
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack
from jieying.kit.geo import Point, distance_m
from jieying.roads.network import RoadNetwork, hour_of_week


@dataclass(frozen=True)
class _Trip:
    """A drive along a line at even speed; when it is over, the unit stands at its end."""

    line: list[Point]
    metres: list[float]  # from the start to each point of the line
    start: datetime
    seconds: float

    def at(self, moment: datetime) -> Point:
        gone = (moment - self.start).total_seconds()
        if gone >= self.seconds:
            return self.line[-1]
        goal = self.metres[-1] * gone / self.seconds
        after = next(i for i, metres in enumerate(self.metres) if metres > goal)
        (before_m, after_m), (a, b) = self.metres[after - 1 : after + 1], self.line[after - 1 : after + 1]
        share = (goal - before_m) / (after_m - before_m)
        return Point(a.lat + share * (b.lat - a.lat), a.lon + share * (b.lon - a.lon))


class Fleet:
    """The units of a pack, driving by the platform's own roads, at the speeds of the pack for the local hour."""

    def __init__(self, pack: CityPack, roads: RoadNetwork) -> None:
        self._pack, self._roads = pack, roads
        self._zone = ZoneInfo(pack.timezone)
        self._place: dict[str, Point | _Trip] = {code: unit.post for code, unit in pack.units.items()}

    def where(self, unit: str, now: datetime) -> Point:
        place = self._place[unit]
        return place.at(now) if isinstance(place, _Trip) else place

    def stop(self, unit: str, now: datetime) -> None:
        """The unit stands where it is now."""
        self._place[unit] = self.where(unit, now)

    def drive(self, unit: str, target: Point, now: datetime) -> float:
        """Send the unit to a place by the fastest way; returns the seconds it takes, infinity where no road leads."""
        route = self._roads.route(self.where(unit, now), target, hour_of_week(now.astimezone(self._zone)))
        if route is None:
            return math.inf
        line = [*route.line, route.line[-1]]  # a place on the spot is a line too
        metres = [0.0, *accumulate(distance_m(a, b) for a, b in pairwise(line))]
        self._place[unit] = _Trip(line, metres, now, route.seconds)
        return route.seconds

    def go_home(self, unit: str, now: datetime) -> None:
        """Back to its post; on the way it is free, and its device says where it is."""
        self.drive(unit, self._pack.units[unit].post, now)
