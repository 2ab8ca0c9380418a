"""Ways to a post and where a unit is on one, held to the road network itself."""

from dataclasses import replace
from functools import cache

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from jieying.citypack.model import CityPack, TurnBan
from jieying.kit.geo import Point
from jieying.simulation.ground import Ground
from jieying.simulation.ways import Trip
from tests.minicity import mini_city, node_id, spot

points = st.tuples(st.floats(0, 3000), st.floats(0, 3000)).map(lambda pair: spot(*pair))
NOON = 12


def tricky() -> CityPack:
    """Every third stretch one-way, a speed of its own here and there, and some turns forbidden."""
    pack = mini_city()
    edges = tuple(
        replace(edge, oneway=i % 3 == 0 and i > 6, kmh=None if i % 5 else 17.0)
        for i, edge in enumerate(pack.road_edges)
    )
    bans = tuple(
        TurnBan(i, node_id(3, 3), j)
        for i, edge in enumerate(edges)
        for j, other in enumerate(edges)
        if edge.head == node_id(3, 3) and other.tail == node_id(3, 3)
    )
    return replace(pack, road_edges=edges, turn_bans=bans)


@cache
def ground() -> Ground:
    return Ground(tricky())


@settings(deadline=None, max_examples=60)
@given(start=points, post=st.sampled_from(sorted(mini_city().units)), share=st.lists(st.floats(0, 1), max_size=4))
def test_a_trip_takes_as_long_as_the_network_says_and_what_is_left_of_it_too(
    start: Point, post: str, share: list[float]
) -> None:
    roads, end = ground().roads, ground().roads.snap(mini_city().units[post].post)
    place = roads.snap(start)
    (whole,) = roads.eta_array([place], end, NOON).tolist()
    trip = Trip(ground().ways.towards(end), place)
    assert trip.ms / 1000 == whole or (np.isinf(trip.ms) and np.isinf(whole))
    if np.isinf(whole):
        return
    for gone in sorted(share):
        there = ground().ways.on(trip.after(gone * trip.ms))
        (left,) = roads.eta_array([there], end, NOON).tolist()
        assert abs(left - (1 - gone) * whole) <= 0.003


@settings(deadline=None, max_examples=60)
@given(starts=st.lists(points, min_size=1, max_size=6), target=points)
def test_times_from_anywhere_are_the_networks_to_the_last_digit(starts: list[Point], target: Point) -> None:
    snaps = ground().roads.snap_all(starts)
    (place,) = ground().numbers(np.array([target.lat]), np.array([target.lon])).tolist()
    found = ground().from_spots_ms([(snap.edge, snap.fraction) for snap in snaps], place)
    expected = ground().roads.eta_array(snaps, ground().snaps[place], NOON)
    assert (np.array(found) / 1000).tolist() == expected.tolist()


@settings(deadline=None, max_examples=30)
@given(target=points, hour=st.integers(0, 167))
def test_times_from_the_posts_are_the_networks_to_the_last_digit_in_any_hour(target: Point, hour: int) -> None:
    factors = tuple(0.5 + 0.01 * h for h in range(168))
    pack = replace(mini_city(), speeds=replace(mini_city().speeds, hour_factor=factors))
    city = _rush(pack)
    (place,) = city.numbers(np.array([target.lat]), np.array([target.lon])).tolist()
    expected = city.roads.eta_array(city.post_snaps, city.snaps[place], hour)
    assert (city.from_posts_ms(place) / 1000 / factors[hour]).tolist() == expected.tolist()


_grounds: list[Ground] = []


def _rush(pack: CityPack) -> Ground:
    if not _grounds:
        _grounds.append(Ground(pack))
    return _grounds[0]
