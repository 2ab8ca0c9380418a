"""Reading recorded calls: every row is taken or refused with its line and reason, none is guessed."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from jieying.citypack.model import Level
from jieying.kit.errors import Invalid, NotFound
from jieying.replay.calls import COLUMNS, Recorded, first_calls, read_calls
from jieying.replay.run import of_city
from tests.minicity import mini_city, spot
from tests.replay.records import row, write

GOOD = "10:00:00 10:01:00 10:01:30 10:02:30 10:07:30 10:27:30"


def read(file: Path) -> Recorded:
    pack = mini_city()
    return read_calls(file, pack, of_city(pack))


def refused(tmp_path: Path, *rows: dict[str, str]) -> list[tuple[int, str]]:
    return [(one.line, one.code) for one in read(write(tmp_path / "calls.csv", list(rows))).refused]


def test_a_call_has_its_times_in_utc_its_level_and_its_units_in_the_order_they_arrived(tmp_path: Path) -> None:
    rows = [
        row("1", "E1", "13:00:00 13:01:00 13:01:30 13:02:30 13:09:00 13:27:30"),
        row("1", "E2", "13:00:00 13:01:00 13:01:40 13:02:30 13:07:30 13:27:30"),
        row("1", "E3", "13:00:00 13:01:00 13:01:40 - - 13:03:00"),
    ]
    found = read(write(tmp_path / "calls.csv", rows))
    (call,) = found.calls
    assert call.received == datetime(2017, 1, 1, 5, 0, tzinfo=UTC)
    assert (call.category, call.level) == ("noise", Level.WHITE)
    assert [unit.unit for unit in call.arrived] == ["E2", "E1"]
    assert (call.turnout_s, call.arrived[0].stay_s) == (50.0, 1200.0)
    assert (found.rows, found.parsed, found.refused) == (3, 3, [])


def test_a_call_without_emergency_is_blue_at_most(tmp_path: Path) -> None:
    rows = [row("1", "E1", GOOD, **{"Call Type": "Robbery", "Final Priority": "2"})]
    assert read(write(tmp_path / "calls.csv", rows)).calls[0].level is Level.BLUE


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"Entry DtTm": ""}, "time_missing"),
        ({"Entry DtTm": "2017-01-01 10:01"}, "time_unreadable"),
        ({"On Scene DtTm": "01/01/2017 10:02:29 AM"}, "time_order"),
        ({"Location": ""}, "position_unreadable"),
        ({"Location": "(91.0, 120.0)"}, "position_unreadable"),
        ({"Location": "(37.61, -122.38)"}, "outside_city"),
        ({"Call Type": "Dragon"}, "type_unknown"),
        ({"Final Priority": "E"}, "priority_unknown"),
        ({"Unit ID": ""}, "empty"),
    ],
)
def test_a_faulty_row_is_refused_with_its_line_and_reason(tmp_path: Path, changed: dict[str, str], code: str) -> None:
    assert refused(tmp_path, row("1", "E1", GOOD), row("2", "E1", GOOD, **changed)) == [(3, code)]


def test_a_row_that_contradicts_or_repeats_an_earlier_one_of_its_call_is_refused(tmp_path: Path) -> None:
    first = row("1", "E1", GOOD)
    moved = row("1", "E2", GOOD, place=spot(3000, 3000))
    assert refused(tmp_path, first, moved, first) == [(3, "differs"), (4, "twice")]


def test_a_row_with_too_few_fields_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "calls.csv", [row("1", "E1", GOOD)])
    file.write_text(file.read_text(encoding="utf-8") + "2,E1\n", encoding="utf-8")
    assert [(one.line, one.code) for one in read(file).refused] == [(3, "fields")]


def test_missing_columns_are_named(tmp_path: Path) -> None:
    columns = tuple(name for name in COLUMNS if name not in ("Location", "Entry DtTm"))
    with pytest.raises(Invalid) as problem:
        read(write(tmp_path / "calls.csv", [row("1", "E1", GOOD)], columns))
    assert problem.value.code == "calls_columns"
    assert problem.value.params["columns"] == "Location, Entry DtTm"


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", ",".join(COLUMNS).encode()])
def test_a_file_that_is_no_text_or_has_no_rows_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "calls.csv").write_bytes(content)
    with pytest.raises(Invalid) as problem:
        read(tmp_path / "calls.csv")
    assert problem.value.code == "calls_unreadable"


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFound):
        read(tmp_path / "calls.csv")


def test_days_and_limit_keep_the_first_calls_received(tmp_path: Path) -> None:
    tomorrow = {f"{name} DtTm": f"01/02/2017 10:0{i}:00 AM" for i, name in enumerate(("Received", "Entry", "Dispatch"))}
    empty = {f"{name} DtTm": "" for name in ("Response", "On Scene", "Available")}
    rows = [row("3", "E1", GOOD, **tomorrow, **empty), row("2", "E1", GOOD), row("1", "E1", GOOD)]
    calls = read(write(tmp_path / "calls.csv", rows)).calls
    assert [call.number for call in first_calls(calls, None, None)] == ["1", "2", "3"]
    assert [call.number for call in first_calls(calls, 1, None)] == ["1", "2"]
    assert [call.number for call in first_calls(calls, None, 1)] == ["1"]
