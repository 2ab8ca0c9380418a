"""The streets of 云洲: rings, radials and a warped grid first, then streets that fill the blocks between.

A street is a line in metres with class and name. Lines may cross freely; `network.py` makes junctions of it.
"""

import math
from dataclasses import dataclass, replace
from random import Random

import numpy as np
import shapely

from .ground import Ground
from .names import ARTERIALS_EW, ARTERIALS_NS, RADIALS, StreetNames


@dataclass(frozen=True)
class Street:
    """`axis` says how parts of it are named: "ew" and "ns" by compass, "ring" by side, "" as it is."""

    line: shapely.LineString
    road_class: str
    name: str
    axis: str = ""
    dual: bool = False
    oneway: bool = False


RINGS_M = (1_750, 4_300, 7_900, 11_300)
RING_CLASS = ("primary", "trunk", "trunk", "motorway")
RING_NAME = ("环城", "二环", "三环", "云洲绕城高速")
_GRID_EW_KM = (-6.9, -6.0, -5.1, -3.4, -0.85, 0.1, 0.95, 2.5, 3.4, 5.2, 6.0, 6.9, 8.8, -8.9)
_GRID_NS_KM = (-6.8, -6.0, -5.1, -3.5, -2.6, -0.8, 0.05, 0.9, 2.6, 3.5, 5.1, 6.0, 6.8, 8.9, -9.0)
_RADIAL_DEGREES = (20, 60, 97, 128, 178, 214, 248, 279, 305, 350)


def main_streets(ground: Ground, dice: Random) -> list[Street]:
    """Rings, radials, grid, and the roads along the water and around the hills; centre lines, clipped to the city."""
    streets = [*_rings(), *_radials(), *_grid(dice)]
    dry = ground.outline.buffer(-30)
    lakes = shapely.union_all([*ground.lakes, ground.hills[1]]).buffer(70)
    river = ground.river.buffer(40)
    hills = shapely.union_all([ground.hills[0], ground.hills[2]])
    found = []
    for street in streets:
        allowed = dry
        if street.axis != "ring":
            allowed = allowed.difference(lakes)
        if street.axis in ("ew", "ns"):
            allowed = allowed.difference(hills)
            if street.name not in _BRIDGED:
                allowed = allowed.difference(river)
        found += _clipped(street, allowed)
    return found + _by_the_water(ground, dry)


_BRIDGED = {"解放", "文昌", "学府"}  # grid roads that cross the river, besides rings and radials


def warp(xy: np.ndarray) -> np.ndarray:
    """Bend the plan of the city: turned a little, more so in the south, with long waves. So no line is straight."""
    x, y = np.asarray(xy, dtype=float).T
    angle = math.radians(5) - math.radians(9) * np.tanh((-y - 2_800) / 1_500)
    angle = angle * np.exp(-np.hypot(x, y) / 16_000)
    u, v = x * np.cos(angle) - y * np.sin(angle), x * np.sin(angle) + y * np.cos(angle)
    wave_x = 150 * np.sin(v / 1_750 + 0.4) + 110 * np.sin(u / 2_600 + v / 3_100)
    wave_y = 140 * np.sin(u / 1_900 + 1.3) + 120 * np.sin(v / 2_300 - u / 4_200)
    return np.column_stack([u + wave_x, v + wave_y])


def _line(points: np.ndarray) -> shapely.LineString:
    """A warped line with a point about every 60 m, thinned where it is straight."""
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    at = np.linspace(0, along[-1], max(2, int(along[-1] / 60)))
    dense = np.column_stack([np.interp(at, along, points[:, i]) for i in (0, 1)])
    return shapely.LineString(warp(dense)).simplify(3)


def _rings() -> list[Street]:
    turn = np.linspace(0, 2 * math.pi, 400)
    square = (np.abs(np.cos(turn)) ** 3 + np.abs(np.sin(turn)) ** 3) ** (-1 / 3)  # a superellipse: a rounded square
    shape = np.column_stack([np.cos(turn), np.sin(turn)]) * square[:, None]
    stretch = ((1.05, 0.85), (1.06, 0.98), (1.08, 0.98), (1.1, 0.96))
    shift = ((0, 250), (0, 0), (0, -100), (0, -150))
    rows = zip(RINGS_M, RING_CLASS, RING_NAME, stretch, shift, strict=True)
    return [
        Street(_line(shape * radius * np.array(wide) + np.array(by)), kind, name, "ring", dual=kind != "primary")
        for radius, kind, name, wide, by in rows
    ]


def _radials() -> list[Street]:
    streets = []
    for degrees, name in zip(_RADIAL_DEGREES, RADIALS, strict=True):
        radii = np.linspace(1_500, 17_000, 60)
        turn = math.radians(degrees) + 0.08 * np.sin(radii / 2_900 + degrees)
        points = np.column_stack([radii * np.cos(turn), radii * np.sin(turn)])
        inner, outer = points[radii < 8_100], points[radii > 7_700]
        streets.append(Street(_line(inner), "primary", name + "大道"))
        streets.append(Street(_line(outer), "trunk", f"云{name[0]}公路"))
    return streets


def _grid(dice: Random) -> list[Street]:
    streets = []
    for axis, offsets, names in (("ew", _GRID_EW_KM, ARTERIALS_EW), ("ns", _GRID_NS_KM, ARTERIALS_NS)):
        for i, (offset, name) in enumerate(zip(offsets, names, strict=True)):
            at = offset * 1000 + dice.uniform(-90, 90)
            reach = math.sqrt(max(0, 9_400**2 - at**2)) if abs(at) < 8_500 else 6_500
            low, high = -reach * dice.uniform(0.7, 1.0), reach * dice.uniform(0.7, 1.0)
            ends = np.array([(low, at), (high, at + dice.uniform(-250, 250))])
            road_class = "primary" if i % 3 == 1 or name in _BRIDGED else "secondary"
            streets.append(Street(_line(ends if axis == "ew" else ends[:, ::-1]), road_class, name, axis))
    return streets


def _by_the_water(ground: Ground, dry: shapely.Geometry) -> list[Street]:
    """Embankments on both sides of the river, a road round each lake, one along the canal, one round the hills."""
    near = shapely.Point(0, 0).buffer(9_300)
    sides = shapely.get_parts(shapely.line_merge(ground.river.buffer(75).boundary.intersection(near)))
    streets = []
    for side in sides:
        name = "滨江大道" if side.interpolate(0.5, normalized=True).y > -2_200 else "沿江大道"
        streets.append(Street(side.simplify(6), "primary", name))
    for lake, name in zip(ground.lakes, ("环湖路", "南湖环路", "月湖环路"), strict=True):
        streets.append(Street(lake.buffer(95).exterior.simplify(5), "secondary", name))
    walk = ground.canal.buffer(40).boundary.intersection(near).difference(ground.river.buffer(75))
    for side in shapely.get_parts(shapely.line_merge(walk)):
        if side.length > 500:
            streets.append(Street(side.simplify(5), "tertiary", "运河路"))
    for hill, name in zip(ground.hills, ("环山路", "龟山环路", "南山环路"), strict=True):
        streets.append(Street(hill.buffer(15).exterior.simplify(8), "tertiary", name))
    return [part for street in streets for part in _clipped(street, dry.difference(ground.river))]


def _clipped(street: Street, allowed: shapely.Geometry) -> list[Street]:
    kept = shapely.line_merge(street.line.intersection(allowed))
    return [
        replace(street, line=part)
        for part in shapely.get_parts(kept)
        if part.geom_type == "LineString" and part.length > 150
    ]


def blocks_between(ground: Ground, streets: list[Street]) -> list[shapely.Polygon]:
    """The faces that the main streets, the water's edge and the outline cut the dry land into."""
    edges = [s.line for s in streets]
    edges += [ground.outline.buffer(-30).exterior, ground.river.boundary, ground.canal.boundary]
    edges += [shape.exterior for shape in (*ground.lakes, *ground.hills)]
    wet = ground.water
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all(edges)]))
    middles = shapely.point_on_surface(faces)
    dry = shapely.contains(ground.outline, middles) & ~shapely.contains(wet, middles)
    return list(faces[dry])


TOWNS = ((-9_600, -6_300, 1_500), (10_800, 4_300, 1_300), (10_300, -8_800, 1_100), (1_800, 10_000, 1_300))


def block_size(x: float, y: float) -> float:
    """Square metres that a block has at a place: small in the old town, large in the fields."""
    away = math.hypot(x, y - 200)
    if any(math.hypot(x - tx, y - ty) < radius for tx, ty, radius in TOWNS):
        return 30_000
    return float(np.interp(away, [0, 1_500, 2_200, 4_500, 7_500, 8_600, 10_500], _SIZES)) * 1_000


_SIZES = [12, 14, 22, 37, 68, 220, 640]
_HILL_START = 15


def fill(ground: Ground, blocks: list[shapely.Polygon], names: StreetNames, dice: Random) -> tuple[list[Street], list]:
    """Streets inside the blocks, and the blocks that stay green."""
    hills = shapely.union_all([ground.hills[0].buffer(5), ground.hills[2].buffer(5), ground.hills[1].buffer(5)])
    streets: list[Street] = []
    green: list[shapely.Polygon] = []
    for block in sorted(blocks, key=lambda b: (round(b.centroid.x), round(b.centroid.y))):
        middle = block.representative_point()
        if hills.contains(middle):
            continue
        size = block_size(block.centroid.x, block.centroid.y)
        away = math.hypot(middle.x, middle.y)
        roomy = 60_000 < block.area < 900_000 and min(sides(block)[:2]) > 160
        if roomy and away < 9_000 and dice.random() < 0.1:
            green.append(block)
        elif block.area > 1.3 * size and min(sides(block)[:2]) > 70:
            streets += _fill_block(block, size, names, dice)
    return streets + _winding(ground, names, dice), green


def _fill_block(block: shapely.Polygon, size: float, names: StreetNames, dice: Random) -> list[Street]:
    long, short, _, _ = sides(block)
    regular = block.area > 0.82 * long * short
    if size < 120_000 and regular and block.area > 3 * size and dice.random() < 0.6:
        return _checkered(block, size, names, dice)
    return _split(block, names, dice, depth=0)


def sides(block: shapely.Polygon) -> tuple[float, float, np.ndarray, np.ndarray]:
    """Length and breadth of the tightest turned rectangle, its corner, and the directions of both sides."""
    corners = shapely.get_coordinates(shapely.oriented_envelope(block))
    if len(corners) < 4:
        return 0, 0, np.zeros(2), np.eye(2)
    a, b = corners[1] - corners[0], corners[2] - corners[1]
    if np.hypot(*a) < np.hypot(*b):
        a, b, corners = b, -a, np.roll(corners[:-1], -1, axis=0)
    long, short = float(np.hypot(*a)), float(np.hypot(*b))
    return long, short, corners[0], np.array([a / max(long, 1), b / max(short, 1)])


def halved(block: shapely.Polygon, at: np.ndarray, along: np.ndarray, across: np.ndarray) -> list[shapely.Geometry]:
    """What lies on either side of the line through `at` in the direction `across`."""
    far = across * 4e4
    side = shapely.Polygon([at - far, at + far, at + far + along * 4e4, at - far + along * 4e4])
    return [shapely.intersection(block, side), shapely.difference(block, side)]


def _checkered(block: shapely.Polygon, size: float, names: StreetNames, dice: Random) -> list[Street]:
    """Streets right through the block in both directions: crossings."""
    long, short, corner, (along, across) = sides(block)
    side = math.sqrt(size)
    streets = []
    for length, breadth, step, direction in ((long, short, along, across), (short, long, across, along)):
        count = max(1, round(length / (side * dice.uniform(0.9, 1.25)))) - 1
        for k in range(count):
            at = corner + step * length * ((k + 1) / (count + 1) + dice.uniform(-0.12, 0.12) / (count + 1))
            line = shapely.LineString([at - direction * 20, at + direction * (breadth + 20)])
            main = count > 2 and k == count // 2
            oneway = not main and dice.random() < 0.12
            streets += _inside(block, line, "tertiary" if main else "residential", names, dice, oneway)
    return streets


def _split(block: shapely.Polygon, names: StreetNames, dice: Random, depth: int) -> list[Street]:
    """Cut the block across its length, and its halves again, until they are small enough."""
    size = block_size(block.centroid.x, block.centroid.y)
    long, short, corner, (along, across) = sides(block)
    if block.area < size * dice.uniform(0.8, 1.9) or long < 90 or depth > 9:
        return _village(block, names, dice) if size > 200_000 and block.area > 150_000 else []
    at = corner + along * long * dice.uniform(0.38, 0.62)
    tilt = dice.gauss(0, 0.03 if size > 14_000 else 0.07) + (dice.gauss(0, 0.16) if size > 200_000 else 0)
    direction = across * math.cos(tilt) + along * math.sin(tilt)
    line = shapely.LineString([at - direction * short, at + direction * 2 * short])
    road_class = "tertiary" if block.area > 9 * size or (size > 200_000 and depth < 1) else "residential"
    oneway = road_class == "residential" and size < 20_000 and dice.random() < 0.12
    streets = _inside(block, line, road_class, names, dice, oneway)
    for half in halved(block, at, along, direction):
        for part in shapely.get_parts(half):
            if part.geom_type == "Polygon":
                streets += _split(part, names, dice, depth + 1)
    return streets


def _inside(
    block: shapely.Polygon, line: shapely.LineString, road_class: str, names: StreetNames, dice: Random, oneway: bool
) -> list[Street]:
    """The parts of a line within the block, a little longer so that they meet the streets around it."""
    streets = []
    for part in shapely.get_parts(shapely.intersection(line, block)):
        if part.geom_type != "LineString" or part.length < 45:
            continue
        a, b = shapely.get_coordinates(part)[[0, -1]]
        step = (b - a) / part.length * 8
        bent = _bent(np.array([a - step, b + step]), dice, part.length)
        streets.append(Street(bent, road_class, names.next(road_class, part.length), oneway=oneway))
    return streets


def _bent(ends: np.ndarray, dice: Random, length: float) -> shapely.LineString:
    """A straight street is rare: one or two soft waves, more on long ones."""
    if length < 160 or dice.random() < 0.45:
        return shapely.LineString(ends)
    t = np.linspace(0, 1, max(3, int(length / 70)))
    (ax, ay), (bx, by) = ends
    sway = min(0.035, 20 / length + length / 60_000) * length * dice.uniform(-1, 1)
    wave = sway * (np.sin(math.pi * t) + 0.5 * dice.uniform(-1, 1) * np.sin(2 * math.pi * t))
    nx, ny = -(by - ay) / length, (bx - ax) / length
    points = np.column_stack([ax + (bx - ax) * t + nx * wave, ay + (by - ay) * t + ny * wave])
    return shapely.LineString(points).simplify(2)


def _village(block: shapely.Polygon, names: StreetNames, dice: Random) -> list[Street]:
    """A handful of lanes in the fields, tied to the roads around by two of them."""
    if dice.random() < 0.6:
        return []
    middle = block.representative_point()
    _, _, _, (along, across) = sides(block)
    turn = dice.uniform(-0.5, 0.5)
    along, across = along * math.cos(turn) + across * math.sin(turn), across * math.cos(turn) - along * math.sin(turn)
    centre = np.array([middle.x, middle.y])
    lanes = []
    for direction, other, count in ((along, across, dice.choice((1, 2, 2, 3))), (across, along, dice.choice((1, 2)))):
        for k in range(count):
            at = centre + other * (k - (count - 1) / 2) * dice.uniform(90, 160)
            low, high = (-3_000, 3_000) if k == 0 else (-dice.uniform(90, 280), dice.uniform(90, 280))
            line = shapely.LineString([at + direction * low, at + direction * high])
            lanes += _inside(block, line, "residential", names, dice, False)
    return lanes


def _winding(ground: Ground, names: StreetNames, dice: Random) -> list[Street]:
    """Roads that wind through the hills, from the road around them to its other side or to an end."""
    streets = []
    for hill, count in zip(ground.hills, (_HILL_START, 2, 7), strict=True):
        ring = hill.buffer(15).exterior
        centre = np.array([hill.centroid.x, hill.centroid.y])
        for k in range(count):
            start = ring.interpolate((k + dice.uniform(0.2, 0.8)) / count, normalized=True)
            at = np.array([start.x, start.y])
            heading = math.atan2(*(centre - at)[::-1]) + dice.uniform(-0.5, 0.5)
            points, phase, pace = [at], dice.uniform(0, 6), dice.uniform(0.25, 0.45)
            for step in range(int(dice.uniform(40, 110))):
                turn = heading + 1.0 * math.sin(step * pace + phase) + dice.gauss(0, 0.1)
                at = at + 70 * np.array([math.cos(turn), math.sin(turn)])
                points.append(at)
                if step > 3 and not hill.buffer(20).contains(shapely.Point(at)):
                    break
            line = shapely.LineString(points).intersection(ground.outline.buffer(-40))
            for part in shapely.get_parts(line):
                if part.geom_type == "LineString" and part.length > 200:
                    name = names.next("tertiary", part.length)
                    streets.append(Street(part.simplify(4), "tertiary" if k % 3 == 0 else "residential", name))
    return streets
