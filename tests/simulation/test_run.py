"""Replications: the same seed gives the same result, whoever computes it; all policies see the same chance."""

import json
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from jieying.kit.errors import Invalid
from jieying.simulation.calls import drawn_from, stated
from jieying.simulation.measure import figure
from jieying.simulation.model import Conditions, Drive, StageTimes, Variant
from jieying.simulation.run import Bench, Setup, Task, compare, sweep
from tests.simulation.small import PLAIN, busy_day, calls, city, setup

CHANCY = StageTimes(
    stated(5), stated(40), stated(60), {"*": stated(30)}, {"*": stated(900)}, Drive(sigma=0.3, offset_s=5.0)
)
BOTH = ("balanced", "own_station_first+relay")


def chancy(**more: object) -> Setup:
    source = drawn_from(calls(busy_day(100, seed=1)), city(), days=1, calls_per_day=150)
    conditions = Conditions(takers=2, breakdowns_per_day=0.5, break_s=1800)
    return replace(setup([], policies=BOTH, conditions=conditions, times=CHANCY, source=source), **more)


def result(given: Setup) -> str:
    """All that a run gives but how long it took."""
    compared = compare(given, lambda: None)
    for policy in compared.policies.values():
        policy.pop("seconds")  # type: ignore[misc]
        policy.pop("events_per_s")  # type: ignore[misc]
    return json.dumps(compared)


def test_the_same_seed_gives_the_same_result_in_one_process_and_in_two() -> None:
    one = result(chancy(replications=2))
    assert one == result(chancy(replications=2, processes=2))
    assert one != result(chancy(replications=2, seed=2))


def test_all_policies_see_the_same_calls_answers_and_descriptions() -> None:
    bench = Bench(chancy())
    (one, _), (other, _) = bench.play(Task(None, 0, 0)), bench.play(Task(None, 0, 1))
    for name in ("received_s", "answered_s", "opened_s", "level", "lat", "lon"):
        assert getattr(one, name).tolist() == getattr(other, name).tolist()


def test_replications_differ_and_figures_say_how_much() -> None:
    policies = compare(chancy(replications=4), lambda: None).policies
    response = policies["balanced"]["response"]["p50_s"]
    assert response["low"] is not None
    assert response["high"] is not None
    assert response["low"] < response["value"] < response["high"]  # type: ignore[operator]


def test_the_relay_shows_in_the_difference_of_the_medians() -> None:
    quiet = setup(busy_day(12, seed=2), policies=("balanced+relay", "balanced"))
    (found,) = compare(quiet, lambda: None).differences
    assert (found["from"], found["to"]) == ("balanced+relay", "balanced")
    assert found["p50_s"]["value"] is not None
    assert found["p50_s"]["value"] < -0.1


def test_a_sweep_names_the_least_number_of_units_that_is_enough() -> None:
    rings = busy_day(60, seed=4)
    points, enough = sweep(setup(rings, policies=("nearest_by_road",)), [1, 4, 60], lambda: None)
    values = [point["within_300s"]["value"] for point in points["nearest_by_road"]]
    assert values == sorted(values)  # type: ignore[type-var]
    assert enough["nearest_by_road"]["best"] == values[-1]
    assert (enough["nearest_by_road"]["units"] is None) == (values[-1] < 0.98)  # type: ignore[operator]


def test_figures_have_the_interval_of_students_t() -> None:
    found = figure([1.0, 2.0, 3.0, 6.0])
    half = 3.1824 * np.std([1, 2, 3, 6], ddof=1) / 2  # t with 3 degrees of freedom at 97.5 %
    assert found["value"] == 3.0
    assert found["high"] == pytest.approx(3 + half, abs=1e-3)
    assert figure([5.0]) == {"value": 5.0, "low": None, "high": None}
    assert figure([]) == {"value": None, "low": None, "high": None}


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda: setup([], policies=["fastest"]), "sim_policy"),
        (lambda: setup([], policies=["balanced", "balanced"]), "sim_policies_twice"),
        (lambda: setup([], policies=[]), "sim_policies_twice"),
        (lambda: setup([], pack=city("nobody")), "sim_units"),
        (lambda: setup([], units=0), "sim_too_small"),
        (lambda: setup([], replications=0), "sim_too_small"),
        (lambda: setup([], conditions=Conditions(takers=0)), "sim_too_small"),
        (lambda: setup([], conditions=Conditions(break_s=-1.0)), "sim_too_small"),
        (lambda: Variant.parse("balanced+teleport"), "sim_addition"),
    ],
)
def test_what_no_run_can_be_made_of_is_refused_before_it_starts(wrong: Callable[[], object], code: str) -> None:
    with pytest.raises(Invalid) as found:
        wrong()
    assert found.value.code == code


def test_times_of_the_plain_stages_are_what_was_asked() -> None:
    policy = compare(setup(busy_day(30, seed=6), times=PLAIN), lambda: None).policies["nearest_by_road"]
    assert policy["answer"]["p50_s"]["value"] == 5.0
    assert policy["turnout"]["p90_s"]["value"] == 30.0
    assert sum(policy["histogram"]["share"]) == pytest.approx(1.0, abs=1e-3)
    assert sum(cell["n"] for cell in policy["cells"]) == 30
    assert set(policy["by_area"]) <= {"A1", "A2", "A3", "A4"}
