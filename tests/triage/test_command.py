"""`jieying understand`: what a user of the command line sees and gets."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from jieying.citypack.new import new_pack
from jieying.cli import app
from jieying.kit.errors import Refused


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("packs") / "town"
    new_pack(folder, "town")
    return folder


def understand(town: Path, *given: str, said: bytes | None = None) -> dict[str, Any]:
    file = town.parent / "u.json"
    file.unlink(missing_ok=True)
    result = CliRunner().invoke(app, ["understand", *given, "--pack", str(town), "--json", str(file)], input=said)
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return content


def test_a_text_gives_everything_at_once(town: Path) -> None:
    found = understand(town, "人民路和中心街路口有人拿刀打人", "--position", "30.0,110.0")
    assert (found["ours"], found["level"]) == ("police", "orange")
    assert found["alarms"]
    assert {"name", "lat", "lon", "confidence"} <= found["places"][0].keys()
    assert all(reason["text"] for reason in found["reasons"])
    assert found["questions"] == []  # the starter pack has no questions
    assert found["fraud"]["likely"] is False


@pytest.mark.parametrize(
    "said", [b"", b"\xff\xfe\x00", "😀".encode(), "刚才3号楼12万8千".encode(), "着火，".encode() * 12_000]
)
def test_whatever_is_on_standard_input_is_answered(town: Path, said: bytes) -> None:
    found = understand(town, "-", said=said)
    assert found["reasons"]
    assert found["ours"] in ("police", "unclear")


@pytest.mark.parametrize("position", ["here", "1", "91,0", "30;110", "nan,nan"])
def test_a_wrong_position_is_refused(town: Path, position: str) -> None:
    with pytest.raises(Refused) as refused:
        understand(town, "着火了", "--position", position)
    assert refused.value.code == "bad_position"


def test_anybody_s_texts_can_be_evaluated(town: Path) -> None:
    data = town.parent / "mine.jsonl"
    data.write_text(
        '{"text": "有人打架", "level": "orange"}\n{"text": "着火了", "alarms": ["着火"]}\n', encoding="utf-8"
    )
    found = understand(town, "evaluate", "--data", str(data))
    assert found["data"]["platform"]["texts"] == 2
    assert found["data"]["platform"]["alarms"]["alarm_texts"] == 1
    assert "category" not in found["data"]["platform"]


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_a_pack_without_texts_says_so(town: Path, command: str) -> None:
    refused = CliRunner().invoke(app, ["understand", command, "--pack", str(town)]).exception
    assert isinstance(refused, Refused)
    assert refused.code == "no_corpus"
