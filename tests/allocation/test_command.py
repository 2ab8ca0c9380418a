"""`jieying posting` from the command line: what it prints, what it writes, how it refuses."""

import csv
import json
import sys
from pathlib import Path

import matplotlib.image
import pytest

from jieying import cli
from jieying.citypack.new import new_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "town"
    new_pack(folder, "town")
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["jieying", "posting", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_a_plan_is_written_told_and_drawn(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    files = ["--out", str(tmp_path / "p.csv"), "--json", str(tmp_path / "p.json"), "--picture", str(tmp_path / "p.png")]
    assert run(monkeypatch, "--pack", str(pack), "--within", "150", *files) == 0
    with (tmp_path / "p.csv").open(encoding="utf-8") as file:
        assert [row["unit"] for row in csv.DictReader(file)] == ["U1", "U2", "U3", "U4"]
    told = json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))
    assert told["proof"] == "optimal"
    assert told["late_bound"] <= told["after"]["late_share"] <= told["before"]["late_share"]
    assert min(matplotlib.image.imread(tmp_path / "p.png").shape[:2]) > 500
    assert str(tmp_path / "p.csv") in capsys.readouterr().out


def test_the_plan_is_for_the_units_that_the_simulator_takes(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(monkeypatch, "--pack", str(pack), "--units", "2", "--out", str(tmp_path / "p.csv")) == 0
    with (tmp_path / "p.csv").open(encoding="utf-8") as file:
        assert [row["unit"] for row in csv.DictReader(file)] == ["U1", "U3"]  # one of each station


def test_more_units_than_there_are_cannot_be_posted(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--pack", str(pack), "--units", "5", "--out", str(tmp_path / "p.csv")) == 1
    assert "5" in capsys.readouterr().err
    assert not (tmp_path / "p.csv").exists()


def test_a_delay_that_leaves_no_time_to_drive_is_refused(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--pack", str(pack), "--within", "60", "--before", "90", "--out", str(tmp_path / "p.csv")]
    assert run(monkeypatch, *asked) == 1
    assert capsys.readouterr().err.strip()
