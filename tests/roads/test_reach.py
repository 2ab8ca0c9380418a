"""How far one gets, and how many get there."""

import math

import h3.api.numpy_int as h3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Point as Dot
from shapely.geometry import shape

from jieying.citypack.model import RoadEdge, SpeedTable
from jieying.kit.geo import cell_of
from jieying.roads.network import RoadNetwork
from jieying.roads.reach import Reacher, StreetCells, area_km2, outline

from .test_network import PLACES, bans_among, places_on, random_roads
from .towns import WALK, at, on, road, town

# A street of 4 km to the east, with a side street of 1 km to the north in its middle; 10 m/s.
STREETS = town(
    [(0, 0), (20, 0), (40, 0), (20, 10)],
    [road(0, 1, 2000, name="东街"), road(1, 2, 2000, name="西街"), road(1, 3, 1000, name="北街")],
)
REACHER = Reacher(RoadNetwork(STREETS, WALK))


def test_all_cells_that_the_streets_run_through_are_known() -> None:
    along = {cell_of(at(x, 0)) for x in np.arange(0.5, 40, 1)} | {cell_of(at(20, y)) for y in np.arange(0.5, 10, 1)}
    assert set(REACHER.streets.cells.tolist()) == along


def test_streets_and_cells_are_reached_when_a_part_of_them_is() -> None:
    start = on(STREETS, 0, 0.5)
    near, far = REACHER.reach(start, [60, 150], 0)
    assert (near.streets, near.road_m) == (["东街"], 1200)
    assert (far.streets, far.road_m) == (["东街", "北街", "西街"], 2000 + 2 * 500)
    assert set(near.cells.tolist()) == {cell_of(at(x, 0)) for x in np.arange(4.5, 16, 1)}
    assert set(far.cells.tolist()) > set(near.cells.tolist())


def test_a_one_way_street_is_reached_ahead_only() -> None:
    graph = town([(0, 0), (20, 0)], [road(0, 1, 2000, oneway=True)])
    (reach,) = Reacher(RoadNetwork(graph, WALK)).reach(on(graph, 0, 0.5), [50], 0)
    assert reach.road_m == 500
    assert set(reach.cells.tolist()) == {cell_of(at(x, 0)) for x in np.arange(10.5, 15, 1)}


def test_a_forbidden_turn_keeps_a_street_out_of_reach() -> None:
    graph = town([(0, 0), (20, 0), (20, 10)], [road(0, 1, 2000, name="A"), road(1, 2, 1000, name="B")], [(0, 1, 1)])
    (reach,) = Reacher(RoadNetwork(graph, WALK)).reach(on(graph, 0, 0.5), [500], 0)
    assert reach.streets == ["A"]


def test_at_half_the_speed_one_gets_half_as_far() -> None:
    rush = SpeedTable({}, 36, (1.0,) * 167 + (0.5,))
    reacher = Reacher(RoadNetwork(STREETS, rush))
    assert [reacher.reach(on(STREETS, 0, 0.5), [60], hour)[0].road_m for hour in (0, 167)] == [1200, 600]
    slow = Reacher(reacher.network.with_speeds(SpeedTable({}, 18)), reacher.streets)
    assert slow.reach(on(STREETS, 0, 0.5), [60], 0)[0].road_m == 600


@settings(max_examples=100, deadline=None)
@given(roads=random_roads, data=st.data(), limit_s=st.floats(1, 60))
def test_reached_is_what_has_an_eta_within_the_limit(
    roads: list[RoadEdge], data: st.DataObject, limit_s: float
) -> None:
    graph = town(PLACES, roads, data.draw(bans_among(roads)))
    network = RoadNetwork(graph, WALK)
    streets = StreetCells.of(network)
    (start,) = places_on(graph, data, 1)
    (reach,) = Reacher(network, streets).reach(start, [limit_s], 0)
    eta_of = dict.fromkeys(range(len(streets.cells)), math.inf)
    for edge, cell, low, high in zip(streets.edge, streets.cell, streets.low, streets.high, strict=True):
        places = [on(graph, int(edge), float(f)) for f in (low, min(max(start.fraction, low), high), high)]
        etas = [network.eta_array([start], place, 0)[0] for place in places]
        eta_of[cell] = min(eta_of[cell], *etas)
    reached = set(reach.cells.tolist())
    for cell, eta in eta_of.items():
        if abs(eta - limit_s) > 0.003:  # parts of a road are rounded to the millisecond in ETAs
            assert (int(streets.cells[cell]) in reached) == (eta < limit_s)


@settings(max_examples=50, deadline=None)
@given(roads=random_roads, data=st.data(), limit_s=st.floats(1, 60))
def test_the_cover_of_a_cell_is_the_number_of_those_who_reach_it(
    roads: list[RoadEdge], data: st.DataObject, limit_s: float
) -> None:
    graph = town(PLACES, roads)
    reacher = Reacher(RoadNetwork(graph, WALK))
    places = places_on(graph, data, 5) * data.draw(st.sampled_from([1, 4]))
    alone = [reacher.reach(place, [limit_s], 0)[0].cells for place in places]
    expected = [sum(cell in cells for cells in alone) for cell in reacher.streets.cells]
    assert reacher.cover(places, limit_s, 0).tolist() == expected


def test_nobody_covers_nothing() -> None:
    assert not REACHER.cover([], 300, 0).any()


def test_the_outline_of_cells_is_a_valid_polygon_of_their_area_around_their_centres() -> None:
    cells = REACHER.reach(on(STREETS, 0, 0.5), [150], 0)[0].cells
    ground = shape(outline(cells))
    assert ground.is_valid
    assert all(ground.contains(Dot(*h3.cell_to_latlng(cell)[::-1])) for cell in cells)
    assert area_km2(cells) == pytest.approx(ground.area * (math.radians(1) * 6371.0088) ** 2, rel=1e-3)


def test_the_outline_of_nothing_is_empty() -> None:
    assert shape(outline(np.array([], np.uint64))).is_empty
