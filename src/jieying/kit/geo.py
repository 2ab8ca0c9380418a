"""Points on the earth: WGS 84 degrees, metres between them, H3 cells, and GCJ-02 converted at the door."""

import math
from typing import NamedTuple

import h3.api.numpy_int as h3

EARTH_RADIUS_M = 6_371_008.8  # mean radius, IUGG
H3_RESOLUTION = 9  # hexagons of about 0.1 km²


class Point(NamedTuple):
    """Latitude and longitude in degrees, WGS 84."""

    lat: float
    lon: float


def distance_m(a: Point, b: Point) -> float:
    """Great-circle distance in metres (haversine)."""
    dlat, dlon = math.radians(b.lat - a.lat), math.radians(b.lon - a.lon)
    h = (
        math.sin(dlat / 2) ** 2
        + math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat)) * math.sin(dlon / 2) ** 2
    )
    return 2 * EARTH_RADIUS_M * math.asin(min(1.0, math.sqrt(h)))


def cell_of(point: Point) -> int:
    """The H3 cell as a signed 64-bit number, the way PostgreSQL's bigint holds it."""
    return int(h3.latlng_to_cell(point.lat, point.lon, H3_RESOLUTION))


def is_point(lat: float, lon: float) -> bool:
    """Whether the two numbers can be a place on earth at all."""
    return math.isfinite(lat) and math.isfinite(lon) and -90 <= lat <= 90 and -180 <= lon <= 180


# Krasovsky 1940, which GCJ-02 is computed on.
_A, _EE = 6_378_245.0, 0.006_693_421_622_965_943


def _gcj_shift(point: Point) -> Point:
    x, y = point.lon - 105.0, point.lat - 35.0
    root = math.sqrt(abs(x))
    wave = (20 * math.sin(6 * x * math.pi) + 20 * math.sin(2 * x * math.pi)) * 2 / 3
    dlat = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    dlat += (20 * math.sin(y * math.pi) + 40 * math.sin(y / 3 * math.pi)) * 2 / 3
    dlat += (160 * math.sin(y / 12 * math.pi) + 320 * math.sin(y * math.pi / 30)) * 2 / 3
    dlon = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    dlon += (20 * math.sin(x * math.pi) + 40 * math.sin(x / 3 * math.pi)) * 2 / 3
    dlon += (150 * math.sin(x / 12 * math.pi) + 300 * math.sin(x / 30 * math.pi)) * 2 / 3
    rad = math.radians(point.lat)
    magic = 1 - _EE * math.sin(rad) ** 2
    return Point(
        dlat * 180 / ((_A * (1 - _EE)) / (magic * math.sqrt(magic)) * math.pi),
        dlon * 180 / (_A / math.sqrt(magic) * math.cos(rad) * math.pi),
    )


def to_gcj02(point: Point) -> Point:
    """WGS 84 to GCJ-02, the published approximation (a few metres off the official one)."""
    shift = _gcj_shift(point)
    return Point(point.lat + shift.lat, point.lon + shift.lon)


def from_gcj02(point: Point) -> Point:
    """GCJ-02 to WGS 84, by fixed-point iteration to below a centimetre."""
    guess = point
    for _ in range(4):
        there = to_gcj02(guess)
        guess = Point(guess.lat + point.lat - there.lat, guess.lon + point.lon - there.lon)
    return guess
