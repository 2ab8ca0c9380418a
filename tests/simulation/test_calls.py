"""Calls drawn from what a pack says of its demand, and recorded calls as the simulator takes them."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from jieying.citypack.model import DemandPoint
from jieying.replay.calls import read_calls
from jieying.replay.run import of_city
from jieying.simulation.calls import of_demand, recorded_times
from jieying.simulation.record import of_record, recorded_figures
from tests.minicity import mini_city, spot
from tests.replay.records import row, write
from tests.simulation.small import NOON

TWO_UNITS = [
    row("1", "E1", "13:00:00 13:01:00 13:01:30 13:02:30 13:09:00 13:27:30"),
    row("1", "E2", "13:00:00 13:01:00 13:01:40 13:02:30 13:07:30 13:27:30"),
    row("1", "E3", "13:00:00 13:01:00 13:01:40 - - 13:03:00"),
]


def test_calls_come_from_the_places_of_the_demand_by_their_weights() -> None:
    often, seldom = spot(500, 500), spot(2500, 2500)
    pack = replace(mini_city(), demand=(DemandPoint(often, 3.0), DemandPoint(seldom, 1.0)))
    calls = of_demand(pack, 30, NOON, calls_per_day=200).draw(np.random.default_rng(1))
    counts = Counter(zip(calls.lat.tolist(), calls.lon.tolist(), strict=True))
    assert set(counts) == {often, seldom}
    assert counts[often] / counts[seldom] == pytest.approx(3, rel=0.1)
    assert len(calls) == pytest.approx(6000, rel=0.05)
    assert np.all(np.diff(calls.received_s) >= 0)
    assert {pack.categories[calls.categories[c]].kind for c in calls.category} == {"police"}


def test_fewer_calls_come_at_night_than_in_the_evening() -> None:
    calls = of_demand(mini_city(), 30, NOON, calls_per_day=500).draw(np.random.default_rng(2))
    hour = (calls.received_s // 3600 % 24).astype(int)  # from midnight on
    assert (hour == 3).sum() < (hour == 18).sum() / 3


def test_a_recorded_call_keeps_its_units_in_the_order_they_arrived(tmp_path: Path) -> None:
    pack = mini_city()
    read = read_calls(write(tmp_path / "calls.csv", TWO_UNITS), pack, of_city(pack))
    calls = of_record(read.calls)
    assert (calls.needed[0], calls.answer_s[0], calls.describe_s[0], calls.relay_s[0]) == (2, 60.0, 0.0, 30.0)
    assert calls.turnout_s[0, :2].tolist() == [50.0, 60.0]
    assert calls.stay_s[0, :2].tolist() == [1200.0, 1110.0]
    assert np.isnan(calls.stay_s[0, 2:]).all()


def test_recorded_figures_are_those_of_the_unit_that_arrived_first(tmp_path: Path) -> None:
    pack = mini_city()
    read = read_calls(write(tmp_path / "calls.csv", TWO_UNITS), pack, of_city(pack))
    found = recorded_figures(read.calls)
    assert (found["response"]["p50_s"], found["travel"]["p50_s"], found["turnout"]["p50_s"]) == (450.0, 300.0, 50.0)
    assert found["response"]["within_300s"] == 0.0


def test_what_a_record_does_not_have_is_assumed(tmp_path: Path) -> None:
    pack = mini_city()
    rows = [row("1", "E3", "13:00:00 13:01:00 13:01:40 - - 13:03:00")]
    calls = of_record(read_calls(write(tmp_path / "calls.csv", rows), pack, of_city(pack)).calls)
    half = np.array([0.5])
    assert recorded_times(calls).answer.quantile(half).tolist() == [60.0]
    assert recorded_times(calls).on_scene["*"].quantile(half)[0] == pytest.approx(1800, rel=0.2)
