"""The posting that is found is the best there is, and what is said about it is true."""

from itertools import combinations_with_replacement

import numpy as np
import pytest

from jieying.allocation.covering import Covering, greedy, solve


def quietly(_seconds: float, _late: float, _bound: float) -> None: ...


def invented(seed: int, rows: int = 25, sites: int = 7, units: int = 4, busy: float = 0.3) -> Covering:
    dice = np.random.default_rng(seed)
    return Covering(dice.uniform(0, 5, rows), dice.random((rows, sites)) < 0.3, units, busy)


def least_late(problem: Covering) -> float:
    """By trying every posting."""
    sites = range(problem.reach.shape[1])
    return min(
        problem.late_share(np.bincount(chosen, minlength=len(sites)))
        for chosen in combinations_with_replacement(sites, problem.units)
    )


def test_a_call_is_late_when_all_units_that_reach_it_in_time_are_busy() -> None:
    problem = Covering(np.array([3.0, 1.0]), np.array([[True, True], [False, True]]), 3, 0.5)
    assert problem.late_share(np.array([2, 1])) == pytest.approx((3 * 0.5**3 + 1 * 0.5) / 4)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("busy", [0.0, 0.3, 0.7])
def test_no_other_posting_has_fewer_late_calls(seed: int, busy: float) -> None:
    problem = invented(seed, busy=busy)
    found = solve(problem, 20, quietly)
    assert found.late_share == pytest.approx(least_late(problem), rel=2e-4)
    assert found.optimal


def test_what_is_found_is_a_posting_of_exactly_these_units() -> None:
    found = solve(invented(1, units=5), 20, quietly)
    assert found.counts.sum() == 5
    assert (found.counts >= 0).all()


def test_the_bound_is_below_every_posting() -> None:
    problem = invented(2, busy=0.6)
    assert solve(problem, 20, quietly).late_bound <= least_late(problem) + 1e-9


def test_without_time_to_search_the_greedy_posting_is_kept_and_no_more_is_claimed() -> None:
    problem = invented(3, rows=80, sites=20, units=6)
    found = solve(problem, 0.0, quietly)
    assert found.late_share <= problem.late_share(greedy(problem)) + 1e-12
    assert found.late_bound <= solve(problem, 60, quietly).late_share + 1e-9


def test_greedy_puts_a_second_unit_where_calls_are_so_many_that_one_is_not_enough() -> None:
    problem = Covering(np.array([100.0, 1.0]), np.eye(2, dtype=bool), 2, 0.5)
    assert greedy(problem).tolist() == [2, 0]


def test_calls_that_no_site_reaches_are_late_and_spoil_nothing() -> None:
    problem = Covering(np.array([1.0, 1.0]), np.array([[True, False], [False, False]]), 1, 0.0)
    found = solve(problem, 20, quietly)
    assert (found.counts.tolist(), found.late_share, found.late_bound) == ([1, 0], 0.5, pytest.approx(0.5))


def test_two_kinds_of_calls_that_the_same_sites_reach_count_as_one() -> None:
    once = invented(4)
    twice = Covering(np.tile(once.weight / 2, 2), np.tile(once.reach, (2, 1)), once.units, once.busy)
    assert solve(twice, 20, quietly).late_share == pytest.approx(solve(once, 20, quietly).late_share, rel=2e-4)


def test_who_waits_is_told_how_far_the_search_is() -> None:
    heard: list[tuple[float, float, float]] = []
    solve(invented(5, rows=60, sites=20, units=6), 20, lambda *told: heard.append(told))
    assert heard
    assert all(bound <= late + 1e-9 for _, late, bound in heard)
