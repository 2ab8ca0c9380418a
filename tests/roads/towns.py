"""Small towns for the tests of roads, and an oracle that shares nothing with the engines."""

import heapq
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import count, pairwise

from jieying.citypack.model import Area, RoadEdge, RoadNode, SpeedTable, TurnBan
from jieying.kit.geo import EARTH_RADIUS_M, Point, distance_m
from jieying.roads.graph import RoadGraph, from_edges
from jieying.roads.network import RoadNetwork
from jieying.roads.snapping import Snap

WALK = SpeedTable(kmh={"fast": 72.0}, default_kmh=36.0)  # 20 m/s and 10 m/s


STEP = math.degrees(100 / EARTH_RADIUS_M)


def at(x: float, y: float) -> Point:
    """A point of a grid in units of 100 m, on the equator where the plane is true."""
    return Point(y * STEP, x * STEP)


def road(
    tail: int,
    head: int,
    length_m: float = 100.0,
    *,
    oneway: bool = False,
    name: str = "",
    road_class: str = "street",
    line: tuple[Point, ...] = (),
    kmh: float | None = None,
) -> RoadEdge:
    """A road between two nodes of `town`."""
    return RoadEdge(tail, head, length_m, road_class, oneway, name, line, kmh)


def town(
    places: list[tuple[float, float]],
    roads: list[RoadEdge],
    bans: Sequence[tuple[int, int, int]] = (),
    areas: Sequence[Area] = (),
) -> RoadGraph:
    """A graph whose nodes stand at these grid places; roads without a line are straight.

    Bans: from road, over node, into road.
    """
    nodes = [RoadNode(i, at(*place)) for i, place in enumerate(places)]
    drawn = [e if e.line else replace(e, line=(nodes[e.tail].position, nodes[e.head].position)) for e in roads]
    return from_edges(nodes, drawn, [TurnBan(*ban) for ban in bans], areas)


def on(graph: RoadGraph, edge: int, fraction: float) -> Snap:
    """A place on an edge, as if something had been snapped to it."""
    return Snap(edge, fraction, 0.0, graph.line(edge)[0])


def oracle_ms(graph: RoadGraph, edge_ms: list[int], start: Snap, end: Snap) -> int | None:
    """The least time from start to end by a textbook Dijkstra with a heap, which remembers how it came to a node.

    A state is a node and the edge by which it was reached; None for one who stands there.
    """
    bans = {tuple(ban) for ban in graph.turn_bans.tolist()}
    ways = defaultdict(list)  # by node: edge, the end it is left by (0 tail, 1 head), and the node it leads to
    for edge, (tail, head) in enumerate(zip(graph.tail.tolist(), graph.head.tolist(), strict=True)):
        ways[tail].append((edge, 0.0, head))
        if not graph.oneway[edge]:
            ways[head].append((edge, 1.0, tail))

    def part(place: Snap, other_end: float) -> int:
        return round(abs(other_end - place.fraction) * edge_ms[place.edge])

    queue: list[tuple[int, int, int | str, int | None]] = []
    done, pushed = set(), count()

    def push(time: int, node: int | str, by: int | None) -> None:
        heapq.heappush(queue, (time, next(pushed), node, by))

    tail, head, two_way = int(graph.tail[start.edge]), int(graph.head[start.edge]), not graph.oneway[start.edge]
    push(part(start, 1.0), head, None if start.fraction == 1 else start.edge)
    if start.fraction == 0 or two_way:
        push(part(start, 0.0), tail, None if start.fraction == 0 else start.edge)
    if start.edge == end.edge and (two_way or end.fraction >= start.fraction):
        push(part(start, end.fraction), "end", None)
    while queue:
        time, _, node, by = heapq.heappop(queue)
        if node == "end":
            return time
        if (node, by) in done:
            continue
        done.add((node, by))
        for fraction, corner in ((0.0, graph.tail[end.edge]), (1.0, graph.head[end.edge])):
            if end.fraction == fraction and node == corner:
                push(time, "end", None)
        for edge, left_by, other in ways[node]:
            if (by, node, edge) not in bans:
                push(time + edge_ms[edge], other, edge)
                if edge == end.edge:
                    push(time + part(end, left_by), "end", None)
    return None


def length_of(line: list[Point]) -> float:
    """Metres along a line."""
    return sum(distance_m(a, b) for a, b in pairwise(line))


def seconds(network: RoadNetwork, start: Snap | Point, end: Snap | Point, hour: int = 0) -> float | None:
    """The ETA of one origin."""
    return network.etas([start], end, hour)[0]
