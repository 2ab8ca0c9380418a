"""From a position to the nearest place on a road."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jieying.kit.geo import Point, distance_m
from jieying.roads.snapping import Snapper

from .towns import at, road, town


def test_a_position_goes_to_the_road_beside_it_not_to_the_nearest_crossing() -> None:
    # A crossing of two short roads is nearer than either end of the long one that runs past.
    graph = town([(0, 0), (10, 0), (5, 2), (5, 3)], [road(0, 1, 1000), road(2, 3)])
    snap = Snapper(graph).snap([at(5, 0.9)])[0]
    assert snap.edge == 0
    assert snap.fraction == pytest.approx(0.5)
    assert snap.distance_m == pytest.approx(distance_m(at(5, 0.9), at(5, 0)), rel=1e-4)
    assert snap.point == pytest.approx(at(5, 0))


@settings(max_examples=200, deadline=None)
@given(st.floats(22.4, 22.7), st.floats(113.9, 114.2))
def test_distances_in_a_city_are_true_to_half_a_percent(lat: float, lon: float) -> None:
    line = tuple(Point(22.4 + 0.3 * i / 5, 113.9 + 0.3 * i / 5) for i in range(6))
    graph = town([(0, 0), (1, 1)], [road(0, 1, line=line)])
    snap = Snapper(graph).snap([Point(lat, lon)])[0]
    assert snap.distance_m == pytest.approx(distance_m(Point(lat, lon), snap.point), rel=0.005, abs=0.01)


def test_a_road_without_extent_is_a_place_like_any_other() -> None:
    graph = town([(0, 0), (0, 0)], [road(0, 1)])
    snap = Snapper(graph).snap([at(1, 0)])[0]
    assert (snap.edge, snap.fraction) == (0, 0.0)
    assert snap.point == pytest.approx(at(0, 0))


def test_a_piece_of_road_can_be_taken_against_its_direction() -> None:
    graph = town([(0, 0), (4, 0)], [road(0, 1)])
    assert Snapper(graph).piece(0, 0.75, 0.25) == [pytest.approx(at(3, 0)), pytest.approx(at(1, 0))]


@pytest.mark.parametrize("position", [Point(float("nan"), 0.0), Point(0.0, float("inf"))])
def test_a_position_that_is_none_is_refused(position: Point) -> None:
    graph = town([(0, 0), (4, 0)], [road(0, 1)])
    with pytest.raises(ValueError, match="finite"):
        Snapper(graph).snap([at(0, 0), position])


@given(st.lists(st.tuples(st.floats(0, 9), st.floats(0, 9)), min_size=1, max_size=6))
def test_beyond_the_end_of_a_road_is_exactly_its_end(bends: list[tuple[float, float]]) -> None:
    line = tuple(at(*place) for place in [(-1.0, 0.0), *bends, (10.0, 5.0)])
    graph = town([(-1, 0), (10, 5)], [road(0, 1, line=line)])
    assert [snap.fraction for snap in Snapper(graph).snap([at(-2, 0), at(11, 5)])] == [0.0, 1.0]
