"""OpenStreetMap files that are not whole: refused before anything is written."""

from pathlib import Path

import pytest

from jieying.citypack.roadsource.read import read_roads
from jieying.kit.errors import Invalid, NotFound
from tests.citypack.roadsource.drawn import grid, osm, way
from tests.citypack.roadsource.real import shared


@pytest.mark.parametrize("share", [0.001, 0.5])
def test_a_pbf_cut_short_is_refused(tmp_path: Path, share: float) -> None:
    whole = shared("porto/porto_portugal.osm.pbf").read_bytes()
    file = tmp_path / "porto.osm.pbf"
    file.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(Invalid, match="roads_unreadable") as refused:
        read_roads(file)
    assert refused.value.params["file"] == str(file)
    assert refused.value.params["reason"]


@pytest.mark.parametrize("name", ["town.osm.pbf", "town.osm", "town.osm.gz"])
def test_a_file_that_is_not_what_its_name_says_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"PK\x03\x04 this is something else" * 50)
    with pytest.raises(Invalid, match="roads_unreadable"):
        read_roads(tmp_path / name)


@pytest.mark.parametrize("name", ["town.osm.pbf", "town.osm", "town.graphml", "edges.csv"])
def test_an_empty_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(Invalid, match="roads_empty"):
        read_roads(tmp_path / name)


def test_a_file_of_an_unknown_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "town.shp").write_bytes(b"...")
    with pytest.raises(Invalid, match="roads_format"):
        read_roads(tmp_path / "town.shp")


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="roads_missing"):
        read_roads(tmp_path / "town.osm.pbf")


def test_an_extract_without_roads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="roads_none"):
        read_roads(osm(tmp_path / "sea.osm", *grid({1: (0, 0), 2: (1, 0)}), way(1, [1, 2], "footway")))


def test_an_extract_with_latitude_and_longitude_exchanged_is_refused(tmp_path: Path) -> None:
    nodes = '<node id="1" lat="114.04" lon="22.54"/><node id="2" lat="114.05" lon="22.54"/>'
    with pytest.raises(Invalid, match="roads_swapped"):
        read_roads(osm(tmp_path / "town.osm", nodes, way(1, [1, 2])))


def test_a_position_that_is_no_number_is_refused(tmp_path: Path) -> None:
    nodes = '<node id="1" lat="north" lon="22.54"/><node id="2" lat="22.55" lon="114.05"/>'
    with pytest.raises(Invalid, match="roads_unreadable") as refused:
        read_roads(osm(tmp_path / "town.osm", nodes, way(1, [1, 2])))
    assert "north" in str(refused.value.params["reason"])
