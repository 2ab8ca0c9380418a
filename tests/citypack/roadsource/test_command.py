"""`jieying pack roads` as a person runs it."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jieying.commands import pack_roads
from jieying.kit.errors import Refused
from tests.citypack.roadsource.drawn import grid, osm, way

JIEYING = [sys.executable, "-c", "from jieying.cli import main; main()"]
PLACES = {1: (0, 0), 2: (10, 0), 3: (10, 10), 4: (0, 10), 11: (5, 3), 12: (6, 3)}
WAYS = (
    way(1, [1, 2], "primary", name="深南大道", maxspeed="36"), way(2, [2, 3], name="景田路", maxspeed="36"),
    way(3, [3, 4], name="C", maxspeed="600"), way(4, [4, 1], name="D"), way(5, [11, 12], name="island"),
)  # fmt: skip


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return osm(tmp_path_factory.mktemp("source") / "town.osm", *grid(PLACES), *WAYS)


def run(*words: object, before: Callable[[], None] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*JIEYING, "pack", "roads", *map(str, words)],
        env=os.environ | {"JIEYING_LANGUAGE": "en", "COLUMNS": "200"},
        capture_output=True, text=True, timeout=120, check=False, preexec_fn=before,
    )  # fmt: skip


@pytest.fixture(scope="module")
def pack(town: Path) -> Path:
    """Where `done` writes."""
    return town.parent / "pack"


@pytest.fixture(scope="module")
def done(town: Path, pack: Path) -> tuple[str, dict[str, Any]]:
    """What it said, and what it told programs; with a route over two of the four streets."""
    told = town.parent / "told.json"
    ended = run(town, "--out", pack, "--json", told, "--route", "0.0,0.0", "0.00899,0.00899")
    assert ended.returncode == 0, ended.stderr
    return ended.stdout, json.loads(told.read_text("utf-8"))


def test_it_tells_people_and_programs_what_was_read(done: tuple[str, dict[str, Any]], pack: Path) -> None:
    said, told = done
    assert {key: told[key] for key in ("nodes", "edges", "kept_share", "dropped")} == {
        "nodes": 4, "edges": 4, "kept_share": pytest.approx(4 / 4.1, abs=1e-3),
        "dropped": {"islands": 1, "edges": 1, "km": 0.1},
    }  # fmt: skip
    assert told["seconds"] > 0
    assert {one["code"]: one["count"] for one in told["oddities"]} == {"island": 1, "absurd_speed": 1}
    assert told["oddities"][1]["examples"] == ["way/3 maxspeed=600"]
    for words in ("4 nodes, 4 edges", "way/3 maxspeed=600", "Dropped 1 islands", str(pack)):
        assert words in said
    assert {f.name for f in pack.iterdir()} == {"nodes.csv", "edges.csv", "turns.csv", "roads.png"}


def test_a_route_is_told_with_its_time_its_length_and_its_roads(done: tuple[str, dict[str, Any]]) -> None:
    said, told = done
    assert told["route"]["names"] == ["深南大道", "景田路"]
    assert told["route"]["metres"] == pytest.approx(2000, abs=3)
    assert told["route"]["seconds"] == pytest.approx(200, abs=0.5)  # 36 km/h are 10 m/s
    assert "深南大道 → 景田路" in said


@pytest.mark.parametrize(
    ("source", "folder", "ends", "code"),
    [
        ("town.osm", "new", ("here", "0,0"), "roads_no_point"),
        ("town.osm", "new", ("0,0", "95,0"), "roads_no_point"),
        ("nowhere.osm", "new", None, "roads_missing"),
        ("broken.osm", "new", None, "roads_unreadable"),
        ("town.osm", ".", None, "folder_not_empty"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_written(
    town: Path, source: str, folder: str, ends: tuple[str, str] | None, code: str
) -> None:
    here = town.parent
    (here / "broken.osm").write_text(town.read_text("utf-8")[:300], "utf-8")
    before = set(here.iterdir())
    with pytest.raises(Refused) as refused:
        pack_roads.run(here / source, here / folder, None, ends)
    assert refused.value.code == code
    assert set(here.iterdir()) == before


def test_when_the_disk_takes_no_more_the_former_roads_stay(
    town: Path, pack: Path, done: tuple[str, dict[str, Any]]
) -> None:
    before = {f.name: f.read_bytes() for f in pack.iterdir()}
    # The nearest to a full disk that needs no rights: no file may grow beyond 200 bytes.
    ended = run(town, "--out", pack, before=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200)))
    assert ended.returncode == 1
    assert "Cannot write to" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert {f.name: f.read_bytes() for f in pack.iterdir()} == before
