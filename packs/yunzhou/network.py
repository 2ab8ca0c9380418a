"""Streets that cross become a road network: junctions, dual carriageways, one-way streets, strongly connected."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from .streets import Street

HALF_DUAL_M = 17  # a carriageway's distance from the middle of the road
MERGE_M = 14  # ends of streets nearer to each other than this are one junction
_HEAVY = ("motorway", "trunk", "primary")  # what has a junction with a motorway; all else passes under it


@dataclass(frozen=True)
class Edge:
    """Like the pack's edge, in metres; `line` n × 2."""

    tail: int
    head: int
    road_class: str
    oneway: bool
    name: str
    line: np.ndarray


@dataclass(frozen=True)
class Network:
    nodes: np.ndarray  # n × 2, metres
    edges: list[Edge]


def make_network(streets: list[Street], progress: Callable[[str], None]) -> Network:
    """The largest part of which every node can be reached from every other."""
    carriageways = [c for s in streets for c in _carriageways(s)]
    pieces = _cut(carriageways)
    progress(f"{len(carriageways)} streets, {len(pieces)} pieces")
    nodes, edges = _joined(pieces)
    inside = _reachable(len(nodes), edges)
    edges = [e if inside[e.tail] and inside[e.head] else replace(e, oneway=False) for e in edges]
    inside = _reachable(len(nodes), edges)
    edges = [e for e in edges if inside[e.tail] and inside[e.head]]
    number = np.full(len(nodes), -1)
    number[np.flatnonzero(inside)] = np.arange(inside.sum())
    return Network(nodes[inside], [replace(e, tail=int(number[e.tail]), head=int(number[e.head])) for e in edges])


def _carriageways(street: Street) -> list[Street]:
    """Both carriageways of a dual road, each one-way; traffic keeps right."""
    if not street.dual:
        return [street]
    right = shapely.offset_curve(street.line, -HALF_DUAL_M, join_style="mitre")
    left = shapely.reverse(shapely.offset_curve(street.line, HALF_DUAL_M, join_style="mitre"))
    sides = [part for side in (right, left) for part in shapely.get_parts(side)]
    return [replace(street, line=line, oneway=True) for line in sides if line.length > 50]


def _cut(streets: list[Street]) -> list[tuple[Street, np.ndarray]]:
    """Every street cut where it meets another."""
    lines = np.array([s.line for s in streets])
    i, j = shapely.STRtree(lines).query(lines, predicate="intersects")
    motorway = np.array([s.road_class == "motorway" for s in streets])
    heavy = np.array([s.road_class in _HEAVY for s in streets])
    keep = (i != j) & ~(motorway[i] & ~heavy[j]) & ~(motorway[j] & ~heavy[i])
    i, j = i[keep], j[keep]
    where, owner = shapely.get_coordinates(shapely.intersection(lines[i], lines[j]), return_index=True)
    cuts: dict[int, list[float]] = {}
    along = shapely.line_locate_point(lines[i[owner]], shapely.points(where))
    for street, at in zip(i[owner].tolist(), along.tolist(), strict=True):
        cuts.setdefault(street, []).append(at)
    return [
        (street, part)
        for k, street in enumerate(streets)
        for part in _parts(shapely.get_coordinates(street.line), sorted(cuts.get(k, [])))
    ]


def _parts(points: np.ndarray, cuts: list[float]) -> list[np.ndarray]:
    along = np.concatenate([[0], np.cumsum(np.hypot(*np.diff(points, axis=0).T))])
    stops = [0.0, *(c for c in cuts if 0.5 < c < along[-1] - 0.5), float(along[-1])]
    parts = []
    for a, b in pairwise(stops):
        if b - a < 0.5:
            continue
        between = (along > a + 0.3) & (along < b - 0.3)
        ends = np.column_stack([np.interp([a, b], along, points[:, k]) for k in (0, 1)])
        parts.append(np.vstack([ends[:1], points[between], ends[1:]]))
    return parts


def _joined(pieces: list[tuple[Street, np.ndarray]]) -> tuple[np.ndarray, list[Edge]]:
    """Ends that lie close together become one node; what shrinks to nothing is dropped."""
    ends = np.array([p for _, line in pieces for p in (line[0], line[-1])])
    pairs = cKDTree(ends).query_pairs(MERGE_M, output_type="ndarray")
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(ends), len(ends)))
    count, label = connected_components(links, directed=False)
    size = np.bincount(label, minlength=count)
    nodes = np.column_stack([np.bincount(label, ends[:, k], count) / size for k in (0, 1)])
    edges: list[Edge] = []
    seen: set[tuple[int, int, int]] = set()
    for k, (street, line) in enumerate(pieces):
        tail, head = int(label[2 * k]), int(label[2 * k + 1])
        moved = line.copy()
        moved[0], moved[-1] = nodes[tail], nodes[head]
        length = float(np.hypot(*np.diff(moved, axis=0).T).sum())
        key = (min(tail, head), max(tail, head), round(length / 25))
        if tail == head or length < 2 or (key in seen and not street.dual):
            continue
        seen.add(key)
        edges.append(Edge(tail, head, street.road_class, street.oneway, _part_name(street, moved), moved))
    return nodes, edges


def _part_name(street: Street, line: np.ndarray) -> str:
    """中山 becomes 中山东路 in the east; a ring is named by its side."""
    x, y = line[len(line) // 2]
    if street.axis == "ew":
        return street.name + ("东" if x > 1_600 else "西" if x < -1_600 else "中") + "路"
    if street.axis == "ns":
        return street.name + ("北" if y > 1_500 else "南" if y < -1_500 else "中") + "路"
    if street.axis == "ring" and not street.name.endswith("高速"):
        return street.name + "东北西南"[round(math.atan2(y, x) / (math.pi / 2)) % 4] + "路"
    return street.name


def _reachable(count: int, edges: list[Edge]) -> np.ndarray:
    """Which nodes belong to the largest strongly connected part."""
    tails = [e.tail for e in edges] + [e.head for e in edges if not e.oneway]
    heads = [e.head for e in edges] + [e.tail for e in edges if not e.oneway]
    graph = coo_array((np.ones(len(tails)), (tails, heads)), shape=(count, count))
    _, label = connected_components(graph, connection="strong")
    inside: np.ndarray = label == np.bincount(label).argmax()
    return inside
