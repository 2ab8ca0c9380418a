"""The streets of a city as places are told by them: lines, crossings, house numbers, kilometre posts."""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely

from jieying.citypack.model import CityPack, OrgKind, Place
from jieying.kit.geo import Point
from jieying.kit.normal import plain
from jieying.places.addresses import HouseNumbers
from jieying.places.candidates import merged, middle
from jieying.places.plane import Plane

Crossings = Mapping[frozenset[str], Sequence[Point]]
RoadLines = Mapping[str, Sequence[Sequence[Point]]]

POST = "kilometre_post"  # kind of places that are kilometre posts, named after their road: 云江公路K12
_POST_NAME = re.compile(r"(.+?)k(\d{1,4})(?:\+(\d{1,3}))?")


class Streets:
    """All that is measured on roads. Distances in metres on a flat city."""

    def __init__(self, pack: CityPack, crossings: Crossings, road_lines: RoadLines) -> None:
        self._plane = Plane(pack.center)
        self._crossings = crossings
        self._crossing: dict[str, set[str]] = defaultdict(set)
        for pair in crossings:
            for road in pair:
                self._crossing[road] |= pair - {road}
        self._lines = {
            road: shapely.MultiLineString(kept)
            for road, lines in road_lines.items()
            if road and (kept := [[self._plane.xy(p) for p in line] for line in lines if len(line) > 1])
        }
        self._named = list(self._lines)
        self._tree = shapely.STRtree([self._lines[road] for road in self._named])
        self.numbers = HouseNumbers(pack.addresses)
        self.names = ({name for pair in crossings for name in pair} | self._lines.keys() | self.numbers.roads) - {""}
        self._posts = _posts(pack.places, self.names)

    def crossing(self, one: str, other: str) -> list[Point]:
        """Where two roads meet; one point for dual carriageways."""
        return merged(self._crossings.get(frozenset({one, other}), ()))

    def crossed_by(self, road: str) -> set[str]:
        """The roads that meet it."""
        return self._crossing.get(road, set())

    def away(self, road: str, points: Sequence[Point]) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        """How far each point is from the road; infinitely, if its line isn't known."""
        line = self._lines.get(road)
        if line is None:
            return np.full(len(points), np.inf)
        distances: np.ndarray[tuple[int], np.dtype[np.float64]] = shapely.distance(
            line, shapely.points([self._plane.xy(p) for p in points])
        )
        return distances

    def on_road(self, road: str, point: Point | None = None) -> Point | None:
        """The spot on the road that is nearest to the point, or to its own middle."""
        line = self._lines.get(road)
        if line is None:
            return None
        target = line.centroid if point is None else shapely.Point(self._plane.xy(point))
        spot = shapely.get_point(shapely.shortest_line(line, target), 0)
        return self._plane.point(spot.x, spot.y)

    def roads_near(self, point: Point, within_m: float, most: int) -> list[str]:
        """The named roads nearest to the point, nearest first."""
        here = shapely.Point(self._plane.xy(point))
        near = self._tree.query(here, predicate="dwithin", distance=within_m)
        by_distance = sorted((float(shapely.distance(self._lines[self._named[k]], here)), self._named[k]) for k in near)
        return [road for _, road in by_distance[:most]]

    def moved(self, point: Point, east_north: tuple[float, float]) -> Point:
        x, y = self._plane.xy(point)
        return self._plane.point(x + east_north[0], y + east_north[1])

    def between(self, road: str, one: str, other: str) -> Point | None:
        """The middle of a road's stretch between two that cross it."""
        ends = [self.crossing(road, one), self.crossing(road, other)]
        return self.on_road(road, middle([points[0] for points in ends])) if all(ends) else None

    def post(self, road: str, metres: float) -> Point | None:
        """The spot so many metres from the road's beginning, between two of its kilometre posts."""
        posts = self._posts.get(road, [])
        along = [m for m, _ in posts]
        if not along or not along[0] - 1000 <= metres <= along[-1] + 1000:
            return None
        return Point(
            float(np.interp(metres, along, [p.lat for _, p in posts])),
            float(np.interp(metres, along, [p.lon for _, p in posts])),
        )


def _posts(places: Iterable[Place], roads: Iterable[str]) -> dict[str, list[tuple[float, Point]]]:
    known = {plain(road): road for road in roads}
    posts: dict[str, list[tuple[float, Point]]] = defaultdict(list)
    for place in places:
        found = _POST_NAME.fullmatch(plain(place.name)) if place.kind == POST else None
        if found and found[1] in known:
            posts[known[found[1]]].append((int(found[2]) * 1000.0 + int(found[3] or 0), place.position))
    return {road: sorted(found) for road, found in posts.items()}


def stations(pack: CityPack) -> list[Place]:
    """Police stations as places, where the pack doesn't list them among its own."""
    listed = {name for place in pack.places for name in (place.name, *place.aliases)}
    return [
        Place(org.name.zh, (), "police", org.position)
        for org in pack.orgs.values()
        if org.kind is OrgKind.STATION and org.position and org.name.zh not in listed
    ]
