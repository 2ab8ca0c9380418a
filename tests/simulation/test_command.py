"""`jieying simulate` from the command line: what it prints, what it writes, how it refuses."""

import json
import sys
from pathlib import Path

import pytest

from jieying import cli
from jieying.citypack.new import new_pack


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pack") / "town"
    new_pack(folder, "town")
    return folder


def run(monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr(sys, "argv", ["jieying", "simulate", *words])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_two_policies_are_compared_and_written_down(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--pack", str(pack), "--policy", "balanced", "--policy", "own_station_first+relay", "--relay", "60"]
    files = ["--json", str(tmp_path / "result.json"), "--journal", str(tmp_path / "journal.jsonl")]
    size = ["--days", "2", "--calls-per-day", "20", "--replications", "3", "--processes", "1", "--sweep-units", "1:3:2"]
    assert run(monkeypatch, *asked, *files, *size) == 0
    result = json.loads((tmp_path / "result.json").read_text(encoding="utf-8"))
    assert list(result["policies"]) == ["balanced", "own_station_first+relay"]
    for policy in result["policies"].values():
        for figure in (policy["response"]["p50_s"], policy["response"]["within_300s"], policy["late_share"]):
            assert figure["low"] <= figure["value"] <= figure["high"]
        assert policy["work_per_unit"]
        assert policy["events_per_s"] > 0
    assert [(one["from"], one["to"]) for one in result["differences"]] == [("balanced", "own_station_first+relay")]
    assert [point["units"] for point in result["sweep"]["balanced"]] == [1, 3]
    assert (tmp_path / "journal.jsonl").read_text(encoding="utf-8").count("report.received") > 0
    printed = capsys.readouterr().out
    assert "own_station_first+relay" in printed
    assert all(said in printed for said in result["said"])


def test_an_unknown_policy_is_refused_with_those_there_are(
    pack: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "--pack", str(pack), "--policy", "fastest") == 1
    refused = capsys.readouterr().err
    assert "fastest" in refused
    assert "nearest_by_road" in refused


def test_the_report_takes_a_validation_and_no_other_file(
    pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other.json").write_text("{}", encoding="utf-8")
    asked = ["--pack", str(pack), "--report", str(tmp_path / "report"), "--validation", str(tmp_path / "other.json")]
    assert run(monkeypatch, *asked) == 1
    assert "other.json" in capsys.readouterr().err
    assert not (tmp_path / "report").exists()
