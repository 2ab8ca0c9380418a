"""Where units may stand and where calls come from."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.allocation.places import by_cell, sites
from jieying.citypack.model import DemandPoint
from jieying.kit.geo import Point, distance_m
from jieying.roads.graph import from_pack
from tests.minicity import SIZE_M, mini_city, spot

metres = st.floats(0, SIZE_M)
calls = st.lists(st.builds(DemandPoint, st.builds(spot, metres, metres), st.floats(0.01, 100)), min_size=1, max_size=60)


@given(calls)
def test_no_call_is_lost_when_they_are_gathered_by_cell(demand: list[DemandPoint]) -> None:
    gathered = by_cell(demand, 20)
    assert sum(cell.weight for cell in gathered) == pytest.approx(sum(point.weight for point in demand))


@given(calls)
def test_the_cells_together_have_the_middle_of_the_calls(demand: list[DemandPoint]) -> None:
    def middle(points: list[DemandPoint]) -> Point:
        total = sum(point.weight for point in points)
        lat = sum(point.weight * point.position.lat for point in points) / total
        return Point(lat, sum(point.weight * point.position.lon for point in points) / total)

    assert distance_m(middle(demand), middle(by_cell(demand, 20))) < 0.01


def test_there_are_no_more_cells_than_wanted() -> None:
    demand = [DemandPoint(spot(x, y), 1.0) for x in range(0, SIZE_M, 100) for y in range(0, SIZE_M, 100)]
    assert len(by_cell(demand, 12)) <= 12


def test_places_without_calls_do_not_count() -> None:
    assert by_cell([DemandPoint(spot(0, 0), 0.0)], 10) == []


def test_units_may_stand_at_every_post_every_station_and_at_crossings_all_over_the_city() -> None:
    pack = mini_city()
    found = sites(pack, from_pack(pack), 400)
    posts = {site.position for site in found if site.kind == "post"}
    assert posts == {unit.post for unit in pack.units.values()}
    stations = {org.position for org in pack.orgs.values()} - {None}
    assert {site.position for site in found if site.kind == "station"} == stations
    crossings = [site for site in found if site.kind == "crossing"]
    assert all(
        any(distance_m(spot(x, y), c.position) < 700 for c in crossings) for x in (500, 2500) for y in (500, 2500)
    )


def test_a_crossing_is_called_by_its_roads() -> None:
    pack = mini_city()
    names = {site.position: site.name for site in sites(pack, from_pack(pack), 400) if site.kind == "crossing"}
    assert all(" / " in name for name in names.values())


def test_no_place_is_a_site_twice() -> None:
    pack = mini_city()
    found = [site.position for site in sites(pack, from_pack(pack), 400)]
    assert len(found) == len(set(found))
