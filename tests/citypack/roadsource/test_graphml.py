"""GraphML as osmnx writes it."""

from pathlib import Path

import pytest

from jieying.citypack.roadsource.model import Odd
from jieying.citypack.roadsource.read import read_roads
from jieying.kit.errors import Invalid
from tests.citypack.roadsource.drawn import oddities

OSMNX = """<?xml version='1.0' encoding='utf-8'?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="d15" for="edge" attr.name="geometry" attr.type="string"/>
  <key id="d14" for="edge" attr.name="maxspeed" attr.type="string"/>
  <key id="d13" for="edge" attr.name="length" attr.type="string"/>
  <key id="d12" for="edge" attr.name="name" attr.type="string"/>
  <key id="d11" for="edge" attr.name="oneway" attr.type="string"/>
  <key id="d10" for="edge" attr.name="highway" attr.type="string"/>
  <key id="d5" for="node" attr.name="x" attr.type="string"/>
  <key id="d4" for="node" attr.name="y" attr.type="string"/>
  <key id="d0" for="graph" attr.name="crs" attr.type="string"/>
  <graph edgedefault="directed">
    <data key="d0">epsg:4326</data>
    <node id="11"><data key="d4">22.540</data><data key="d5">114.040</data></node>
    <node id="12"><data key="d4">22.541</data><data key="d5">114.040</data></node>
    <node id="13"><data key="d4">22.541</data><data key="d5">114.041</data></node>
    <edge source="11" target="12" id="0"><data key="d10">['primary', 'trunk']</data><data key="d11">False</data>
      <data key="d12">深南大道</data><data key="d13">111.2</data><data key="d14">['60', '40']</data></edge>
    <edge source="12" target="11" id="0"><data key="d10">['primary', 'trunk']</data><data key="d11">False</data>
      <data key="d12">深南大道</data><data key="d13">111.2</data><data key="d14">['60', '40']</data></edge>
    <edge source="12" target="13" id="0"><data key="d10">residential</data><data key="d11">False</data>
      <data key="d12">景田路</data><data key="d13">120.0</data>
      <data key="d15">LINESTRING (114.040 22.541, 114.0405 22.5412, 114.041 22.541)</data></edge>
    <edge source="12" target="14" id="0"><data key="d10">residential</data><data key="d13">50</data></edge>
  </graph>
</graphml>
"""


def test_nodes_and_edges_are_read_with_their_attributes(tmp_path: Path) -> None:
    (tmp_path / "futian.graphml").write_text(OSMNX, "utf-8")
    roads = read_roads(tmp_path / "futian.graphml")
    found = {(e.tail, e.head, e.road_class, e.oneway, e.name, e.kmh, len(e.line)) for e in roads.edges}
    assert found == {
        (11, 12, "primary", False, "深南大道", 40.0, 2),
        (12, 13, "residential", False, "景田路", None, 3),
    }
    assert oddities(roads) == {Odd.MISSING_NODE: ["futian.graphml edge 12-14 node=14"]}


@pytest.mark.parametrize("content", [OSMNX[: len(OSMNX) // 2], "no xml", '{"nodes": []}'])
def test_a_file_that_is_cut_short_or_none_is_refused_with_the_place(tmp_path: Path, content: str) -> None:
    file = tmp_path / "futian.graphml"
    file.write_text(content, "utf-8")
    with pytest.raises(Invalid, match="roads_unreadable") as refused:
        read_roads(file)
    assert "line" in str(refused.value.params["reason"])


def test_entities_that_expand_without_end_are_refused(tmp_path: Path) -> None:
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 20}">' for i in range(1, 12))
    bomb = f'<?xml version="1.0"?><!DOCTYPE g [<!ENTITY l0 "{"x" * 100}">{levels}]><g>&l11;</g>'
    (tmp_path / "bomb.graphml").write_text(bomb, "utf-8")
    with pytest.raises(Invalid, match="roads_unreadable"):
        read_roads(tmp_path / "bomb.graphml")
