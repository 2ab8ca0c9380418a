"""Expected coverage, what a departure costs it and which move raises it, against counting place by place."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from jieying.citypack.model import DemandPoint, DispatchSettings, Level
from jieying.dispatch.coverage import Coverage, best_move, move_gains
from jieying.dispatch.demand import demand_of
from jieying.dispatch.rules import CallFacts, UnitFacts, rank
from jieying.kit.geo import Point, distance_m
from jieying.kit.texts import LANGUAGES, catalogue, text
from jieying.roads.graph import from_pack
from jieying.roads.network import RoadNetwork
from tests.dispatch.cities import COVER_S, coverages, expected
from tests.minicity import mini_city, spot

SIZES = st.integers(1, 6)
PACK = mini_city()
ROADS = RoadNetwork(from_pack(PACK), PACK.speeds)


@given(SIZES.flatmap(coverages))
def test_expected_coverage_is_the_share_of_calls_that_somebody_free_reaches(coverage: Coverage) -> None:
    assert coverage.expected() == pytest.approx(expected(coverage))


@given(SIZES.flatmap(coverages))
def test_the_loss_is_what_is_missing_when_the_unit_has_left(coverage: Coverage) -> None:
    for unit, loss in enumerate(coverage.loss().tolist()):
        assert loss == pytest.approx(expected(coverage) - expected(coverage, leave=unit), abs=1e-6)


@given(SIZES.flatmap(coverages))
def test_the_place_that_misses_a_unit_most_and_who_else_reaches_it(coverage: Coverage) -> None:
    demand = coverage.demand
    assume(demand.busy > 0)  # else all that is reached twice misses nobody, and any of these places will do
    for unit in np.flatnonzero(coverage.idle).tolist():
        place, others = coverage.missed_most(unit)

        def missed(at: int, unit: int = unit) -> float:
            free = [u for u in np.flatnonzero(coverage.idle).tolist() if u != unit]
            count = sum(bool(demand.times_s[coverage.at[u], at] <= COVER_S) for u in free)
            within = demand.times_s[coverage.at[unit], at] <= COVER_S
            return float(demand.weight[at] * demand.busy**count) if within else 0.0

        assert missed(place) == pytest.approx(max(missed(at) for at in range(len(demand.places))))
        reach_it = demand.times_s[coverage.at, place] <= COVER_S
        assert others == int((coverage.idle & reach_it).sum()) - int(reach_it[unit])


@given(coverage=SIZES.flatmap(coverages), data=st.data())
def test_the_best_move_raises_the_coverage_as_much_as_any_can(coverage: Coverage, data: st.DataObject) -> None:
    units = len(coverage.at)
    movable = np.array(data.draw(st.lists(st.booleans(), min_size=units, max_size=units)))
    limit = data.draw(st.sampled_from([0.0, 300.0, 1e9]))
    before, demand = expected(coverage), coverage.demand
    gains = {
        (unit, post): expected(coverage, move=(unit, post)) - before
        for unit in np.flatnonzero(coverage.idle & movable).tolist()
        for post in demand.posts.tolist()
        if demand.times_s[coverage.at[unit], post] <= limit
    }
    most = max(gains.values(), default=0.0)
    move = best_move(coverage, movable, limit)
    if move is None:
        assert most <= 1e-6
    else:
        assert move.gain == pytest.approx(most, abs=2e-6)
        assert gains[move.unit, move.post] == pytest.approx(move.gain, abs=2e-6)
        assert move.seconds == demand.times_s[coverage.at[move.unit], move.post]


def test_no_unit_and_no_post_means_no_move() -> None:
    demand = demand_of(PACK, ROADS)
    nobody = Coverage(demand, np.zeros(0, int), np.zeros(0, bool))
    assert best_move(nobody, np.zeros(0, bool), 1e9) is None
    assert nobody.expected() == 0
    assert move_gains(nobody, np.zeros(0, int)).shape == (0, len(demand.posts))


def test_a_lonely_corner_is_where_the_free_unit_is_wanted() -> None:
    """All calls come from the north-east; the units stand in the south-west, ten minutes away."""
    calls = (DemandPoint(spot(2900, 2900), 1.0),)
    pack = replace(PACK, demand=calls, dispatch=DispatchSettings(cover_s=120))
    demand = demand_of(pack, ROADS)
    at = demand.nearest([spot(500, 500), spot(1000, 1000)])
    move = best_move(Coverage(demand, at, np.array([True, True])), np.array([True, True]), 3600)
    assert move is not None
    assert demand.places[move.post] == PACK.units["U6"].post
    assert move.gain == pytest.approx(0.7)  # one unit, busy three times out of ten


def test_demand_is_gathered_in_cells_and_sums_to_one() -> None:
    points = tuple(DemandPoint(spot(x, y), 1.0 + (x > 1500)) for x in range(0, 3001, 100) for y in range(0, 3001, 100))
    demand = demand_of(replace(PACK, demand=points), ROADS)
    cells = len(demand.places) - len(demand.posts)
    assert 3 <= cells <= 30  # nine square kilometres
    assert demand.weight.sum() == pytest.approx(1)
    assert demand.weight[demand.posts].tolist() == [0.0] * len(demand.posts)
    east = sum(w for p, w in zip(demand.places, demand.weight, strict=True) if p.lon > spot(1500, 0).lon)
    assert 0.5 < east < 0.85
    assert demand.times_s.shape == (len(demand.places),) * 2
    assert np.isfinite(demand.times_s).all()


def test_very_many_demand_points_are_gathered_in_coarser_cells() -> None:
    points = tuple(DemandPoint(Point(30 + i / 50, 120 + j / 50), 1.0) for i in range(40) for j in range(40))
    demand = demand_of(replace(PACK, demand=points), ROADS)
    assert 10 < len(demand.places) - len(demand.posts) <= 500


def test_without_a_demand_file_each_cell_with_a_named_place_weighs_the_same() -> None:
    demand = demand_of(PACK, ROADS)
    weights = set(np.round(demand.weight[: -len(demand.posts)], 9))
    assert len(weights) == 1
    assert min(distance_m(PACK.places[0].position, place) for place in demand.places) < 1_500


def test_a_unit_stands_at_the_nearest_place() -> None:
    demand = demand_of(PACK, ROADS)
    for unit in PACK.units.values():
        (place,) = demand.nearest([unit.post]).tolist()
        assert demand.places[place] == unit.post


CALL = CallFacts(spot(1000, 1000), Level.ORANGE, "/P/C/K/S1/", frozenset())


@pytest.mark.parametrize("policy", ["dmexclp", "dmexclp_nearest"])
@given(coverage=SIZES.flatmap(coverages), data=st.data())
def test_what_the_platform_says_of_the_coverage_is_true(policy: str, coverage: Coverage, data: st.DataObject) -> None:
    count = len(coverage.at)
    statuses = ["available" if idle else "en_route" for idle in coverage.idle]
    units = [
        UnitFacts(f"U{i}", "/P/C/K/S1/", frozenset(), status, spot(0, 0), 5.0, "i", 4)
        for i, status in enumerate(statuses)
    ]
    eta_s = np.array(data.draw(st.lists(st.sampled_from([10.0, 300.0, 301.0, 900.0]), min_size=count, max_size=count)))
    settings = DispatchSettings(policy=policy, cover_s=int(COVER_S))
    for candidate in rank(CALL, units, eta_s, settings, coverage):
        i = int(candidate.unit[1:])
        said = {reason.code: reason.params for reason in candidate.reasons}
        if not coverage.idle[i]:
            assert not any(code.startswith("cover") for code in said)
            continue
        assert ("in_time" in said) is bool(eta_s[i] <= COVER_S)
        assert ("not_in_time" in said) is not ("in_time" in said)
        loss = expected(coverage) - expected(coverage, leave=i)
        if "cover_kept" in said:
            assert loss == pytest.approx(0, abs=1e-6)
            continue
        assert float(said["cover_loss"]["percent"]) == pytest.approx(100 * loss, abs=0.006)
        left = said.get("cover_left") or said["cover_none_left"]
        place = coverage.demand.names.index(str(left["area"]))
        others = [u for u in range(count) if u != i and coverage.idle[u]]
        assert left["units"] == sum(bool(coverage.demand.times_s[coverage.at[u], place] <= COVER_S) for u in others)
        assert ("cover_none_left" in said) is (left["units"] == 0)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_reasons_of_coverage_and_distance_are_said_in_words(language: str) -> None:
    params = {"metres": 12, "minutes": "5", "percent": "0.40", "area": "城西", "units": 2}
    codes = ("distance_air", "in_time", "not_in_time", "cover_kept", "cover_loss", "cover_left", "cover_none_left")
    for code in codes:
        assert f"reason.{code}" in catalogue(language)
        assert "{" not in text(f"reason.{code}", language, **params)  # type: ignore[arg-type]
