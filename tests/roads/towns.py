"""Small towns for the tests of roads, and an oracle that shares nothing with the engines."""

import heapq
import math
from collections import defaultdict
from itertools import pairwise

from jieying.citypack.model import RoadEdge, RoadNode, SpeedTable
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
) -> RoadEdge:
    """A road between two nodes of `town`."""
    return RoadEdge(tail, head, length_m, road_class, oneway, name, line)


def town(places: list[tuple[float, float]], roads: list[RoadEdge]) -> RoadGraph:
    """A graph whose nodes stand at these grid places; roads without a line are straight."""
    nodes = [RoadNode(i, at(*place)) for i, place in enumerate(places)]
    return from_edges(
        nodes,
        [
            e
            if e.line
            else RoadEdge(
                e.tail,
                e.head,
                e.length_m,
                e.road_class,
                e.oneway,
                e.name,
                (nodes[e.tail].position, nodes[e.head].position),
            )
            for e in roads
        ],
    )


def on(graph: RoadGraph, edge: int, fraction: float) -> Snap:
    """A place on an edge, as if something had been snapped to it."""
    return Snap(edge, fraction, 0.0, graph.line(edge)[0])


def oracle_ms(graph: RoadGraph, edge_ms: list[int], start: Snap, end: Snap) -> int | None:
    """The least time from start to end: both become nodes of their own, then a textbook Dijkstra with a heap."""
    arcs: dict[object, list[tuple[object, int]]] = defaultdict(list)

    def drive(edge: int, a: object, b: object, fraction_a: float, fraction_b: float) -> None:
        if fraction_b >= fraction_a or not graph.oneway[edge]:
            arcs[a].append((b, round(abs(fraction_b - fraction_a) * edge_ms[edge])))

    for edge, (tail, head) in enumerate(zip(graph.tail.tolist(), graph.head.tolist(), strict=True)):
        drive(edge, tail, head, 0.0, 1.0)
        drive(edge, head, tail, 1.0, 0.0)
        if edge == start.edge:
            drive(edge, "start", head, start.fraction, 1.0)
            drive(edge, "start", tail, start.fraction, 0.0)
        if edge == end.edge:
            drive(edge, tail, "end", 0.0, end.fraction)
            drive(edge, head, "end", 1.0, end.fraction)
        if edge == start.edge == end.edge:
            drive(edge, "start", "end", start.fraction, end.fraction)

    queue: list[tuple[int, int, object]] = [(0, 0, "start")]
    done, pushed = set(), 0
    while queue:
        time, _, node = heapq.heappop(queue)
        if node == "end":
            return time
        if node in done:
            continue
        done.add(node)
        for to, ms in arcs[node]:
            pushed += 1
            heapq.heappush(queue, (time + ms, pushed, to))
    return None


def length_of(line: list[Point]) -> float:
    """Metres along a line."""
    return sum(distance_m(a, b) for a, b in pairwise(line))


def seconds(network: RoadNetwork, start: Snap | Point, end: Snap | Point, hour: int = 0) -> float | None:
    """The ETA of one origin."""
    return network.etas([start], end, hour)[0]
