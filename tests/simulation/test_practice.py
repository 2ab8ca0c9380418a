"""How calls are handled, learned from recorded ones."""

from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from jieying.kit.errors import Invalid
from jieying.simulation.calibrate import handled, trips_of
from jieying.simulation.model import Calls
from jieying.simulation.practice import Practice, fit_line, local_days, part, with_drives
from tests.minicity import mini_city
from tests.simulation.days import MONDAY, made_up_days

PACK = mini_city()
RECORD = made_up_days(PACK, 6)


@pytest.fixture(scope="module")
def practice() -> Practice:
    calls, travel = handled(RECORD)
    examples, _ = with_drives(calls, travel, travel - 25)
    return Practice(examples, np.arange(len(examples)) % 2 == 1)


def rows(calls: Calls) -> list[tuple[float, ...]]:
    """What was handled together, one tuple for each call."""
    columns = (calls.answer_s, calls.relay_s, calls.turnout_s[:, 0], calls.stay_s[:, 0], calls.slow)
    return list(zip(*(np.asarray(column).round(6).tolist() for column in columns), strict=True))


def test_a_call_takes_all_times_from_one_recorded_call_of_its_kind(practice: Practice) -> None:
    known = practice.calls
    origin = {row: i for i, row in enumerate(rows(known))}
    drawn = practice.handled(known, practice.off_day, np.random.default_rng(1))
    chosen = np.array([origin[row] for row in rows(drawn)])
    fight = known.categories.index("fight")
    fights = known.category == fight
    assert (known.category[chosen[fights]] == fight).all()
    assert (practice.off_day[chosen[fights]] == practice.off_day[fights]).all()
    assert len(set(chosen.tolist())) > len(known) / 3


def test_what_is_rare_is_handled_like_others_of_its_level(practice: Practice) -> None:
    few = practice.calls.category == practice.calls.categories.index("robbery")
    keep = ~few | (np.cumsum(few) <= 5)  # five robberies are left
    rare = Practice(part(practice.calls, keep), practice.off_day[keep])
    drawn = rare.handled(part(practice.calls, few), practice.off_day[few], np.random.default_rng(1))
    assert len(set(rows(drawn))) > 5


def test_a_category_never_seen_is_handled_too(practice: Practice) -> None:
    strange = replace(practice.calls, categories=("never", "heard", "of"))
    drawn = practice.handled(strange, practice.off_day, np.random.default_rng(1))
    assert np.isfinite(drawn.answer_s).all()


def test_what_is_recorded_of_a_call_to_come_is_not_looked_at(practice: Practice) -> None:
    known = practice.calls
    nonsense = replace(
        known, needed=known.needed + 7, answer_s=known.answer_s * 0 + 9e9, stay_s=known.stay_s * np.nan, slow=None
    )
    one, other = (practice.handled(c, practice.off_day, np.random.default_rng(3)) for c in (known, nonsense))
    assert rows(one) == rows(other)
    assert (one.needed == other.needed).all()


def test_each_example_keeps_its_own_deviation_from_the_line(practice: Practice) -> None:
    calls, travel = handled(RECORD)
    road = np.linspace(60, 600, len(calls))
    examples, lines = with_drives(calls, travel, road)
    assert examples.extra_s is not None
    assert examples.slow is not None
    assert examples.extra_s + examples.slow * road == pytest.approx(travel)
    assert set(lines) == {"urgent", "not_urgent"}


def test_a_line_is_found_in_spite_of_outliers() -> None:
    random = np.random.default_rng(1)
    road = random.uniform(30, 600, 400)
    travel = (40 + 1.3 * road) * random.lognormal(0, 0.2, 400)
    travel[::20] *= 10
    line = fit_line(travel, road)
    assert line.scale == pytest.approx(1.3, rel=0.1)
    assert line.offset_s == pytest.approx(40, abs=15)


def test_too_few_drives_are_refused() -> None:
    with pytest.raises(Invalid, match="drives_too_few"):
        fit_line(np.full(10, 100.0), np.full(10, 90.0))


def test_days_off_are_those_of_the_city() -> None:
    calls, _ = handled(RECORD)
    off = local_days(calls, ZoneInfo(PACK.timezone), {MONDAY.astimezone(ZoneInfo(PACK.timezone)).date()}).off
    day = ((calls.start - MONDAY).total_seconds() + calls.received_s) // 86400  # 0 is the Monday, a holiday
    assert off.tolist() == np.isin(day, [0, 5]).tolist()


def test_drives_are_taken_where_their_start_is_known() -> None:
    trips = trips_of(RECORD, PACK)
    urgent = [call for call in RECORD if call.level.rank < 3]
    assert 0.7 * len(urgent) < len(trips) <= len(urgent)
    posts = {unit.post for unit in PACK.units.values()}
    assert sum(trip.start in posts for trip in trips) > 0.9 * len(trips)
