"""Road times on real cities: exact, in milliseconds, with forbidden turns, and other speeds while it runs."""

import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import numpy as np
import psutil
from pyroutingkit import CCHMetric, CCHTopology

from benchmarks import newyork
from benchmarks.common import percentiles
from jieying.citypack.model import SpeedTable
from jieying.citypack.roadsource.read import read_roads
from jieying.citypack.roadsource.tags import CLASS_KMH
from jieying.kit.geo import Point
from jieying.roads.dijkstra import DijkstraEngine
from jieying.roads.graph import RoadGraph, from_edges
from jieying.roads.network import RoadNetwork
from jieying.roads.snapping import Snap
from jieying.settings import Settings

P = ParamSpec("P")
T = TypeVar("T")
UNITS, MANY, QUERIES, HOUR = 200, 2_000, 2_000, 8
PAIRS = 100  # targets, each with as many origins of its own
SWAPS = 5


@dataclass(frozen=True)
class Town:
    name: str
    graph: RoadGraph
    speeds: SpeedTable


def san_francisco() -> Town:
    return _town("san_francisco", "sf", SpeedTable(CLASS_KMH, 30))


def porto() -> Town:
    return _town("porto", "porto/porto_portugal.osm.pbf", SpeedTable(CLASS_KMH, 30))


def new_york() -> Town:
    return Town("new_york", newyork.load(), newyork.SPEEDS)


def _town(name: str, source: str, speeds: SpeedTable) -> Town:
    roads = read_roads(Settings().shared_data / source)
    return Town(name, from_edges(roads.nodes, roads.edges, roads.turn_bans), speeds)


def run() -> dict[str, Any]:
    """Each city the same; positions lie within some 200 m of a random node, seeded."""
    result: dict[str, Any] = {"peers": {}}
    for load in (san_francisco, porto, new_york):
        town = load()
        result[town.name], result["peers"][town.name] = measure(town)
    return result


def measure(town: Town) -> tuple[dict[str, Any], dict[str, Any]]:
    """Our figures, and those of others on the same questions.

    A query: one unit has moved and is snapped to the road, the incident is snapped, the units are sorted by ETA.
    `differences` counts ETAs that are not those of scipy's Dijkstra to the millisecond.
    """
    graph, speeds, memory = town.graph, town.speeds, psutil.Process().memory_info
    before = memory().rss
    with tempfile.TemporaryDirectory() as folder:
        cache = Path(folder) / "order"
        network, first_s = timed(RoadNetwork, graph, speeds, cache)
        network, cached_s = timed(RoadNetwork, graph, speeds, cache)
    rss = memory().rss
    dice = random.Random(110)
    units = network.snap_all([anywhere(graph, dice) for _ in range(UNITS)])
    asked = [(dice.randrange(UNITS), anywhere(graph, dice), anywhere(graph, dice)) for _ in range(QUERIES)]

    def query(moved: int, to: Point, incident: Point) -> list[tuple[float, int]]:
        units[moved] = network.snap(to)
        etas = network.etas(units, incident, HOUR)
        return sorted((eta, unit) for unit, eta in enumerate(etas) if eta is not None)

    query_s = [timed(query, *one)[1] for one in asked]
    targets = network.snap_all([incident for _, _, incident in asked])
    prepared, hundred = network.prepare(units), network.prepare(units[:100])
    prepared_s = [timed(network.eta_array, prepared, target, HOUR)[1] for target in targets]
    hundred_s = [timed(network.eta_array, hundred, target, HOUR)[1] for target in targets]
    many = network.snap_all([anywhere(graph, dice) for _ in range(MANY)])
    many_s = [timed(network.etas, many, target, HOUR)[1] for target in targets[:300]]
    route_s = [timed(network.route, units[unit], targets[i], HOUR)[1] for i, (unit, *_) in enumerate(asked[:200])]

    oracle = RoadNetwork(graph, speeds, engine=DijkstraEngine)
    pairs = [
        (network.snap_all([anywhere(graph, dice) for _ in range(PAIRS)]), network.snap(anywhere(graph, dice)))
        for _ in range(PAIRS)
    ]
    etas = [network.etas(starts, end, HOUR) for starts, end in pairs]
    truth = [oracle.etas(starts, end, HOUR) for starts, end in pairs]
    differences = sum(a != b for one, other in zip(etas, truth, strict=True) for a, b in zip(one, other, strict=True))

    ours = {
        "nodes": len(graph.lat),
        "arcs": len(graph.arc_tail),
        "turn_bans": len(graph.turn_bans),
        "nodes_with_copies": len(network.turns.node),
        "pairs": PAIRS * PAIRS,
        "differences": differences,
        "units": UNITS,
        "queries": QUERIES,
        **percentiles(query_s),
        "prepared": percentiles(prepared_s),
        "units_100_prepared": percentiles(hundred_s),
        "units_2000": percentiles(many_s),
        "route": percentiles(route_s),
        "snap": percentiles([timed(network.snap, to)[1] for _, to, _ in asked]),
        "swap": swap(network, units, targets[0]),
        "first_build_s": round(first_s, 2),
        "build_from_cache_s": round(cached_s, 2),
        "rss_of_roads_mb": round((rss - before) / 1e6),
    }
    if len(graph.turn_bans):
        ours["bans"] = worth_of_bans(town, network, pairs, etas)
    return ours, peers(network, oracle, units, targets)


def anywhere(graph: RoadGraph, dice: random.Random) -> Point:
    lat, lon = graph.node(dice.randrange(len(graph.lat)))
    return Point(lat + dice.uniform(-0.0013, 0.0013), lon + dice.uniform(-0.0017, 0.0017))


def swap(network: RoadNetwork, units: list[Snap], target: Snap) -> dict[str, Any]:
    """Other speeds while another thread keeps asking: how long they take, and how long it waits at most."""
    over, waits = threading.Event(), list[float]()

    def ask() -> None:
        while not over.is_set():
            waits.append(timed(network.etas, units, target, HOUR)[1])

    reader = threading.Thread(target=ask)
    alone_s = [timed(network.with_speeds, replace(network.speeds, default_kmh=k))[1] for k in range(20, 20 + SWAPS)]
    reader.start()
    for k in range(30, 30 + SWAPS):
        network = network.with_speeds(replace(network.speeds, default_kmh=k))
    over.set()
    reader.join()
    return {
        "ms": round(statistics.median(alone_s) * 1000, 1),
        "longest_answer_meanwhile_ms": round(max(waits) * 1000, 1),
        "answers_meanwhile": len(waits),
    }


def worth_of_bans(
    town: Town, network: RoadNetwork, pairs: list[tuple[list[Snap], Snap]], etas: list[list[float | None]]
) -> dict[str, Any]:
    """How many of the ETAs would be wrong if forbidden turns were not heeded, and by how many seconds."""
    free = RoadNetwork(replace(town.graph, turn_bans=np.empty((0, 3), np.int64)), town.speeds)
    more = [
        with_bans - without
        for (starts, end), one in zip(pairs, etas, strict=True)
        for with_bans, without in zip(one, free.etas(starts, end, HOUR), strict=True)
        if with_bans is not None and without is not None and with_bans != without
    ]
    if not more:
        return {"changed": 0}
    p50, p90, most = np.percentile(more, [50, 90, 100]).round(1).tolist()
    over = sum(one >= 30 for one in more)
    return {"changed": len(more), "changed_by_30_s": over, "p50_s": p50, "p90_s": p90, "most_s": most}


def peers(network: RoadNetwork, oracle: RoadNetwork, units: list[Snap], targets: list[Snap]) -> dict[str, Any]:
    """The same question, 200 units to one incident, all snapped already, put to others; and their new speeds.

    pyroutingkit is another binding of the same C++ library: it is asked on our graph, ends of the roads added by numpy.
    """
    turns, arc_ms = network.turns, network.edge_ms[network.turns.arc_edge].astype(np.uint32)
    topology = CCHTopology()
    topology.build(
        turns.arc_tail.astype(np.uint32),
        turns.arc_head.astype(np.uint32),
        turns.lat.astype(np.float32),
        turns.lon.astype(np.float32),
        len(turns.node),
    )
    metric = CCHMetric(topology)
    customize_s = [timed(metric.customize, arc_ms)[1] for _ in range(SWAPS)]
    exits = [network.exits(unit) for unit in units]
    nodes = np.array([node for ways in exits for node in ways], np.uint32)
    so_far = np.array([ms for ways in exits for ms, _ in ways.values()])
    first = np.cumsum([0, *(len(ways) for ways in exits[:-1])])

    def ask(target: Snap) -> "np.ndarray[Any, Any]":
        entries = network.entries(target)
        to_go = np.array([ms for ms, _ in entries.values()])
        times = metric.distances_many_to_many(nodes, np.array([*entries], np.uint32)) + to_go
        return np.minimum.reduceat(times.min(axis=1) + so_far, first)

    asked_s = [timed(ask, target)[1] for target in targets]
    scipy_s = [timed(oracle.etas, units, target, HOUR)[1] for target in targets[:20]]
    return {
        "scipy_dijkstra": percentiles(scipy_s),
        "pyroutingkit": percentiles(asked_s) | {"swap_ms": round(statistics.median(customize_s) * 1000, 1)},
    }


def timed(what: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> tuple[T, float]:
    """What it returned, and the seconds it took."""
    start = time.perf_counter()
    return what(*args, **kwargs), time.perf_counter() - start
