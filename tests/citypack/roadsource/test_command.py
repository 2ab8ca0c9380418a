"""`jieying pack roads` as a person runs it."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.citypack.roadsource.drawn import grid, osm, way

JIEYING = [sys.executable, "-c", "from jieying.cli import main; main()"]
PLACES = {1: (0, 0), 2: (10, 0), 3: (10, 10), 4: (0, 10), 11: (5, 3), 12: (6, 3)}
WAYS = (
    way(1, [1, 2], "primary", name="深南大道", maxspeed="36"), way(2, [2, 3], name="景田路", maxspeed="36"),
    way(3, [3, 4], name="C", maxspeed="600"), way(4, [4, 1], name="D"), way(5, [11, 12], name="island"),
)  # fmt: skip


@pytest.fixture
def town(tmp_path: Path) -> Path:
    return osm(tmp_path / "town.osm", *grid(PLACES), *WAYS)


def run(*words: object, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*JIEYING, "pack", "roads", *map(str, words)],
        env=os.environ | {"JIEYING_LANGUAGE": "en", "COLUMNS": "200"},
        capture_output=True, text=True, timeout=120, check=False, preexec_fn=before,
    )  # fmt: skip


def test_it_tells_people_and_programs_what_was_read(town: Path, tmp_path: Path) -> None:
    ended = run(town, "--out", tmp_path / "pack", "--json", tmp_path / "roads.json")
    assert ended.returncode == 0, ended.stderr
    told = json.loads((tmp_path / "roads.json").read_text("utf-8"))
    assert {key: told[key] for key in ("nodes", "edges", "kept_share", "dropped")} == {
        "nodes": 4, "edges": 4, "kept_share": pytest.approx(4 / 4.1, abs=1e-3),
        "dropped": {"islands": 1, "edges": 1, "km": 0.1},
    }  # fmt: skip
    assert told["seconds"] > 0
    assert {one["code"]: one["count"] for one in told["oddities"]} == {"island": 1, "absurd_speed": 1}
    assert told["oddities"][1]["examples"] == ["way/3 maxspeed=600"]
    for said in ("4 nodes, 4 edges", "way/3 maxspeed=600", "Dropped 1 islands", str(tmp_path / "pack")):
        assert said in ended.stdout
    assert {f.name for f in (tmp_path / "pack").iterdir()} == {"nodes.csv", "edges.csv", "turns.csv", "roads.png"}


def test_a_route_is_told_with_its_time_its_length_and_its_roads(town: Path, tmp_path: Path) -> None:
    ended = run(
        town, "--out", tmp_path / "pack", "--json", tmp_path / "r.json", "--route", "0.0,0.0", "0.00899,0.00899"
    )
    assert ended.returncode == 0, ended.stderr
    route = json.loads((tmp_path / "r.json").read_text("utf-8"))["route"]
    assert route["names"] == ["深南大道", "景田路"]
    assert route["metres"] == pytest.approx(2000, abs=3)
    assert route["seconds"] == pytest.approx(200, abs=0.5)  # 36 km/h are 10 m/s
    assert "深南大道 → 景田路" in ended.stdout


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("town.osm", "--out", "pack", "--route", "here", "0,0"), "here"),
        (("nowhere.osm", "--out", "pack"), "nowhere.osm"),
        (("town.osm", "--out", "."), "holds something else"),
        (("broken.osm", "--out", "pack"), "broken.osm"),
    ],
)
def test_what_cannot_be_done_is_said_and_nothing_is_written(
    town: Path, words: tuple[str, ...], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (town.parent / "broken.osm").write_text(town.read_text("utf-8")[:300], "utf-8")
    monkeypatch.chdir(town.parent)
    ended = run(*words)
    assert ended.returncode == 1
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
    assert not (town.parent / "pack").exists()


def test_when_the_disk_takes_no_more_the_former_roads_stay(town: Path, tmp_path: Path) -> None:
    assert run(town, "--out", tmp_path / "pack").returncode == 0
    before = {f.name: f.read_bytes() for f in (tmp_path / "pack").iterdir()}
    # The nearest to a full disk that needs no rights: no file may grow beyond 200 bytes.
    ended = run(town, "--out", tmp_path / "pack", before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)))
    assert ended.returncode == 1
    assert "Cannot write to" in ended.stderr
    assert {f.name: f.read_bytes() for f in (tmp_path / "pack").iterdir()} == before
