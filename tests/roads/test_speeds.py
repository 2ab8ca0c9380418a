"""Speeds: which one counts, and others brought into a running system."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime

import numpy as np
import pytest
from shapely.geometry import box

from jieying.citypack.model import Area, Name, SpeedTable
from jieying.roads.cch import CchEngine
from jieying.roads.dijkstra import DijkstraEngine
from jieying.roads.engine import MakesEngine
from jieying.roads.network import RoadNetwork, hour_of_week

from .towns import STEP, WALK, on, road, seconds, town

STREET = town([(0, 0), (1, 0), (2, 0)], [road(0, 1), road(1, 2, road_class="fast")])


def area(code: str, x: float) -> Area:
    """The ground from x to x + 1, in units of 100 m."""
    return Area(code, "S", Name(code), box(x * STEP, -STEP, (x + 1) * STEP, STEP))


def test_the_speed_of_a_stretch_stands_before_that_of_its_class() -> None:
    graph = town([(0, 0), (1, 0)], [road(0, 1, road_class="fast", kmh=18.0)])
    assert seconds(RoadNetwork(graph, WALK), on(graph, 0, 0.0), on(graph, 0, 1.0)) == 20.0


def test_the_factor_of_an_area_counts_where_the_middle_of_the_road_is() -> None:
    roads = [road(0, 1), road(1, 2), road(2, 3, kmh=72.0)]
    graph = town([(0, 0), (1, 0), (2, 0), (3, 0)], roads, areas=[area("east", 2), area("west", 0)])
    network = RoadNetwork(graph, replace(WALK, area_factor={"west": 0.5, "east": 0.25, "gone": 0.1}))
    times = [seconds(network, on(graph, edge, 0.0), on(graph, edge, 1.0)) for edge in range(3)]
    assert times == [20.0, 10.0, 20.0], "half the speed, in no area, a quarter of its own speed"


def test_on_the_border_of_areas_the_smaller_code_counts() -> None:
    graph = town([(0.5, 0), (1.5, 0)], [road(0, 1)], areas=[area("B", 0), area("A", 1)])
    assert [graph.areas[i] for i in graph.area] == ["A"]


def test_hours_of_the_week_begin_on_monday() -> None:
    assert [hour_of_week(datetime(2026, 11, day, 23, 59)) for day in (16, 22)] == [23, 167]  # noqa: DTZ001


@pytest.mark.parametrize("hours", [0, 24, 167])
def test_speeds_without_a_factor_for_each_hour_of_the_week_are_refused(hours: int) -> None:
    with pytest.raises(ValueError, match="168"):
        RoadNetwork(STREET, SpeedTable({}, 30, (1.0,) * hours))


def test_a_factor_of_an_area_that_is_not_positive_is_refused() -> None:
    graph = town([(0, 0), (1, 0)], [road(0, 1)], areas=[area("A", 0)])
    with pytest.raises(ValueError, match="positive"):
        RoadNetwork(graph, replace(WALK, area_factor={"A": 0.0}))


@pytest.mark.parametrize("engine", [CchEngine, DijkstraEngine])
def test_other_speeds_make_another_network_and_leave_the_first_as_it_is(engine: MakesEngine) -> None:
    old = RoadNetwork(STREET, WALK, engine=engine)
    start, end = on(STREET, 0, 0.5), on(STREET, 1, 0.5)
    origins = old.prepare([start])
    new = old.with_speeds(SpeedTable(kmh={"fast": 7.2}, default_kmh=36.0))
    assert old.etas(origins, end, 0) == [7.5]
    assert new.etas(origins, end, 0) == [5.0 + 25.0]
    route = new.route(start, end, 0)
    assert route
    assert route.seconds == 30.0


def test_speeds_that_cannot_be_are_refused_and_the_old_ones_stay() -> None:
    network = RoadNetwork(STREET, WALK)
    with pytest.raises(ValueError, match="positive"):
        network.with_speeds(SpeedTable({}, -1.0))
    assert seconds(network, on(STREET, 0, 0.0), on(STREET, 0, 1.0)) == 10.0


def test_origins_made_ready_give_the_times_of_their_places() -> None:
    network = RoadNetwork(STREET, WALK)
    places, end = [on(STREET, 1, 0.5), on(STREET, 0, 0.2), on(STREET, 0, 1.0)], on(STREET, 0, 0.7)
    origins = network.prepare(places)
    assert network.etas(origins, end, 0) == network.etas(places, end, 0) == [5.5, 5.0, 3.0]
    assert network.eta_array(origins.take(np.array([2, 0])), end, 0).tolist() == [3.0, 5.5]
    assert network.eta_array(origins.take(np.array([False, True, False])), end, 0).tolist() == [5.0]


def test_readers_get_old_or_new_times_while_speeds_are_swapped_and_never_fail() -> None:
    fast, slow = SpeedTable(kmh={}, default_kmh=36.0), SpeedTable(kmh={}, default_kmh=18.0)
    grid = range(10)
    roads = [road(x * 10 + y, x * 10 + y + 1) for x in grid for y in range(9)]
    roads += [road(x * 10 + y, x * 10 + 10 + y) for x in range(9) for y in grid]
    graph = town([(x, y) for x in grid for y in grid], roads)
    units, end = [on(graph, edge, 0.5) for edge in range(0, 180, 9)], on(graph, 77, 0.5)
    network = RoadNetwork(graph, fast)
    fast_times, slow_times = network.etas(units, end, 0), network.with_speeds(slow).etas(units, end, 0)
    assert slow_times == [2 * eta for eta in fast_times if eta is not None]
    over, seen = threading.Event(), (set[tuple[float | None, ...]](), set[tuple[float | None, ...]]())

    def read(mine: set[tuple[float | None, ...]]) -> None:
        while not over.is_set():
            mine.add(tuple(network.etas(units, end, 0)))

    with ThreadPoolExecutor(2) as readers:
        reading = [readers.submit(read, mine) for mine in seen]
        turn = 0
        while any(len(mine) < 2 for mine in seen) and not any(one.done() for one in reading):
            network, turn = network.with_speeds(fast if turn % 2 else slow), turn + 1
        over.set()
        for one in reading:
            one.result()
    assert list(seen) == [{tuple(fast_times), tuple(slow_times)}] * 2
