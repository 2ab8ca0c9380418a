"""Real roads: Porto from an OpenStreetMap extract, Futian from tables."""

from pathlib import Path

import pytest

from jieying.citypack.model import SpeedTable
from jieying.citypack.roadsource.model import Roads
from jieying.citypack.roadsource.read import read_roads
from jieying.citypack.roadsource.tags import CLASS_KMH
from jieying.citypack.roadsource.write import write_roads
from jieying.kit.geo import Point, distance_m
from jieying.roads.dijkstra import DijkstraEngine
from jieying.roads.graph import from_edges
from jieying.roads.network import RoadNetwork
from tests.citypack.roadsource.real import shared

ALIADOS, AIRPORT = Point(41.1486, -8.6110), Point(41.2370, -8.6700)


@pytest.fixture(scope="module")
def porto() -> Roads:
    return read_roads(shared("porto/porto_portugal.osm.pbf"))


def test_porto_is_read_nearly_whole_with_its_turn_bans(porto: Roads) -> None:
    assert len(porto.edges) > 20_000
    assert len(porto.turn_bans) > 300
    assert porto.kept_share > 0.95
    assert {"motorway", "primary", "residential", "service"} <= {e.road_class for e in porto.edges}
    assert any(e.name == "Avenida dos Aliados" for e in porto.edges)


def test_porto_can_be_driven_from_the_middle_to_the_airport(porto: Roads) -> None:
    graph = from_edges(porto.nodes, porto.edges, porto.turn_bans)
    route = RoadNetwork(graph, SpeedTable(CLASS_KMH, 30.0), engine=DijkstraEngine).route(ALIADOS, AIRPORT, 0)
    assert route is not None
    straight = distance_m(ALIADOS, AIRPORT)
    assert straight < route.length_m < 2 * straight
    assert 30 < route.length_m / route.seconds * 3.6 < 100  # km/h


def test_futian_written_and_read_again_is_the_same(tmp_path: Path) -> None:
    futian = read_roads(shared("futian"))
    write_roads(futian, tmp_path / "pack")
    again = read_roads(tmp_path / "pack")
    assert {n.id for n in again.nodes} == {n.id for n in futian.nodes}
    assert [(e.tail, e.head, e.name, e.kmh, e.oneway) for e in again.edges] == [
        (e.tail, e.head, e.name, e.kmh, e.oneway) for e in futian.edges
    ]
    assert not again.dropped


def test_futian_keeps_its_streets_and_leaves_the_footways() -> None:
    roads = read_roads(shared("futian"))
    assert not {"footway", "path", "steps", "pedestrian"} & {e.road_class for e in roads.edges}
    assert any(e.name == "景田路" for e in roads.edges)
    two_way = {(e.tail, e.head, e.road_class, e.name, round(e.length_m)) for e in roads.edges if not e.oneway}
    assert not [one for one in two_way if (one[1], one[0], *one[2:]) in two_way]
