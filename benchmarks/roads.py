"""Ranked road times at the size of New York: 200 units to one incident, exactly, in milliseconds."""

import random
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

import numpy as np
import psutil

from benchmarks import newyork
from jieying.kit.geo import Point
from jieying.roads.dijkstra import DijkstraEngine
from jieying.roads.network import RoadNetwork

P = ParamSpec("P")
T = TypeVar("T")
UNITS, QUERIES, CHECKED, HOUR = 200, 2_000, 20, 8


def run() -> dict[str, object]:
    """A query: one unit has moved and is snapped, then the incident is snapped and the units are ranked by ETA.

    Positions lie within 200 m of a random node, seeded. Compared with Dijkstra (scipy) in the same run, which
    is also the peer; `differences` counts ETAs that are not equal to the millisecond.
    """
    memory = psutil.Process().memory_info
    before = memory().rss
    graph, load_s = timed(newyork.load)
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "order"
        network, first_build_s = timed(RoadNetwork, graph, newyork.SPEEDS, cache)
        network, build_s = timed(RoadNetwork, graph, newyork.SPEEDS, cache)
    rss = memory().rss

    dice = random.Random(110)

    def anywhere() -> Point:
        lat, lon = graph.node(dice.randrange(len(graph.lat)))
        return Point(lat + dice.uniform(-0.0013, 0.0013), lon + dice.uniform(-0.0017, 0.0017))

    units = network.snap_all([anywhere() for _ in range(UNITS)])

    def query(moved: int, to: Point, incident: Point) -> list[tuple[float, int]]:
        units[moved] = network.snap(to)
        etas = network.etas(units, incident, HOUR)
        return sorted((eta, unit) for unit, eta in enumerate(etas) if eta is not None)

    asked = [(dice.randrange(UNITS), anywhere(), anywhere()) for _ in range(QUERIES)]
    query_s = [timed(query, *q)[1] for q in asked]
    snap_s = [timed(network.snap, to)[1] for _, to, _ in asked]
    route_s = [timed(network.route, units[unit], incident, HOUR)[1] for unit, _, incident in asked[:200]]

    oracle = RoadNetwork(graph, newyork.SPEEDS, engine=DijkstraEngine)
    differences, oracle_s = 0, []
    for _, _, incident in asked[:CHECKED]:
        target = network.snap(incident)
        expected, seconds = timed(oracle.etas, units, target, HOUR)
        oracle_s.append(seconds)
        differences += sum(a != b for a, b in zip(network.etas(units, target, HOUR), expected, strict=True))

    return {
        "nodes": len(graph.lat),
        "arcs": len(graph.arc_tail),
        "units": UNITS,
        "queries": QUERIES,
        **percentiles("", query_s),
        **percentiles("snap_", snap_s),
        **percentiles("route_", route_s),
        "compared_etas": CHECKED * UNITS,
        "differences": differences,
        "peer_scipy_dijkstra_p50_ms": percentiles("", oracle_s)["p50_ms"],
        "load_s": round(load_s, 2),
        "first_build_s": round(first_build_s, 2),
        "build_from_cache_s": round(build_s, 2),
        "rss_mb": round(rss / 1e6),
        "rss_of_roads_mb": round((rss - before) / 1e6),
    }


def timed(what: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """What it returned, and the seconds it took."""
    start = time.perf_counter()
    return what(*args, **kwargs), time.perf_counter() - start


def percentiles(name: str, seconds: list[float]) -> dict[str, float]:
    p50, p99 = np.percentile(seconds, [50, 99]) * 1000
    return {f"{name}p50_ms": round(float(p50), 3), f"{name}p99_ms": round(float(p99), 3)}
