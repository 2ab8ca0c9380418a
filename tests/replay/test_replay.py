"""Recorded calls through the real platform: exact intervals, nothing lost, and what the command says of it."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from jieying.citypack.build import build_pack
from jieying.citypack.model import CityPack, Level
from jieying.citypack.new import new_pack
from jieying.citypack.read import read_pack
from jieying.kit.errors import Conflict
from jieying.replay import ReplayOptions, run
from jieying.replay.calls import read_calls
from jieying.replay.compare import compare, recorded_times, within_five_minutes
from jieying.replay.run import of_city
from jieying.replay.run import replay as play
from tests.minicity import mini_city, spot
from tests.replay.records import row, write

DATA = Path(os.environ.get("JIEYING_SHARED_DATA", "../shared/data")) / "sf"
CALLS = DATA / "fire_calls_2016-12-31_2017-01-07.csv"
needs_data = pytest.mark.skipif(not CALLS.is_file(), reason=f"the recorded calls {CALLS} are not here")

GOOD = "10:00:00 10:01:00 10:01:30 10:02:30 10:07:30 10:27:30"


async def replayed(url: str, folder: Path, rows: list[dict[str, str]], pack: CityPack | None = None) -> dict[str, Any]:
    pack = pack or mini_city()
    found = read_calls(write(folder / "calls.csv", rows), pack, of_city(pack))
    assert found.refused == []
    return await play(url, folder, pack, found.calls)


def with_one_unit() -> CityPack:
    """The mini city with U1 alone on duty, and robbery red: its plan takes a unit from what is less urgent."""
    pack = mini_city()
    categories = pack.categories | {"robbery": replace(pack.categories["robbery"], level=Level.RED)}
    duties = tuple(duty for duty in pack.duties if duty.unit == "U1")
    return replace(pack, units={"U1": pack.units["U1"]}, duties=duties, categories=categories)


def p50(side: dict[str, Any]) -> dict[str, float]:
    return {name: one["p50_s"] for name, one in side.items()}


async def test_intervals_are_exact_on_both_sides(own_database_url: str, tmp_path: Path) -> None:
    # U1 stands 500 m down the road from the call, on a street of 30 km/h: 60 s.
    result = await replayed(own_database_url, tmp_path, [row("1", "E1", GOOD)])
    assert p50(result["recorded"]) == {"answer": 60, "processing": 30, "turnout": 60, "travel": 300, "response": 450}
    assert p50(result["achieved"]) == {"answer": 60, "processing": 0, "turnout": 60, "travel": 60, "response": 180}
    assert result["arrived_within_300_s"] == {"recorded": 0.0, "achieved": 1.0}
    assert (result["calls"], result["unaccounted"], result["journal"]["faults"]) == (1, 0, [])


async def test_as_many_units_go_as_the_record_shows_whatever_the_plan_says(
    own_database_url: str, tmp_path: Path
) -> None:
    rows = [
        # The plan for theft asks for two units, the record shows one; for noise one, the record shows three.
        row("1", "E1", GOOD, **{"Call Type": "Theft"}),
        *(row("2", unit, GOOD, place=spot(2500, 1500)) for unit in ("E1", "E2", "E3")),
    ]
    result = await replayed(own_database_url, tmp_path, rows)
    assert result["counts"] == {"amended": 2, "assignments": 4, "declined": 1}
    assert result["unaccounted"] == 0


async def test_a_call_that_nobody_reached_is_played_but_not_compared(own_database_url: str, tmp_path: Path) -> None:
    rows = [row("1", "E1", GOOD), row("2", "E2", "11:00:00 11:01:00 11:01:30 - - 11:02:00")]
    result = await replayed(own_database_url, tmp_path, rows)
    assert {side[name]["n"] for side in (result["recorded"], result["achieved"]) for name in side} == {1}
    assert (result["calls"], result["unaccounted"]) == (2, 0)


async def test_a_call_waits_for_the_only_unit_until_it_is_free(own_database_url: str, tmp_path: Path) -> None:
    later = "10:10:00 10:11:00 10:11:30 10:12:30 10:17:30 10:27:30"
    result = await replayed(own_database_url, tmp_path, [row("1", "E1", GOOD), row("2", "E2", later)], with_one_unit())
    assert (result["counts"]["waited"], result["unaccounted"]) == (1, 0)
    # U1 is free 20 min after its arrival at 10:03:00; the second call was answered at 10:11:00.
    assert result["achieved"]["processing"]["p90_s"] == pytest.approx(0.9 * (23 - 11) * 60, abs=0.1)


async def test_a_unit_that_is_taken_away_comes_back_to_its_call(own_database_url: str, tmp_path: Path) -> None:
    far = row("1", "E1", GOOD, place=spot(3000, 3000))
    urgent = row("2", "E2", "10:02:00 10:02:30 10:02:30 10:02:30 10:05:00 10:10:00", **{"Call Type": "Robbery"})
    result = await replayed(own_database_url, tmp_path, [far, urgent], with_one_unit())
    assert result["counts"]["left.preempted"] == 1
    assert (result["counts"]["assignments"], result["unaccounted"], result["journal"]["faults"]) == (3, 0, [])


def made_up(tmp_path: Path) -> ReplayOptions:
    """A starter pack, and a record with one good row and one bad one."""
    new_pack(tmp_path / "pack", "town")
    center = read_pack(tmp_path / "pack").center
    rows = [
        row("1", "E1", GOOD, place=center, **{"Call Type": "Theft"}),
        row("2", "E1", GOOD, place=center, **{"Call Type": "Dragon"}),
    ]
    return ReplayOptions(write(tmp_path / "calls.csv", rows), tmp_path / "pack", tmp_path / "result.json")


def test_the_command_replays_on_its_own_server_and_counts_every_row(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = made_up(tmp_path)
    assert run(options) == 0
    result = json.loads(options.json.read_text(encoding="utf-8")) if options.json else {}
    assert result["rows"] == {"read": 2, "parsed": 1, "refused": 1}
    assert result["file"] == {"calls": 2, "refused": 1, "left_out": 0}
    assert result["refused"] == [{"line": 3, "code": "type_unknown", "params": {"type": "Dragon"}}]
    assert (result["calls"], result["unaccounted"]) == (1, 0)
    assert "Dragon" in capsys.readouterr().out


def test_a_folder_that_holds_something_is_not_written_to(tmp_path: Path) -> None:
    options = made_up(tmp_path)
    with pytest.raises(Conflict) as problem:
        run(replace(options, data_dir=tmp_path))
    assert problem.value.code == "replay_folder_used"


@needs_data
def test_the_recorded_figures_of_san_francisco_are_the_published_ones() -> None:
    pack = mini_city()  # its position plays no part here: every place counts as inside
    pack = replace(pack, timezone="America/Los_Angeles", categories=san_francisco_types(pack))
    found = read_calls(CALLS, pack, lambda point: True)
    assert [(one.line, one.code) for one in found.refused] == [(6037, "time_order")]
    recorded = [recorded_times(call) for call in found.calls]
    response = compare(found.calls, recorded, pack.targets)["recorded"]["response"]
    assert (found.rows, len(found.calls), response.n) == (7704, 3560, 3429)
    assert response.p50_s == 390
    assert response.p90_s == pytest.approx(1035, abs=2)
    assert within_five_minutes(recorded) == pytest.approx(0.291, abs=0.0005)


def san_francisco_types(pack: CityPack) -> Any:
    """A category for every call type of the record."""
    types = {line.split(",")[3] for line in CALLS.read_text(encoding="utf-8").splitlines()[1:]}
    one = pack.categories["noise"]
    return {name: replace(one, code=name, name=replace(one.name, en=name)) for name in types}


@needs_data
def test_the_first_calls_of_san_francisco_are_all_accounted_for(tmp_path: Path) -> None:
    build_pack(Path("packs/san-francisco"), tmp_path / "pack", DATA, lambda _: None)
    assert run(ReplayOptions(CALLS, tmp_path / "pack", tmp_path / "result.json", limit=40)) == 0
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert (result["calls"], result["unaccounted"], result["journal"]["faults"]) == (40, 0, [])
    assert result["counts"]["assignments"] >= 40
