"""Validation: a record made by rules that we know has to be told well, without a look at the judged days."""

import csv
import json
import tomllib
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from jieying.kit.errors import Invalid
from jieying.replay.calls import Call
from jieying.simulation.into_pack import into_pack
from jieying.simulation.validate import validate
from tests.minicity import mini_city
from tests.simulation.days import SLOWNESS, made_up_days

PACK = mini_city()
RECORD = made_up_days(PACK, 8)
POLICY = "nearest_by_road+relay"


@pytest.fixture(scope="module")
def found() -> dict[str, Any]:
    return validate(PACK, RECORD, policy=POLICY, replications=4)


def test_response_and_travel_of_the_judged_days_are_told_within_a_tenth(found: dict[str, Any]) -> None:
    for interval in ("response", "travel"):
        for share in found["error"][interval].values():
            assert abs(share) < 0.1
        assert found[f"ks_{interval}"]["value"] < 0.12


def test_the_result_names_its_days_and_can_be_written(found: dict[str, Any]) -> None:
    assert found["calibrated_on"]["last"] == "2026-11-20"
    assert found["judged_on"]["first"] == "2026-11-21"
    assert found["calibrated_on"]["calls"] + found["judged_on"]["calls"] == len(RECORD)
    assert set(found["by_day"]) == {"2026-11-21", "2026-11-22", "2026-11-23"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_the_speeds_are_those_that_the_record_was_made_with(found: dict[str, Any]) -> None:
    assert found["speeds"]["error"]["judged_on"]["mdape"] < 0.2
    assert abs(found["speeds"]["error"]["judged_on"]["bias"]) < 0.1
    assert found["speeds"]["error"]["judged_on_by_the_pack"]["bias"] < -0.25


def test_what_is_recorded_of_the_judged_days_changes_nothing_that_is_told(found: dict[str, Any]) -> None:
    first, rest = [c for c in RECORD if c.received < RECORD[0].received + timedelta(days=5)], []
    for call in RECORD[len(first) :]:
        rest.append(slower(call, 500))
    told = validate(PACK, [*first, *rest], policy=POLICY, replications=4)
    assert told["predicted"] == found["predicted"]
    assert told["recorded"]["response"]["p50_s"] > found["recorded"]["response"]["p50_s"] + 400


def slower(call: Call, seconds: float) -> Call:
    """The same call, everything after its entry later."""
    late = timedelta(seconds=seconds)
    units = [
        replace(u, dispatch=u.dispatch + late, response=u.response + late, on_scene=u.on_scene + late)
        for u in call.units
        if u.response and u.on_scene
    ]
    return replace(call, units=units)


@pytest.mark.parametrize("days", [0, 8])
def test_days_to_learn_from_and_days_to_judge_are_both_needed(days: int) -> None:
    with pytest.raises(Invalid):
        validate(PACK, RECORD, days=days, policy=POLICY)


def test_a_pack_that_may_know_the_judged_days_is_refused(tmp_path: Path) -> None:
    (tmp_path / "speeds.toml").touch()
    with pytest.raises(Invalid, match="validate_learned"):
        validate(replace(PACK, folder=tmp_path), RECORD, policy=POLICY)


def test_what_a_record_teaches_is_written_into_a_pack(tmp_path: Path) -> None:
    said = into_pack(replace(PACK, folder=tmp_path), RECORD)
    file = (tmp_path / "speeds.toml").read_text(encoding="utf-8")
    speeds = tomllib.loads(file)["speeds"]
    # The record was made at 1 / 1.4 of the speeds of the pack.
    assert speeds["kmh"]["street"] == pytest.approx(PACK.speeds.kmh["street"] / SLOWNESS, rel=0.15)
    assert len(speeds["hour_factor"]) == 168
    assert str(said["drives"]) in file.splitlines()[0]
    rows = list(csv.DictReader((tmp_path / "demand.csv").open(encoding="utf-8")))
    assert len(rows) == said["points"] > 20
    assert sum(float(row["weight"]) for row in rows) == pytest.approx(1, abs=0.001)
