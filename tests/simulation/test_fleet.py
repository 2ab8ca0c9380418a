"""Numbers of units, posting plans, and who is on duty when."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jieying.citypack.faults import PackFaults
from jieying.citypack.model import Duty
from jieying.kit.errors import Invalid, NotFound
from jieying.rosters.rules import units_on_duty
from jieying.simulation.fleet import odd_turns, turns_of, with_posting, with_units
from tests.minicity import mini_city, spot
from tests.simulation.small import NOON, city

CHANGE = datetime(2026, 11, 1, 7, tzinfo=UTC)
duties = st.builds(
    Duty, st.just("U1"), st.frozensets(st.integers(1, 7), min_size=1), st.integers(0, 1439), st.integers(0, 1439)
)


@settings(deadline=None)
@given(
    st.lists(duties, max_size=4), st.sampled_from(["Asia/Shanghai", "America/Los_Angeles"]), st.integers(0, 14 * 96 - 1)
)
def test_turns_are_what_the_roster_says_at_any_moment(given: list[Duty], timezone: str, quarter: int) -> None:
    pack = city("U1", duties=tuple(given), timezone=timezone)
    start = NOON.replace(month=10, day=26)  # clocks change within these days in California
    turns = turns_of(pack, start, 14 * 86400)["U1"]
    moment = start + timedelta(minutes=15 * quarter, seconds=7)
    assume(not CHANGE <= moment < CHANGE + timedelta(hours=4))  # when an hour comes twice, so do its duties
    seconds = (moment - start).total_seconds()
    assert any(begin <= seconds < end for begin, end in turns) == ("U1" in units_on_duty(pack, moment))


def test_fewer_units_leave_every_station_its_share() -> None:
    left = with_units(mini_city(), 4)
    assert Counter(unit.org for unit in left.units.values()) == {"S1": 2, "S2": 2}
    assert {duty.unit for duty in left.duties} == set(left.units)


def test_more_units_are_copies_with_the_same_post_skills_and_duties() -> None:
    pack = with_units(mini_city(), 20)
    assert len(pack.units) == 20
    assert max(Counter(code.split("#")[0] for code in pack.units).values()) == 3
    for code, unit in pack.units.items():
        original = mini_city().units[code.split("#")[0]]
        assert (unit.code, unit.post, unit.skills) == (code, original.post, original.skills)
    assert {duty.unit for duty in pack.duties} == set(pack.units)


def test_no_units_at_all_are_refused() -> None:
    with pytest.raises(Invalid, match="sim_units"):
        with_units(mini_city(), 0)


def test_a_posting_plan_moves_the_units_it_names(tmp_path: Path) -> None:
    there = spot(1500, 1500)
    (tmp_path / "posting.csv").write_text(f"unit,lat,lon\nU1,{there.lat},{there.lon}\n", encoding="utf-8")
    pack = with_posting(mini_city(), tmp_path / "posting.csv")
    assert pack.units["U1"].post == there
    assert pack.units["U2"].post == mini_city().units["U2"].post


def test_a_posting_plan_with_faults_is_refused_with_every_line(tmp_path: Path) -> None:
    file = tmp_path / "posting.csv"
    file.write_text("unit,lat,lon\nU9,30,120\nU1,95,120\n", encoding="utf-8")
    with pytest.raises(PackFaults) as found:
        with_posting(mini_city(), file)
    assert [(fault.file, fault.line) for fault in found.value.faults] == [("posting.csv", 2), ("posting.csv", 3)]
    with pytest.raises(NotFound):
        with_posting(mini_city(), tmp_path / "none.csv")


def test_units_without_a_turn_and_turns_that_overlap_are_told() -> None:
    week = frozenset(range(1, 8))
    pack = city(
        "U1", "U2", "U3",
        duties=(
            Duty("U1", week, 480, 1200), Duty("U1", week, 1199, 480),
            Duty("U2", frozenset({3}), 480, 1200), Duty("U3", week, 480, 1200), Duty("U3", week, 1200, 480),
        ),
    )  # fmt: skip
    said = odd_turns(pack, turns_of(pack, NOON, 86400), break_s=0)
    assert [(one["code"], one["units"]) for one in said] == [("never_on_duty", "U2"), ("overlapping_duties", "U1")]


def test_a_break_longer_than_a_turn_of_duty_is_refused_with_the_unit() -> None:
    pack = city("U1", duties=(Duty("U1", frozenset({1}), 480, 500),))
    with pytest.raises(Invalid) as found:
        odd_turns(pack, {"U1": []}, break_s=1200)
    assert found.value.params["unit"] == "U1"


def test_a_unit_of_the_whole_week_is_always_on() -> None:
    pack = replace(city("U1"), duties=())
    assert turns_of(pack, NOON, 1000.0) == {"U1": [(0.0, 1000.0)]}
