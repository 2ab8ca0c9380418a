"""What the command is asked becomes a run, or is refused before it starts; what is odd or assumed is said."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from jieying.citypack.model import CityPack
from jieying.kit.errors import Invalid, NotFound, Refused
from jieying.replay.calls import Recorded
from jieying.simulation import study as studying
from jieying.simulation.model import Same
from jieying.simulation.run import compare
from jieying.simulation.study import Options, Study, study
from tests.minicity import mini_city, spot
from tests.replay.records import row, write
from tests.simulation.days import made_up_days

GOOD = "10:00:00 10:01:00 10:01:30 10:02:30 10:07:30 10:27:30"
LATER = "11:00:00 11:01:00 11:01:30 11:02:30 11:07:30 11:27:30"


@pytest.fixture(autouse=True)
def _mini(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pack of these tests is in memory."""
    monkeypatch.setattr(studying, "read_pack", lambda folder: pack())


def pack() -> CityPack:
    return mini_city()


def asked(**options: Any) -> Study:
    return study(Options(pack=Path("mini"), **options))


def record(tmp_path: Path, *rows: dict[str, str]) -> Path:
    return write(tmp_path / "calls.csv", list(rows))


def codes(found: Study) -> set[str]:
    return {one.code for one in found.said}


def test_without_a_record_everything_that_is_assumed_is_said() -> None:
    found = asked(policies=("balanced+relay",))
    assert codes(found) == {"assumed", "no_demand", "relay_assumed"}
    assert found.recorded is None
    calls = found.setup.calls.draw(np.random.default_rng(1))
    assert len(calls) == pytest.approx(7 * 5 * 8, rel=0.3)  # 5 calls for each of 8 units and 7 days


def test_a_record_is_played_with_its_own_numbers_of_units_and_redrawn_times(tmp_path: Path) -> None:
    rows = [row("1", "E1", GOOD), row("1", "E2", GOOD), row("2", "E1", LATER)]
    found = asked(calls=record(tmp_path, *rows))
    assert isinstance(found.setup.calls, Same)
    calls = found.setup.calls.calls
    assert calls.needed.tolist() == [2, 1]
    assert np.isnan(calls.turnout_s).all()
    assert found.setup.times.turnout["*"].quantile(np.array([0.5])).tolist() == [60.0]
    assert found.recorded is not None
    assert found.recorded["response"]["p50_s"] == 450.0


def test_as_recorded_keeps_the_recorded_times(tmp_path: Path) -> None:
    found = asked(calls=record(tmp_path, row("1", "E1", GOOD)), as_recorded=True)
    calls = found.setup.calls.draw(np.random.default_rng(1))
    assert (calls.answer_s[0], calls.relay_s[0], calls.turnout_s[0, 0], calls.stay_s[0, 0]) == (60, 30, 60, 1200)


def test_rows_outside_the_city_are_named_and_the_others_run(tmp_path: Path) -> None:
    far = row("2", "E1", LATER, place=spot(90_000, 0))
    found = asked(calls=record(tmp_path, row("1", "E1", GOOD), far))
    assert [(one["line"], one["code"]) for one in found.refused] == [(3, "outside_city")]
    assert "refused" in codes(found)
    assert len(found.setup.calls.draw(np.random.default_rng(1))) == 1


def test_calls_out_of_order_are_told_and_put_in_order(tmp_path: Path) -> None:
    rows = [row(str(hour), "E1", GOOD.replace("10:", f"{hour}:")) for hour in (10, 11, 13, 12, 14)]
    found = asked(calls=record(tmp_path, *rows))
    (told,) = [one for one in found.said if one.code == "out_of_order"]
    assert told.params == {"rows": 1, "line": 5}
    assert np.all(np.diff(found.setup.calls.draw(np.random.default_rng(1)).received_s) > 0)


def test_a_record_with_the_newest_call_first_is_in_order(tmp_path: Path) -> None:
    rows = [row(str(hour), "E1", GOOD.replace("10:", f"{hour}:")) for hour in (13, 12, 11)]
    assert "out_of_order" not in codes(asked(calls=record(tmp_path, *rows)))


def test_a_stated_relay_takes_the_place_of_the_recorded_one(tmp_path: Path) -> None:
    found = asked(calls=record(tmp_path, row("1", "E1", GOOD)), as_recorded=True, relay="90")
    calls = found.setup.calls.draw(np.random.default_rng(1))
    assert np.isnan(calls.relay_s).all()
    u = np.random.default_rng(1).random(20_000)
    assert float(found.setup.times.relay.quantile(u).mean()) == pytest.approx(90, rel=0.02)


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"policies": ("fastest",)}, "sim_policy"),
        ({"policies": ("balanced+teleport",)}, "sim_addition"),
        ({"units": 0}, "sim_too_small"),
        ({"relay": "-5"}, "sim_relay"),
        ({"relay": "soon"}, "sim_relay"),
        ({"relay": "recorded"}, "sim_relay_not_recorded"),
        ({"sweep": "9"}, "sim_sweep"),
        ({"sweep": "9:3:1"}, "sim_sweep"),
        ({"break_minutes": 2000.0}, "sim_break_too_long"),
        ({"calls": Path("nowhere.csv")}, "calls_missing"),
        ({"posting": Path("nowhere.csv")}, "posting_missing"),
        ({"calls": Path("any.csv"), "calls_per_day": 9.0}, "sim_needs_draw"),
        ({"calls": Path("any.csv"), "draw": True, "as_recorded": True}, "sim_draw_as_recorded"),
    ],
)
def test_what_cannot_be_run_is_refused_before_it_starts(options: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as found:
        asked(**options)
    assert isinstance(found.value, Invalid | NotFound)
    assert found.value.code == code


def test_units_that_are_never_on_duty_are_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    duties = tuple(replace(duty, days=frozenset({3})) if duty.unit == "U1" else duty for duty in mini_city().duties)
    monkeypatch.setattr(studying, "read_pack", lambda folder: replace(mini_city(), duties=duties))
    found = asked(calls=record(tmp_path, row("1", "E1", GOOD)))  # New Year's Day 2017 is a Sunday
    assert "never_on_duty" in codes(found)


@pytest.fixture
def week(monkeypatch: pytest.MonkeyPatch) -> Path:
    """A record that is long enough to learn from."""
    made = Recorded(0, made_up_days(pack(), 6), [], 0)
    monkeypatch.setattr(studying, "read_calls", lambda file, city, inside: made)
    monkeypatch.setattr(studying, "_out_of_order", lambda file: [])
    return Path("made up")


def test_a_calibrated_run_has_the_speeds_and_the_handling_that_the_record_teaches(week: Path) -> None:
    found = asked(calls=week, calibrated=True, policies=("nearest_by_road+relay",), replications=2)
    assert "calibrated" in codes(found)
    assert found.setup.pack.speeds != pack().speeds
    drawn = found.setup.calls.draw(np.random.default_rng(1))
    assert drawn.slow is not None
    assert np.isfinite(drawn.turnout_s[:, 0]).all()
    told = compare(found.setup, lambda: None).policies["nearest_by_road+relay"]["response"]["p50_s"]["value"]
    assert found.recorded is not None
    assert told == pytest.approx(found.recorded["response"]["p50_s"], rel=0.08)


def test_calibrated_days_can_be_drawn(week: Path) -> None:
    drawn = asked(calls=week, calibrated=True, draw=True, days=2).setup.calls.draw(np.random.default_rng(1))
    assert len(drawn) == pytest.approx(240, rel=0.3)
    assert drawn.slow is not None


def test_a_stated_relay_stands_also_in_a_calibrated_run(week: Path) -> None:
    found = asked(calls=week, calibrated=True, relay="90", policies=("balanced+relay",))
    assert np.isnan(found.setup.calls.draw(np.random.default_rng(1)).relay_s).all()


def test_a_calibrated_run_needs_a_record_whose_times_are_drawn(week: Path) -> None:
    for options in ({}, {"calls": week, "as_recorded": True}):
        with pytest.raises(Invalid, match="sim_calibrated"):
            asked(calibrated=True, **options)


def test_a_posting_plan_changes_where_units_stand_and_not_what_the_record_teaches(week: Path, tmp_path: Path) -> None:
    (tmp_path / "posting.csv").write_text("unit,lat,lon\nU1,30.02,120.02\nU5,30.001,120.001\n", encoding="utf-8")
    before, after = (asked(calls=week, calibrated=True, posting=file) for file in (None, tmp_path / "posting.csv"))
    assert after.setup.pack.units["U1"].post == (30.02, 120.02)
    assert after.setup.pack.speeds == before.setup.pack.speeds
    one, other = (found.setup.calls.draw(np.random.default_rng(1)).slow for found in (before, after))
    assert one is not None
    assert other is not None
    assert one.tolist() == other.tolist()
