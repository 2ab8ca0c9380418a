"""Demand fitted to recorded calls: drawn days are like the recorded ones, and it is told how well the rates fit."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import h3.api.numpy_int as h3
import numpy as np
import pytest

from jieying.kit.errors import Invalid
from jieying.roads.network import hour_of_week
from jieying.simulation.fit import CELL, FittedDemand
from jieying.simulation.model import Calls, nothing_recorded

ZONE = ZoneInfo("Asia/Shanghai")
MONDAY = datetime(2026, 11, 15, 16, 0, tzinfo=UTC)  # local midnight
DAYS = 21


def true_rate(hour: int) -> float:
    """Calls in an hour of the week: few at night, many in the evening, more on Saturday and Sunday."""
    return (2.0 + 6.0 * np.exp(-(((hour % 24) - 20) ** 2) / 18)) * (1.5 if hour >= 120 else 1.0)


def made_up(days: int, clumps: int = 1, seed: int = 1) -> Calls:
    """Calls at those rates; of category "night" before six, else "day"; `clumps` at once."""
    random = np.random.default_rng(seed)
    local = [MONDAY.astimezone(ZONE) + timedelta(hours=h) for h in range(days * 24)]
    counts = random.poisson([true_rate(hour_of_week(moment)) / clumps for moment in local])
    hours = np.repeat(np.arange(len(counts)), counts * clumps)
    seconds = np.repeat(random.random(counts.sum()), clumps) * 3600 + hours * 3600.0
    order = np.argsort(seconds)
    n, night = len(order), (hours[order] % 24) < 6
    return Calls(
        start=MONDAY,
        received_s=seconds[order],
        lat=30 + random.normal(0, 0.02, n),
        lon=120 + random.normal(0, 0.02, n),
        category=night.astype(np.int64),
        categories=("day", "night"),
        level=np.where(night, 1, 3),
        needed=np.ones(n, np.int64),
        **nothing_recorded(n),
    )


RECORD = made_up(DAYS)


@pytest.fixture(scope="module")
def fitted() -> FittedDemand:
    return FittedDemand(RECORD, DAYS * 24, ZONE)


def test_the_rates_are_found_again(fitted: FittedDemand) -> None:
    week = np.array([true_rate(hour) for hour in range(168)])
    found = np.where(np.arange(168) >= 120, fitted.rate[1], fitted.rate[0])
    assert found.sum() == pytest.approx(week.sum(), rel=0.06)
    assert np.corrcoef(found, week)[0, 1] > 0.9


def test_drawn_days_have_as_many_calls_as_the_rates_say(fitted: FittedDemand) -> None:
    drawn = [len(fitted.draw(np.random.default_rng(seed))) for seed in range(40)]
    assert np.mean(drawn) == pytest.approx(len(RECORD), rel=0.03)
    assert np.var(drawn) == pytest.approx(np.mean(drawn), rel=0.8)  # as of a Poisson number


def test_drawn_calls_are_in_order_and_stand_where_calls_were(fitted: FittedDemand) -> None:
    drawn = fitted.draw(np.random.default_rng(1))
    assert (np.diff(drawn.received_s) >= 0).all()
    assert drawn.received_s[0] >= 0
    assert drawn.received_s[-1] < DAYS * 86400
    places = set(zip(RECORD.lat.tolist(), RECORD.lon.tolist(), strict=True))
    assert set(zip(drawn.lat.tolist(), drawn.lon.tolist(), strict=True)) <= places


def test_what_happens_at_night_is_drawn_at_night(fitted: FittedDemand) -> None:
    drawn = fitted.draw(np.random.default_rng(1))
    hour = drawn.received_s / 3600 % 24
    assert (drawn.category[(hour > 10) & (hour < 18)] == 0).all()
    assert (drawn.category[(hour > 2) & (hour < 4)] == 1).mean() > 0.8
    assert (drawn.level == np.where(drawn.category == 1, 1, 3)).all()


def test_the_same_seed_draws_the_same_calls(fitted: FittedDemand) -> None:
    one, other = (fitted.draw(np.random.default_rng(5)) for _ in range(2))
    assert one.received_s.tolist() == other.received_s.tolist()
    assert one.lat.tolist() == other.lat.tolist()


def test_other_days_can_be_drawn(fitted: FittedDemand) -> None:
    saturday = fitted.at(MONDAY + timedelta(days=5), 1)
    drawn = [len(saturday.draw(np.random.default_rng(seed))) for seed in range(30)]
    assert np.mean(drawn) == pytest.approx(sum(true_rate(hour) for hour in range(120, 144)), rel=0.12)


def test_poisson_calls_fit_and_clumped_ones_do_not(fitted: FittedDemand) -> None:
    fine = fitted.goodness(made_up(DAYS, seed=2), DAYS * 24)
    assert fine.dispersion == pytest.approx(1.0, abs=0.2)
    assert fine.expected == pytest.approx(fine.calls, rel=0.08)
    assert fine.ks_p > 0.01
    clumped = fitted.goodness(made_up(DAYS, clumps=5, seed=2), DAYS * 24)
    assert clumped.dispersion > 3
    assert clumped.dispersion_p < 1e-6
    assert clumped.ks_p < 1e-6


def test_demand_points_are_cells_where_calls_were(fitted: FittedDemand) -> None:
    points = fitted.points()
    assert sum(point.weight for point in points) == pytest.approx(1)
    cells = Counter(h3.latlng_to_cell(*point.position, CELL) for point in points)
    recorded = {h3.latlng_to_cell(*pair, CELL) for pair in zip(RECORD.lat.tolist(), RECORD.lon.tolist(), strict=True)}
    assert set(cells) <= recorded


def test_the_number_of_calls_a_day_can_be_another() -> None:
    twice = FittedDemand(RECORD, DAYS * 24, ZONE, calls_per_day=2 * len(RECORD) / DAYS)
    drawn = [len(twice.draw(np.random.default_rng(seed))) for seed in range(20)]
    assert np.mean(drawn) == pytest.approx(2 * len(RECORD), rel=0.03)


def test_drawn_calls_want_as_many_units_as_recorded_ones_like_them() -> None:
    record = replace(RECORD, needed=np.where(RECORD.category == 1, 3, 1))
    drawn = FittedDemand(record, DAYS * 24, ZONE).draw(np.random.default_rng(1))
    assert (drawn.needed == np.where(drawn.category == 1, 3, 1)).all()


def test_a_handful_of_calls_is_refused() -> None:
    with pytest.raises(Invalid, match="demand_too_little"):
        FittedDemand(replace(RECORD, received_s=RECORD.received_s + 1e6), 1, ZONE)
