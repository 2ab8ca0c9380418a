"""From a position to the nearest place on a road, not to the nearest crossing."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import shapely
from shapely import STRtree
from shapely.geometry.base import BaseGeometry
from shapely.ops import substring

from jieying.kit.geo import EARTH_RADIUS_M, Point
from jieying.roads.graph import Floats, Ints, RoadGraph


class Snap(NamedTuple):
    """A place on a road: `fraction` of the edge's line from its tail, `distance_m` from the position given."""

    edge: int
    fraction: float
    distance_m: float
    point: Point


class Snapper:
    """Finds the nearest edge on a plane: longitudes shrunk by the cosine of the middle latitude, in metres.

    East-west distances are off by tan(latitude) × the distance in radians from the middle latitude: at most
    0.4 % in a city 50 km high at 45°. Safe to use from many threads.
    """

    def __init__(self, graph: RoadGraph) -> None:
        self._graph = graph
        self._metres = math.radians(1) * EARTH_RADIUS_M
        self._shrink = math.cos(math.radians((graph.line_lat.min() + graph.line_lat.max()) / 2))
        which = np.repeat(np.arange(len(graph.tail)), np.diff(graph.line_start))
        self._lines = shapely.linestrings(self._plane(graph.line_lat, graph.line_lon), indices=which)
        self._tree = STRtree(self._lines)

    def snap(self, points: Sequence[Point]) -> list[Snap]:
        """The nearest road to each position. Raises ValueError for one that is not a pair of finite numbers."""
        if not points:
            return []
        given = np.array(points, float)
        if not np.isfinite(given).all():
            raise ValueError("a position must be finite numbers")
        there = shapely.points(self._plane(given[:, 0], given[:, 1]))
        edges = self._tree.nearest(there)
        lines = self._lines[edges]
        along = shapely.line_locate_point(lines, there)
        on_road = shapely.line_interpolate_point(lines, along)
        length = shapely.length(lines)
        # Rounded, so that the end of a road is 1 and not a hair less: it makes a difference on a one-way one.
        fractions = np.divide(along, length, out=np.zeros(len(points)), where=length > 0).round(9)
        return [
            Snap(*row)
            for row in zip(
                edges.tolist(),
                fractions.tolist(),
                shapely.distance(there, on_road).tolist(),
                self._earth(shapely.get_coordinates(on_road)),
                strict=True,
            )
        ]

    def points(self, edges: Ints, fractions: Floats) -> Floats:
        """Rows of latitude and longitude of these places on the roads."""
        xy = shapely.get_coordinates(shapely.line_interpolate_point(self._lines[edges], fractions, normalized=True))
        return np.column_stack([xy[:, 1] / self._metres, xy[:, 0] / self._metres / self._shrink])

    def piece(self, edge: int, start: float, end: float) -> list[Point]:
        """The line of an edge between two fractions; backwards when `end` is the smaller."""
        whole = self._graph.line(edge)
        if {start, end} == {0, 1}:  # nearly all of a route; cutting takes ten times as long
            return whole if start < end else whole[::-1]
        part: BaseGeometry = substring(self._lines[edge], start, end, normalized=True)
        points, ends = self._earth(shapely.get_coordinates(part)), {0.0: whole[0], 1.0: whole[-1]}
        points[0], points[-1] = ends.get(start, points[0]), ends.get(end, points[-1])
        return points

    def _plane(self, lat: Floats, lon: Floats) -> Floats:
        return np.column_stack([lon * self._metres * self._shrink, lat * self._metres])

    def _earth(self, xy: Floats) -> list[Point]:
        lats, lons = xy[:, 1] / self._metres, xy[:, 0] / self._metres / self._shrink
        return [Point(lat, lon) for lat, lon in zip(lats.tolist(), lons.tolist(), strict=True)]
