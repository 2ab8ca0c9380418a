"""A picture of roads, to see at a glance whether they were read well."""

import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from jieying.citypack.roadsource.model import Roads
from jieying.kit.geo import EARTH_RADIUS_M, Point

WIDTH, SHARPNESS, MARGIN, LEGEND = 1600, 2, 30, 200  # pixels; drawn larger by SHARPNESS and shrunk, for smooth lines
TALLEST = 2400
# Colour and width by class; links look like the road that they lead to. Okabe and Ito's colours, which the
# colour-blind tell apart: https://jfly.uni-koeln.de/color/
STYLES = {
    "motorway": ("#0072b2", 4), "trunk": ("#0072b2", 3), "primary": ("#009e73", 3), "secondary": ("#56b4e9", 2),
    "tertiary": ("#8c8c8c", 2), "residential": ("#b0b0b0", 1),
}  # fmt: skip
OTHER = ("#c8c8c8", 1)
DROPPED = ("#d55e00", 2)
ROUTE = ("#cc0077", 5)
LEGEND_CLASSES = 12

Pixel = tuple[float, float]


def draw(roads: Roads, file: Path, route: Sequence[Point] = ()) -> None:
    """Write a PNG: kept roads by class, dropped ones in orange, a route in pink from a ring to a dot.

    The legend has the kilometres of each class and a bar of the scale.
    """
    points = [point for edge in (*roads.edges, *roads.dropped) for point in edge.line]
    place, size, metres = _plane(points)
    image = Image.new("RGB", size, "white")
    pen = ImageDraw.Draw(image)

    def lines(all_of_them: Iterable[Sequence[Point]], colour: str, width: int) -> None:
        for line in all_of_them:
            pen.line(list(map(place, line)), fill=colour, width=width * SHARPNESS, joint="curve")

    by_class = _by_class(roads)
    for name in sorted(by_class, key=lambda name: _style(name)[1]):  # the broad ones last, on top
        lines(by_class[name], *_style(name))
    lines((edge.line for edge in roads.dropped), *DROPPED)
    if route:
        lines([route], *ROUTE)
        _mark(pen, place(route[0]), "white")
        _mark(pen, place(route[-1]), ROUTE[0])
    _legend(pen, roads, metres)
    image.reduce(SHARPNESS).save(file)


def _plane(points: Sequence[Point]) -> tuple[Callable[[Point], Pixel], tuple[int, int], float]:
    """From positions to pixels, the size of the picture, and metres per pixel."""
    south, north = min(p.lat for p in points), max(p.lat for p in points)
    west, east = min(p.lon for p in points), max(p.lon for p in points)
    degree_m = math.radians(1) * EARTH_RADIUS_M
    shrink = math.cos(math.radians((south + north) / 2))
    wide_m, high_m = max((east - west) * degree_m * shrink, 1.0), max((north - south) * degree_m, 1.0)
    edge = MARGIN * SHARPNESS
    metres = max(wide_m / ((WIDTH - LEGEND) * SHARPNESS - 2 * edge), high_m / (TALLEST * SHARPNESS - 2 * edge))
    width, height = (int(length / metres) + 2 * edge for length in (wide_m, high_m))
    size = (width + LEGEND * SHARPNESS, max(height, 400 * SHARPNESS))

    def place(point: Point) -> Pixel:
        x, y = (point.lon - west) * degree_m * shrink / metres, (north - point.lat) * degree_m / metres
        return x + edge + LEGEND * SHARPNESS, y + edge

    return place, size, metres


def _by_class(roads: Roads) -> dict[str, list[Sequence[Point]]]:
    found: dict[str, list[Sequence[Point]]] = {}
    for edge in roads.edges:
        found.setdefault(edge.road_class, []).append(edge.line)
    return found


def _style(road_class: str) -> tuple[str, int]:
    return STYLES.get(road_class.removesuffix("_link"), OTHER)


def _mark(pen: ImageDraw.ImageDraw, at: Pixel, colour: str) -> None:
    radius = 7 * SHARPNESS
    box = (at[0] - radius, at[1] - radius, at[0] + radius, at[1] + radius)
    pen.ellipse(box, fill=colour, outline=ROUTE[0], width=2 * SHARPNESS)


def _legend(pen: ImageDraw.ImageDraw, roads: Roads, metres: float) -> None:
    """Codes and numbers only: the built-in letters have no Chinese."""
    km: dict[str, float] = {}
    for edge in roads.edges:
        km[edge.road_class] = km.get(edge.road_class, 0) + edge.length_m / 1000
    rows = [(name, km[name], _style(name)) for name in sorted(km, key=lambda n: -km[n])[:LEGEND_CLASSES]]
    if roads.dropped:
        rows.append(("x", sum(edge.length_m for edge in roads.dropped) / 1000, DROPPED))
    step, left, top = 18 * SHARPNESS, 12 * SHARPNESS, 12 * SHARPNESS
    font = ImageFont.load_default(12 * SHARPNESS)
    for i, (name, length, (colour, width)) in enumerate(rows):
        y = top + i * step
        pen.line((left, y + step / 2, left + 30 * SHARPNESS, y + step / 2), fill=colour, width=width * SHARPNESS)
        pen.text((left + 40 * SHARPNESS, y), f"{name}  {length:,.1f} km", fill="black", font=font)
    bar_m = _round_down((LEGEND - 40) * SHARPNESS * metres)
    y = top + (len(rows) + 1) * step
    pen.line((left, y, left + bar_m / metres, y), fill="black", width=2 * SHARPNESS)
    label = f"{bar_m / 1000:g} km" if bar_m >= 1000 else f"{bar_m:g} m"
    pen.text((left, y - step), label, fill="black", font=font)


def _round_down(metres: float) -> float:
    """To 1, 2 or 5 times a power of ten."""
    power = 10.0 ** math.floor(math.log10(max(metres, 1.0)))
    return max(step * power for step in (1, 2, 5) if step * power <= max(metres, 1.0))
