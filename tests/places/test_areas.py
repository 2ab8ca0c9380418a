"""Whose ground a point is on: one answer for every point, also on a border."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from jieying.places.areas import AreaIndex
from tests.minicity import mini_city, spot

PACK = mini_city()
AREAS = AreaIndex(PACK)
inside = st.floats(1, 2999)


def code_at(x: float, y: float) -> str | None:
    area = AREAS.area_of(spot(x, y))
    return area.code if area else None


@given(inside, inside)
def test_every_point_inside_lies_in_its_quarter(x: float, y: float) -> None:
    allowed = {
        {(0, 0): "A1", (0, 1): "A2", (1, 0): "A3", (1, 1): "A4"}[east, north]
        for east in (x + 0.01 > 1500, x - 0.01 > 1500)
        for north in (y + 0.01 > 1500, y - 0.01 > 1500)
    }
    assert code_at(x, y) in allowed


def test_a_border_belongs_to_the_smaller_code_whatever_the_order_of_the_file() -> None:
    turned = AreaIndex(replace(PACK, areas=PACK.areas[::-1]))
    corner = PACK.areas[0].shape.bounds[2:]
    point = spot(0, 0)._replace(lon=corner[0], lat=corner[1])
    assert [index.area_of(point) for index in (AREAS, turned)] == [PACK.areas[0]] * 2


def test_outside_the_city_there_is_no_area_but_a_nearest_one() -> None:
    assert code_at(-100, 700) is None
    assert AREAS.nearest_area(spot(-100, 700), max_m=90) is None
    nearest = AREAS.nearest_area(spot(-100, 700), max_m=110)
    assert nearest is not None
    assert nearest.code == "A1"


def test_a_city_without_areas_has_none() -> None:
    empty = AreaIndex(replace(PACK, areas=()))
    assert empty.area_of(spot(1, 1)) is None
    assert empty.nearest_area(spot(1, 1), 1000) is None
