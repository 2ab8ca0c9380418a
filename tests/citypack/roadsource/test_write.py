"""The files of a pack: all of them or none, and nothing else is touched."""

import os
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jieying.citypack.check import validate_pack
from jieying.citypack.new import new_pack
from jieying.citypack.read import read_pack
from jieying.citypack.roadsource.model import Odd, Roads
from jieying.citypack.roadsource.picture import DROPPED, ROUTE, STYLES
from jieying.citypack.roadsource.read import read_roads
from jieying.citypack.roadsource.write import check_folder, write_roads
from jieying.kit.errors import Conflict, Unavailable
from jieying.kit.texts import LANGUAGES, catalogue
from tests.citypack.roadsource.drawn import grid, osm, turn, way

PLACES = {1: (0, 0), 2: (10, 0), 3: (10, 10), 4: (0, 10), 11: (5, 3), 12: (6, 3)}
WAYS = (
    way(1, [1, 2], "primary", name="深南大道", maxspeed="60"), way(2, [2, 3], name="B", oneway="yes"),
    way(3, [3, 4, 1], name="C"), way(4, [11, 12], name="island"),
)  # fmt: skip


@pytest.fixture
def roads(tmp_path: Path) -> Roads:
    return read_roads(osm(tmp_path / "town.osm", *grid(PLACES), *WAYS, turn(9, "no_u_turn", 1, 2, 1)))


def test_what_is_written_is_read_by_a_pack(roads: Roads, tmp_path: Path) -> None:
    new_pack(tmp_path / "pack", "town")
    write_roads(roads, tmp_path / "pack")
    assert validate_pack(tmp_path / "pack") == []
    pack = read_pack(tmp_path / "pack")
    assert {n.id for n in pack.road_nodes} == {n.id for n in roads.nodes}
    assert pack.turn_bans == roads.turn_bans
    assert [(e.name, e.kmh, e.oneway) for e in pack.road_edges] == [(e.name, e.kmh, e.oneway) for e in roads.edges]


def test_the_rest_of_the_pack_stays_and_the_former_roads_go(roads: Roads, tmp_path: Path) -> None:
    new_pack(tmp_path / "pack", "town")
    rest = {f.name: f.read_bytes() for f in (tmp_path / "pack").iterdir() if f.name not in ("nodes.csv", "edges.csv")}
    write_roads(roads, tmp_path / "pack")
    names = {f.name for f in (tmp_path / "pack").iterdir()}
    assert names == {*rest, "nodes.csv", "edges.csv", "turns.csv", "roads.png"}
    assert all((tmp_path / "pack" / name).read_bytes() == content for name, content in rest.items())


def test_the_same_roads_give_the_same_bytes(roads: Roads, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_roads(roads, tmp_path / name)
    for file in sorted((tmp_path / "one").iterdir()):
        assert file.read_bytes() == (tmp_path / "two" / file.name).read_bytes()


def test_the_picture_shows_kept_roads_dropped_ones_and_the_route(roads: Roads, tmp_path: Path) -> None:
    write_roads(roads, tmp_path / "pack", roads.edges[-1].line)
    with Image.open(tmp_path / "pack" / "roads.png") as picture:
        pixels = np.asarray(picture.convert("RGB"), int).reshape(-1, 3)
    for shown in (STYLES["primary"][0], STYLES["residential"][0], DROPPED[0], ROUTE[0]):
        colour = np.array(list(bytes.fromhex(shown[1:])))
        assert (np.abs(pixels - colour).max(axis=1) < 12).sum() > 100


def test_a_folder_with_something_else_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "nodes.csv").write_text("mine")
    with pytest.raises(Conflict, match="folder_not_empty"):
        check_folder(tmp_path / "letters", tmp_path / "town.osm")


def test_tables_are_not_overwritten_by_what_is_made_of_them(tmp_path: Path) -> None:
    new_pack(tmp_path / "pack", "town")
    for source in (tmp_path / "pack", tmp_path / "pack" / "edges.csv"):
        with pytest.raises(Conflict, match="roads_onto_source"):
            check_folder(tmp_path / "pack", source)
    check_folder(tmp_path / "pack", tmp_path / "pack" / "town.osm.pbf")


def test_a_file_in_place_of_the_folder_is_refused(roads: Roads, tmp_path: Path) -> None:
    (tmp_path / "pack").write_text("in the way")
    with pytest.raises(Unavailable, match="roads_unwritable"):
        write_roads(roads, tmp_path / "pack")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root mounts a small disk")
def test_a_full_disk_leaves_the_former_roads_as_they_were(roads: Roads, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100k", "tmpfs", small], check=False).returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        write_roads(roads, small / "pack")
        before = {f.name: f.read_bytes() for f in (small / "pack").iterdir()}
        (small / "filler").write_bytes(b"." * (shutil.disk_usage(small).free - 4096))
        with pytest.raises(Unavailable, match="disk_full"):
            write_roads(roads, small / "pack")
        assert {f.name: f.read_bytes() for f in (small / "pack").iterdir()} == before
    finally:
        subprocess.run(["umount", small], check=True)


@pytest.mark.parametrize("code", list(Odd))
def test_every_oddity_has_its_words(code: Odd) -> None:
    assert all(f"roads.odd.{code}" in catalogue(language) for language in LANGUAGES)
