"""How long it takes by road, and which way."""

import math
import sys
import threading
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jieying.citypack.model import RoadEdge, SpeedTable
from jieying.kit.geo import Point
from jieying.roads.cch import CchEngine
from jieying.roads.dijkstra import DijkstraEngine
from jieying.roads.engine import MakesEngine
from jieying.roads.graph import RoadGraph
from jieying.roads.network import RoadNetwork, edge_times_ms
from jieying.roads.snapping import Snap

from .towns import WALK, at, length_of, on, oracle_ms, road, seconds, town

both_engines = pytest.mark.parametrize("engine", [CchEngine, DijkstraEngine])

PLACES: list[tuple[float, float]] = [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1)]
nodes = st.integers(0, len(PLACES) - 1)
# Random ends: one-way, parallel and dead-end roads, loops, and parts that nothing leads to, all turn up.
random_roads = st.lists(
    st.builds(
        road,
        nodes,
        nodes,
        st.floats(0, 500),
        oneway=st.booleans(),
        road_class=st.sampled_from(["fast", "street"]),
    ),
    min_size=1,
    max_size=12,
)
fractions = st.one_of(st.sampled_from([0.0, 0.5, 1.0]), st.floats(0, 1))


def bans_among(roads: list[RoadEdge]) -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """Some of the turns there are, turning round among them."""
    turns = [
        (one, via, other)
        for (one, a), (other, b) in product(enumerate(roads), repeat=2)
        for via in sorted({a.tail, a.head} & {b.tail, b.head})
    ]
    return st.lists(st.sampled_from(turns), max_size=15, unique=True)


def places_on(graph: RoadGraph, data: st.DataObject, many: int) -> list[Snap]:
    edges = st.integers(0, len(graph.tail) - 1)
    return [on(graph, data.draw(edges), data.draw(fractions)) for _ in range(many)]


def point_on(graph: RoadGraph, place: Snap) -> tuple[float, float]:
    tail, head = graph.line(place.edge)
    return (
        tail.lat + (head.lat - tail.lat) * place.fraction,
        tail.lon + (head.lon - tail.lon) * place.fraction,
    )


@both_engines
@settings(max_examples=300, deadline=None)
@given(roads=random_roads, data=st.data())
def test_etas_are_those_of_a_textbook_dijkstra_to_the_millisecond(
    engine: MakesEngine, roads: list[RoadEdge], data: st.DataObject
) -> None:
    graph = town(PLACES, roads, data.draw(bans_among(roads)))
    *origins, target = places_on(graph, data, 5)
    edge_ms = edge_times_ms(graph, WALK).tolist()
    expected = [oracle_ms(graph, edge_ms, origin, target) for origin in origins]
    etas = RoadNetwork(graph, WALK, engine=engine).etas(origins, target, 0)
    assert [None if eta is None else round(eta * 1000) for eta in etas] == expected


@both_engines
@settings(max_examples=200, deadline=None)
@given(roads=random_roads, data=st.data())
def test_a_route_takes_the_eta_and_runs_unbroken_along_the_roads(
    engine: MakesEngine, roads: list[RoadEdge], data: st.DataObject
) -> None:
    straight = [replace(r, length_m=100 * math.dist(PLACES[r.tail], PLACES[r.head])) for r in roads]
    graph = town(PLACES, straight, data.draw(bans_among(roads)))
    network = RoadNetwork(graph, WALK, engine=engine)
    start, end = places_on(graph, data, 2)
    route = network.route(start, end, 0)
    assert (route and route.seconds) == seconds(network, start, end)
    if route:
        assert route.line[0] == pytest.approx(point_on(graph, start))
        assert route.line[-1] == pytest.approx(point_on(graph, end))
        # All roads are straight and as long as given, so that a line with a gap would be too long.
        assert length_of(route.line) == pytest.approx(route.length_m, rel=1e-3, abs=0.01)


def test_one_way_roads_are_driven_one_way_only() -> None:
    square = town([(0, 0), (1, 0), (1, 1), (0, 1)], [road(i, (i + 1) % 4, oneway=True) for i in range(4)])
    network = RoadNetwork(square, WALK)
    assert seconds(network, on(square, 0, 0.2), on(square, 0, 0.7)) == 5.0
    assert seconds(network, on(square, 0, 0.7), on(square, 0, 0.2)) == 35.0, "once round the block"


def test_who_stands_at_the_end_of_a_one_way_road_is_at_the_crossing() -> None:
    graph = town([(0, 0), (1, 0), (0, 1)], [road(0, 1, oneway=True), road(0, 2), road(2, 1)])
    network = RoadNetwork(graph, WALK)
    assert seconds(network, on(graph, 0, 0.0), on(graph, 1, 0.5)) == 5.0
    assert seconds(network, on(graph, 2, 0.5), on(graph, 0, 1.0)) == 5.0


def test_turning_round_on_a_two_way_road_is_allowed() -> None:
    street = town([(0, 0), (1, 0)], [road(0, 1)])
    assert seconds(RoadNetwork(street, WALK), on(street, 0, 0.7), on(street, 0, 0.2)) == 5.0


def test_where_no_road_leads_there_is_no_eta_and_no_route() -> None:
    islands = town([(0, 0), (1, 0), (5, 5), (6, 5)], [road(0, 1), road(2, 3)])
    network = RoadNetwork(islands, WALK)
    assert network.etas([on(islands, 0, 0.5), on(islands, 1, 0.5)], on(islands, 1, 1.0), 0) == [None, 5.0]
    assert network.route(on(islands, 0, 0.5), on(islands, 1, 0.5), 0) is None


def test_of_two_roads_between_the_same_crossings_the_faster_is_taken() -> None:
    graph = town(
        [(0, 0), (1, 0), (2, 0), (3, 0)],
        [
            road(0, 1, name="A"),
            road(1, 2, 100, name="slow"),
            road(1, 2, 150, name="bypass", road_class="fast"),
            road(2, 3, name="B"),
        ],
    )
    route = RoadNetwork(graph, WALK).route(on(graph, 0, 0.5), on(graph, 3, 0.5), 0)
    assert route
    assert (route.seconds, route.length_m, route.names) == (5 + 7.5 + 5, 250, ["A", "bypass", "B"])


def test_the_factor_of_the_hour_of_the_week_multiplies_the_speed() -> None:
    street = town([(0, 0), (1, 0)], [road(0, 1)])
    rush = SpeedTable(kmh={}, default_kmh=36.0, hour_factor=(1.0,) * 32 + (0.5,) + (1.0,) * 135)
    network = RoadNetwork(street, rush)
    assert [seconds(network, on(street, 0, 0.0), on(street, 0, 1.0), hour) for hour in (8, 32)] == [10.0, 20.0]
    route = network.route(on(street, 0, 0.0), on(street, 0, 1.0), 32)
    assert route
    assert route.seconds == 20.0


def test_places_may_be_given_as_positions_or_as_snaps() -> None:
    street = town([(0, 0), (1, 0)], [road(0, 1)])
    network = RoadNetwork(street, WALK)
    near_start, near_end = at(0.1, 0.05), at(0.9, -0.05)
    snap = network.snap(near_start)
    assert network.etas([near_start, snap], near_end, 0) == [8.0, 8.0]
    assert network.etas([], near_end, 0) == []


def test_a_route_follows_the_bends_of_the_road() -> None:
    bend = (at(0, 0), at(0, 1), at(1, 1))
    graph = town([(0, 0), (1, 1)], [road(0, 1, 200, line=bend)])
    back = RoadNetwork(graph, WALK).route(on(graph, 0, 0.75), on(graph, 0, 0.25), 0)
    assert back
    assert back.line == [pytest.approx(p) for p in (at(0.5, 1), at(0, 1), at(0, 0.5))]


def test_threads_get_the_answers_that_one_gets_alone() -> None:
    side = range(12)
    grid: list[tuple[float, float]] = [(x, y) for x in side for y in side]
    roads = [road(x * 12 + y, x * 12 + y + 1) for x in side for y in range(11)]
    roads += [road(x * 12 + y, x * 12 + 12 + y, oneway=y % 2 == 0) for x in range(11) for y in side]
    graph = town(grid, roads)
    network = RoadNetwork(graph, WALK)
    units = [on(graph, e, 0.3) for e in range(0, len(roads), 5)]
    alone = [network.etas(units, on(graph, e, 0.6), 0) for e in range(40)]
    together: dict[int, list[float | None]] = {}

    def ask(first: int) -> None:
        for e in range(first, 40, 4):
            together[e] = network.etas(units, on(graph, e, 0.6), 0)

    threads = [threading.Thread(target=ask, args=(first,)) for first in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [together[e] for e in range(40)] == alone


@pytest.mark.parametrize(("kmh", "factor"), [(0.0, 1.0), (-5.0, 1.0), (math.nan, 1.0), (50.0, 0.0), (50.0, math.nan)])
def test_speeds_that_are_not_positive_are_refused(kmh: float, factor: float) -> None:
    street = town([(0, 0), (1, 0)], [road(0, 1)])
    with pytest.raises(ValueError, match="positive"):
        RoadNetwork(street, SpeedTable(kmh={}, default_kmh=kmh, hour_factor=(factor,) * 168))


def test_an_edge_of_absurd_length_is_refused_before_it_overflows() -> None:
    with pytest.raises(ValueError, match="24 days"):
        RoadNetwork(town([(0, 0), (1, 0)], [road(0, 1, 1e9)]), WALK)


def test_a_position_far_outside_goes_to_the_nearest_end() -> None:
    street = town([(0, 0), (1, 0)], [road(0, 1)])
    snap = RoadNetwork(street, WALK).snap(Point(0.5, -0.5))
    assert (snap.edge, snap.fraction) == (0, 0.0)


def test_without_the_fast_library_times_are_the_same_and_the_log_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "routingkit_cch", None)
    monkeypatch.delitem(sys.modules, "jieying.roads.cch")
    street = town([(0, 0), (1, 0), (2, 0)], [road(0, 1), road(1, 2)])
    network = RoadNetwork(street, WALK)
    assert seconds(network, on(street, 0, 0.5), on(street, 1, 0.5)) == 10.0
    assert "road times will be slow" in caplog.text
