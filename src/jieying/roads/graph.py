"""The road graph as arrays: nodes, edges as the pack gives them, directed arcs that routing runs on."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import shapely
from numpy.typing import NDArray

from jieying.citypack.model import Area, CityPack, RoadEdge, RoadNode, TurnBan
from jieying.kit.geo import Point

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class RoadGraph:
    """Nodes are 0…n-1, edges 0…m-1; lengths in metres, positions WGS 84. Never written to after it is made.

    Arc i below m runs along edge i; after these come the arcs against the edges that are not one-way. A
    two-way road is one edge without `oneway`: of two one-way edges, a position would be snapped to either.
    """

    lat: Floats
    lon: Floats
    tail: Ints
    head: Ints
    length_m: Floats
    oneway: Bools
    road_class: Ints  # index into `classes`
    classes: tuple[str, ...]
    kmh: Floats  # NaN where the edge has no speed of its own but that of its class
    area: Ints  # index into `areas`: the one that holds the middle of the edge; -1 for none
    areas: tuple[str, ...]
    turn_bans: Ints  # rows of from edge, over node, into edge
    name: Ints  # index into `names`; "" for a road without a name
    names: tuple[str, ...]
    line_lat: Floats  # all geometries one after the other, each from tail to head
    line_lon: Floats
    line_start: Ints  # m + 1: the geometry of edge i is line_start[i]:line_start[i + 1]

    @cached_property
    def two_way(self) -> Ints:
        """The edges that may be driven both ways; the k-th one's arc against it is m + k."""
        return np.flatnonzero(~self.oneway)

    @cached_property
    def arc_tail(self) -> Ints:
        return np.concatenate([self.tail, self.head[self.two_way]])

    @cached_property
    def arc_head(self) -> Ints:
        return np.concatenate([self.head, self.tail[self.two_way]])

    @cached_property
    def arc_edge(self) -> Ints:
        return np.concatenate([np.arange(len(self.tail)), self.two_way])

    @cached_property
    def back_arc(self) -> Ints:
        """By edge the arc against it; -1 for a one-way edge."""
        arcs = np.full(len(self.tail), -1)
        arcs[self.two_way] = len(self.tail) + np.arange(len(self.two_way))
        return arcs

    def node(self, index: int) -> Point:
        """The position of a node."""
        return Point(float(self.lat[index]), float(self.lon[index]))

    def line(self, edge: int) -> list[Point]:
        """The geometry of an edge from tail to head."""
        part = slice(self.line_start[edge], self.line_start[edge + 1])
        return [
            Point(lat, lon) for lat, lon in zip(self.line_lat[part].tolist(), self.line_lon[part].tolist(), strict=True)
        ]

    def name_of(self, edge: int) -> str:
        """The name of an edge's road; empty when it has none."""
        return self.names[int(self.name[edge])]


def from_pack(pack: CityPack) -> RoadGraph:
    """The roads of a city pack. Raises ValueError as `from_edges` does."""
    return from_edges(pack.road_nodes, pack.road_edges, pack.turn_bans, pack.areas)


def from_edges(
    nodes: Sequence[RoadNode], edges: Sequence[RoadEdge], bans: Sequence[TurnBan] = (), areas: Sequence[Area] = ()
) -> RoadGraph:
    """A graph of these nodes and edges, in their order.

    Raises ValueError when there is no edge, or one names an unknown node, has fewer than two points or no
    usable length, or a ban is not of two edges that meet at its node.
    """
    index = {node.id: i for i, node in enumerate(nodes)}
    for edge in edges:
        if edge.tail not in index or edge.head not in index:
            raise ValueError(f"road edge {edge.tail} → {edge.head} names a node that is not there")
        if len(edge.line) < 2 or not 0 <= edge.length_m < float("inf"):
            raise ValueError(f"road edge {edge.tail} → {edge.head} has no usable line or length")
    if not edges:
        raise ValueError("a road graph needs at least one edge")
    for ban in bans:
        both = ban.from_edge, ban.to_edge
        if not all(0 <= e < len(edges) and ban.via in (edges[e].tail, edges[e].head) for e in both):
            raise ValueError(f"a ban on turning at node {ban.via} is not of two edges that meet there")
    classes, names = _numbered([e.road_class for e in edges]), _numbered([e.name for e in edges])
    points = np.array([point for edge in edges for point in edge.line], float)
    line_start = np.concatenate([[0], np.cumsum([len(e.line) for e in edges])]).astype(np.int64)
    by_code = sorted(areas, key=lambda area: area.code)
    return RoadGraph(
        lat=np.array([n.position.lat for n in nodes], float),
        lon=np.array([n.position.lon for n in nodes], float),
        tail=np.array([index[e.tail] for e in edges], np.int64),
        head=np.array([index[e.head] for e in edges], np.int64),
        length_m=np.array([e.length_m for e in edges], float),
        oneway=np.array([e.oneway for e in edges], bool),
        road_class=np.array([classes[e.road_class] for e in edges], np.int64),
        classes=tuple(classes),
        kmh=np.array([np.nan if e.kmh is None else e.kmh for e in edges], float),
        area=_area_of_middle(points, line_start, by_code),
        areas=tuple(area.code for area in by_code),
        turn_bans=np.array([(b.from_edge, index[b.via], b.to_edge) for b in bans], np.int64).reshape(-1, 3),
        name=np.array([names[e.name] for e in edges], np.int64),
        names=tuple(names),
        line_lat=points[:, 0].copy(),
        line_lon=points[:, 1].copy(),
        line_start=line_start,
    )


def _numbered(values: list[str]) -> dict[str, int]:
    return {value: i for i, value in enumerate(dict.fromkeys(values))}


def _area_of_middle(points: Floats, line_start: Ints, areas: Sequence[Area]) -> Ints:
    """The area that holds the middle of each line; of several the first."""
    lines = shapely.linestrings(points[:, ::-1], indices=np.repeat(np.arange(len(line_start) - 1), np.diff(line_start)))
    middles = shapely.line_interpolate_point(lines, 0.5, normalized=True)
    found = np.full(len(middles), len(areas))
    line, area = shapely.STRtree([area.shape for area in areas]).query(middles, predicate="intersects")
    np.minimum.at(found, line, area)
    return np.where(found == len(areas), -1, found)
