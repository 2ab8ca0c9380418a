"""A city laid flat: metres east and north of its centre, so that shapely may measure."""

import math

from jieying.kit.geo import EARTH_RADIUS_M, Point

_DEGREE_M = math.radians(1) * EARTH_RADIUS_M


class Plane:
    """Equirectangular projection about a centre: within 50 km of it lengths are right to about 1 %."""

    def __init__(self, center: Point) -> None:
        self._center = center
        self._lon_m = _DEGREE_M * math.cos(math.radians(center.lat))

    def xy(self, point: Point) -> tuple[float, float]:
        """Metres east and north of the centre."""
        return (point.lon - self._center.lon) * self._lon_m, (point.lat - self._center.lat) * _DEGREE_M

    def point(self, x: float, y: float) -> Point:
        return Point(self._center.lat + y / _DEGREE_M, self._center.lon + x / self._lon_m)
