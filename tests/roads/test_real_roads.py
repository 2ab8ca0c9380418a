"""On real roads the fast engine gives Dijkstra's times, and routes that can be driven."""

import csv
import random
from itertools import pairwise
from pathlib import Path

import pytest

from jieying.citypack.model import RoadEdge, RoadNode, SpeedTable
from jieying.kit.geo import Point, distance_m
from jieying.roads.dijkstra import DijkstraEngine
from jieying.roads.graph import RoadGraph, from_edges
from jieying.roads.names import crossings
from jieying.roads.network import RoadNetwork
from jieying.settings import Settings

SPEEDS = SpeedTable(kmh={"primary": 50, "motorway": 80, "S1100": 80, "S1200": 50}, default_kmh=30)


def real_graph(city: str) -> RoadGraph:
    """Each row of Futian is one direction, each of San Francisco both."""
    folder = Settings().shared_data / city
    if not folder.is_dir():
        pytest.skip(f"no folder {folder}: set JIEYING_SHARED_DATA to test on the real roads of {city}")
    nodes = [RoadNode(int(row["id"]), Point(float(row["lat"]), float(row["lon"]))) for row in rows(folder, "nodes")]
    position = {node.id: node.position for node in nodes}
    edges = []
    for row in rows(folder, "edges"):
        tail, head = int(row["from"]), int(row["to"])
        corners = [pair.split() for pair in row["wkt"].partition("(")[2].rstrip(")").split(",") if pair]
        line = tuple(Point(float(lat), float(lon)) for lon, lat in corners)
        road_class = row.get("highway") or row["mtfcc"]
        oneway = city == "futian"
        straight = (position[tail], position[head])
        edges.append(RoadEdge(tail, head, float(row["length_m"]), road_class, oneway, row["name"], line or straight))
    return from_edges(nodes, edges)


def rows(folder: Path, name: str) -> list[dict[str, str]]:
    with (folder / f"{name}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def positions(graph: RoadGraph, many: int) -> list[Point]:
    """Anywhere in the middle of the city."""
    dice = random.Random(110)
    lat, lon = sorted(graph.lat.tolist()), sorted(graph.lon.tolist())
    part = len(lat) // 10
    return [Point(dice.uniform(lat[part], lat[-part]), dice.uniform(lon[part], lon[-part])) for _ in range(many)]


@pytest.mark.parametrize("city", ["futian", "sf"])
def test_etas_on_real_roads_are_those_of_dijkstra(city: str) -> None:
    graph = real_graph(city)
    fast, plain = RoadNetwork(graph, SPEEDS), RoadNetwork(graph, SPEEDS, engine=DijkstraEngine)
    units, incidents = fast.snap_all(positions(graph, 100)), positions(graph, 30)[::-1]
    etas = [fast.etas(units, incident, 8) for incident in incidents]
    assert etas == [plain.etas(units, incident, 8) for incident in incidents]
    reached = sum(eta is not None for row in etas for eta in row)
    assert reached > 0.9 * len(units) * len(incidents)


@pytest.mark.parametrize("city", ["futian", "sf"])
def test_routes_on_real_roads_take_the_eta_and_have_no_gap(city: str) -> None:
    graph = real_graph(city)
    network = RoadNetwork(graph, SPEEDS)
    longest = max(distance_m(a, b) for e in range(len(graph.tail)) for a, b in pairwise(graph.line(e)))
    units = network.snap_all(positions(graph, 40))
    driven = 0
    for a, b in pairwise(units):
        route = network.route(a, b, 8)
        assert (route and route.seconds) == network.etas([a], b, 8)[0]
        if route:
            driven += 1
            assert route.line[0] == pytest.approx(a.point)
            assert route.line[-1] == pytest.approx(b.point)
            assert max(distance_m(p, q) for p, q in pairwise(route.line)) <= longest + 1
    assert driven > 30


@pytest.mark.parametrize(
    ("city", "names", "near"),
    [
        ("futian", {"深南大道", "香梅路"}, Point(22.5414, 114.0357)),
        ("sf", {"Market St", "Van Ness Ave"}, Point(37.7752, -122.4193)),
    ],
)
def test_a_known_crossing_is_found(city: str, names: set[str], near: Point) -> None:
    points = crossings(real_graph(city))[frozenset(names)]
    assert min(distance_m(point, near) for point in points) < 150
