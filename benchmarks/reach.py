"""How far one gets in 5, 10 and 15 minutes, as polygons for the map, and how many units reach each cell."""

import random
from typing import Any

import networkx as nx
import numpy as np
import shapely
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.common import percentiles
from benchmarks.roads import HOUR, Town, anywhere, porto, san_francisco, timed
from jieying.roads.network import RoadNetwork
from jieying.roads.reach import Reacher, outline
from jieying.roads.snapping import Snap

MINUTES = (5, 10, 15)
QUESTIONS, PEER_QUESTIONS, UNITS, COVERS = 300, 5, 100, 20
HULL = 0.1  # how closely shapely's concave hull follows the points, 0 to 1


def run() -> dict[str, Any]:
    """Each question from a place near a random node, seeded; with all three polygons. Everything is snapped before."""
    result: dict[str, Any] = {"peers": {}}
    for load in (san_francisco, porto):
        town = load()
        result[town.name], result["peers"][town.name] = measure(town)
    return result


def measure(town: Town) -> tuple[dict[str, Any], dict[str, Any]]:
    network = RoadNetwork(town.graph, town.speeds)
    reacher, first_s = timed(Reacher, network)
    _, swapped_s = timed(Reacher, network, reacher.streets)
    dice = random.Random(110)
    places = network.snap_all([anywhere(town.graph, dice) for _ in range(QUESTIONS)])
    limits = [60 * minutes for minutes in MINUTES]

    def polygons(place: Snap) -> list[dict[str, Any]]:
        return [outline(reach.cells) for reach in reacher.reach(place, limits, HOUR)]

    polygons(places[0])  # the first loads scipy
    polygons_s = [timed(polygons, place)[1] for place in places]
    search_s = [timed(reacher.reach, place, limits, HOUR)[1] for place in places]
    five_s = [timed(lambda p=place: outline(reacher.reach(p, [300], HOUR)[0].cells))[1] for place in places]
    covers = [dice.sample(places, UNITS) for _ in range(COVERS)]
    cover_s = [timed(reacher.cover, some, 300, HOUR)[1] for some in covers]
    ours = {
        "cells": len(reacher.streets.cells),
        "questions": QUESTIONS,
        **percentiles(polygons_s),
        "search_alone": percentiles(search_s),
        "five_minutes_alone": percentiles(five_s),
        "cover_of_100_units": percentiles(cover_s),
        "first_made_s": round(first_s, 2),
        "after_new_speeds_s": round(swapped_s, 2),
    }
    return ours, peers(network, places[:PEER_QUESTIONS])


def peers(network: RoadNetwork, places: list[Snap]) -> dict[str, Any]:
    """What people use: a bounded Dijkstra from the nearest crossing, and a concave hull around the crossings reached.

    By networkx, as OSMnx's example of isochrones does, and by scipy. Neither knows forbidden turns, half a road, or
    where inside the hull no road leads.
    """
    graph = network.graph
    ms = network.edge_ms[graph.arc_edge]
    plain = nx.DiGraph()
    plain.add_nodes_from(range(len(graph.lat)))
    for tail, head, time in zip(graph.arc_tail.tolist(), graph.arc_head.tolist(), ms.tolist(), strict=True):
        if not plain.has_edge(tail, head) or time < plain[tail][head]["ms"]:
            plain.add_edge(tail, head, ms=time)
    tails, heads = zip(*plain.edges, strict=True)
    times = [time for _, _, time in plain.edges(data="ms")]
    matrix = csr_array((times, (tails, heads)), shape=(len(graph.lat),) * 2, dtype=float)
    points = np.column_stack([graph.lon, graph.lat])

    def hulls(reached: "np.ndarray[Any, Any]") -> list[shapely.Geometry]:
        return [shapely.concave_hull(shapely.multipoints(points[reached <= 60_000 * m]), HULL) for m in MINUTES]

    def by_networkx(place: Snap) -> list[shapely.Geometry]:
        found = nx.single_source_dijkstra_path_length(
            plain, int(graph.tail[place.edge]), cutoff=60_000 * MINUTES[-1], weight="ms"
        )
        reached = np.full(len(points), np.inf)
        reached[list(found.keys())] = list(found.values())
        return hulls(reached)

    def by_scipy(place: Snap) -> list[shapely.Geometry]:
        reached: np.ndarray[Any, Any] = dijkstra(
            matrix, indices=int(graph.tail[place.edge]), limit=60_000 * MINUTES[-1]
        )
        return hulls(reached)

    return {
        "networkx_and_concave_hull": percentiles([timed(by_networkx, place)[1] for place in places]),
        "scipy_and_concave_hull": percentiles([timed(by_scipy, place)[1] for place in places]),
    }
