"""A posting plan for the mini city."""

from itertools import permutations
from pathlib import Path

import pytest

from jieying.allocation.posting import PostingPlan, busy_share, plan_posting, write_posting
from jieying.citypack.model import CityPack, DemandPoint
from jieying.citypack.new import new_pack
from jieying.citypack.read import read_pack
from jieying.kit.errors import Invalid
from jieying.kit.geo import distance_m
from jieying.roads.graph import from_pack
from jieying.roads.network import RoadNetwork
from tests.minicity import mini_city, spot

NOON = 12
NORTH_EAST = [DemandPoint(spot(x, y), 1.0) for x in (2200, 2600) for y in (2200, 2600, 2900)]


@pytest.fixture(scope="module")
def roads() -> RoadNetwork:
    pack = mini_city()
    return RoadNetwork(from_pack(pack), pack.speeds)


def plan(
    roads: RoadNetwork, units: list[str], demand: list[DemandPoint] = NORTH_EAST, limits: tuple[float, ...] = (60.0,)
) -> PostingPlan:
    return plan_posting(
        mini_city(), roads, demand, units,
        busy=0.3, limits_s=limits, hour=NOON, time_limit_s=20, progress=lambda *_: None,
    )  # fmt: skip


def test_units_are_sent_to_where_the_calls_are(roads: RoadNetwork) -> None:
    made = plan(roads, ["U1", "U2", "U3"])
    assert made.before.late_share == 1
    assert made.after.late_share < 0.5
    assert all(distance_m(post.site.position, spot(2500, 2500)) < 1000 for post in made.posts)


def test_every_unit_gets_one_post(roads: RoadNetwork) -> None:
    units = list(mini_city().units)
    assert [post.unit for post in plan(roads, units).posts] == units


def test_the_units_drive_no_more_than_they_must(roads: RoadNetwork) -> None:
    units = ["U1", "U2", "U5", "U6"]
    made, pack = plan(roads, units), mini_city()

    def drive_s(unit: str, place: int) -> float:
        return roads.etas([pack.units[unit].post], made.posts[place].site.position, NOON)[0] or 0.0

    least = min(sum(map(drive_s, order, range(len(units)))) for order in permutations(units))
    assert sum(post.drive_s for post in made.posts) == pytest.approx(least)


def test_units_that_stand_well_stay(roads: RoadNetwork) -> None:
    pack = mini_city()
    demand = [DemandPoint(unit.post, 1.0) for unit in pack.units.values()]
    made = plan(roads, list(pack.units), demand, (1.0,))
    assert made.after.late_share == pytest.approx(made.before.late_share)
    assert sum(post.drive_s for post in made.posts) == 0


def test_the_mean_drive_is_that_of_the_nearest_free_unit(roads: RoadNetwork) -> None:
    pack = mini_city()
    call = [DemandPoint(spot(2400, 2500), 1.0)]
    near, far = sorted(roads.etas([pack.units[code].post for code in ("U6", "U8")], call[0].position, NOON))
    assert near is not None
    assert far is not None
    made = plan(roads, ["U6", "U8"], call)
    assert made.before.mean_drive_s == pytest.approx((0.7 * near + 0.3 * 0.7 * far) / (1 - 0.3**2))


def test_of_several_limits_each_is_as_likely_as_the_others(roads: RoadNetwork) -> None:
    never, always = 0.0001, 3600.0
    demand = [DemandPoint(spot(1700, 1300), 1.0)]
    assert plan(roads, ["U1"], demand, (always, never)).after.late_share == pytest.approx(0.3 / 2 + 1 / 2)


def test_without_demand_there_is_no_plan(roads: RoadNetwork) -> None:
    with pytest.raises(Invalid, match="posting_no_demand"):
        plan(roads, ["U1"], [])


def test_a_limit_that_nobody_can_keep_is_refused(roads: RoadNetwork) -> None:
    with pytest.raises(Invalid, match="posting_unreachable"):
        plan(roads, ["U1"], [DemandPoint(spot(1730, 1210), 1.0)], (0.0001,))


def test_a_pack_takes_the_plan_as_it_is_written(roads: RoadNetwork, tmp_path: Path) -> None:
    folder = tmp_path / "pack"
    new_pack(folder, "testville")
    pack: CityPack = read_pack(folder)
    demand = [DemandPoint(place.position, 1.0) for place in pack.places]
    made = plan_posting(
        pack, RoadNetwork(from_pack(pack), pack.speeds), demand, list(pack.units),
        busy=0.3, limits_s=[60.0], hour=NOON, time_limit_s=20, progress=lambda *_: None,
    )  # fmt: skip
    write_posting(folder / "posting.csv", made)
    read = read_pack(folder).units
    assert all(distance_m(read[post.unit].post, post.site.position) < 0.2 for post in made.posts)


def test_units_are_as_busy_as_the_work_shared_among_them() -> None:
    assert busy_share(work_s=7200, units=4, span_s=3600) == 0.5
    assert busy_share(work_s=1e9, units=4, span_s=3600) == 0.95
