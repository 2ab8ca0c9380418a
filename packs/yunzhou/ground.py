"""The lie of the land of 云洲, in metres east and north of the centre: outline, river, canal, lakes, hills.

Everything here is invented. The centre (30.9 N, 112.6 E) is a spot on an inland plain where no such city stands.
"""

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import shapely
from scipy.interpolate import CubicSpline

from jieying.kit.geo import EARTH_RADIUS_M

CENTER_LAT, CENTER_LON = 30.9, 112.6
_DEGREE_M = math.radians(1) * EARTH_RADIUS_M
_DEGREE_LON_M = _DEGREE_M * math.cos(math.radians(CENTER_LAT))


def to_degrees(xy: np.ndarray) -> np.ndarray:
    """Metres (n × 2, east and north) to longitude and latitude, rounded to 6 digits (0.1 m)."""
    return np.round(np.asarray(xy) / (_DEGREE_LON_M, _DEGREE_M) + (CENTER_LON, CENTER_LAT), 6)


@dataclass(frozen=True)
class Ground:
    """Shapes in metres. `river_line` is the middle of the river and goes beyond the outline on both sides."""

    outline: shapely.Polygon
    river_line: shapely.LineString
    river: shapely.Polygon
    canal: shapely.Polygon
    lakes: list[shapely.Polygon]
    hills: list[shapely.Polygon]

    @property
    def water(self) -> shapely.Geometry:
        return shapely.union_all([self.river, self.canal, *self.lakes])


def make_ground() -> Ground:
    outline = _blob(0, -200, 15_200, 13_600, ((2, 0.02, 2.9), (3, 0.03, 2.6), (5, 0.02, 2.0), (9, 0.012, 0.3)), 160)
    river_line = _spline(
        [
            (-17.5, 6.3),
            (-13, 3.4),
            (-10, 4.2),
            (-7.3, 3.6),
            (-5.1, 0.9),
            (-3.3, -2.0),
            (-0.6, -3.1),
            (2.2, -2.5),
            (4.6, -0.9),
            (6.9, -1.5),
            (8.8, -4.3),
            (11.6, -6.6),
            (17, -7.4),
        ]
    )
    canal_line = _spline([(1.2, 15), (2.4, 11.5), (1.6, 9), (2.9, 6.3), (2.5, 3.6), (3.7, 1.6), (3.6, -1.6)])
    river = _widened(river_line, 165, 45)
    return Ground(
        outline=outline,
        river_line=river_line,
        river=river,
        canal=canal_line.buffer(24),
        lakes=[
            _blob(5_950, 3_350, 1_150, 900, ((2, 0.12, 0.5), (3, 0.16, 2.2), (5, 0.07, 0.2), (7, 0.04, 1.0)), 90),
            _blob(-3_900, -6_700, 700, 520, ((2, 0.1, 1.9), (3, 0.15, 0.6), (5, 0.06, 2.4)), 70),
            _blob(8_300, 7_600, 500, 700, ((2, 0.1, 0.9), (3, 0.18, 1.6), (4, 0.06, 2.4)), 70),
        ],
        hills=[
            _blob(-7_900, 9_300, 4_300, 3_100, ((2, 0.08, 0.2), (3, 0.13, 0.9), (5, 0.06, 1.5), (8, 0.03, 0.0)), 110),
            _blob(-3_000, 4_250, 560, 430, ((3, 0.14, 0.4), (5, 0.06, 2.0)), 50),
            _blob(7_600, -8_300, 1_700, 1_200, ((2, 0.1, 0.9), (3, 0.14, 2.5), (5, 0.05, 1.0)), 80),
        ],
    )


def _blob(
    x: float, y: float, rx: float, ry: float, waves: tuple[tuple[int, float, float], ...], n: int
) -> shapely.Polygon:
    """An ellipse whose radius waves: (times round, share of the radius, phase)."""
    turn = np.linspace(0, 2 * math.pi, n, endpoint=False)
    scale = 1 + sum(share * np.sin(times * turn + phase) for times, share, phase in waves)
    return shapely.Polygon(np.column_stack([x + rx * scale * np.cos(turn), y + ry * scale * np.sin(turn)]))


def _spline(kilometres: list[tuple[float, float]]) -> shapely.LineString:
    points = np.array(kilometres) * 1000
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    return shapely.LineString(CubicSpline(along, points)(np.arange(0, along[-1], 120)))


def _widened(line: shapely.LineString, half: float, swing: float) -> shapely.Polygon:
    """The line as a band whose half-width swings."""
    points = shapely.get_coordinates(line)
    widths = half + swing * np.sin(np.arange(len(points) - 1) / 23.0)
    pieces = [shapely.LineString(pair).buffer(w) for pair, w in zip(pairwise(points), widths, strict=True)]
    return shapely.union_all(pieces).simplify(8)
