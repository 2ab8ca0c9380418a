"""Whose ground a point is on."""

import numpy as np
import shapely

from jieying.citypack.model import Area, CityPack
from jieying.kit.geo import Point
from jieying.places.plane import Plane

# A position this far outside the city's areas is a mistake, not a place we can go to.
OUTSIDE_M = 2_000.0


class AreaIndex:
    """The areas of a pack, found by point. On a border, and where areas overlap, the smaller code wins."""

    def __init__(self, pack: CityPack) -> None:
        self._areas = sorted(pack.areas, key=lambda area: area.code)
        self._shapes = np.array([area.shape for area in self._areas], dtype=object)
        shapely.prepare(self._shapes)
        self._tree = shapely.STRtree(self._shapes)
        self._plane = Plane(pack.center)
        self._flat = shapely.STRtree([shapely.transform(shape, self._flatten) for shape in self._shapes])

    def area_of(self, point: Point) -> Area | None:
        """The area that holds the point, its border included; None outside the city."""
        near = self._tree.query(shapely.Point(point.lon, point.lat))
        if not len(near):
            return None
        holding = near[shapely.intersects_xy(self._shapes[near], point.lon, point.lat)]
        return self._areas[int(holding.min())] if len(holding) else None

    def nearest_area(self, point: Point, max_m: float) -> Area | None:
        """The area that is nearest to the point and not farther than `max_m` metres."""
        near = self._flat.query_nearest(shapely.Point(self._plane.xy(point)), max_distance=max_m)
        return self._areas[int(near.min())] if len(near) else None

    def _flatten(self, lonlat: "np.ndarray[tuple[int, int], np.dtype[np.float64]]") -> object:
        return np.array([self._plane.xy(Point(lat, lon)) for lon, lat in lonlat])
