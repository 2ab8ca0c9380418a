"""Making the graph, and finding roads in it by name."""

import re
from pathlib import Path

import pytest

from jieying import roads
from jieying.citypack.model import RoadEdge
from jieying.kit.geo import Point
from jieying.roads.graph import from_edges
from jieying.roads.names import crossings, named_lines

from .towns import at, road, town


def test_a_two_way_road_has_two_arcs_and_a_one_way_road_one() -> None:
    graph = town([(0, 0), (1, 0), (2, 0)], [road(0, 1, oneway=True), road(1, 2)])
    arcs = zip(graph.arc_tail.tolist(), graph.arc_head.tolist(), graph.arc_edge.tolist(), strict=True)
    assert sorted(arcs) == [(0, 1, 0), (1, 2, 1), (2, 1, 1)]


@pytest.mark.parametrize(
    ("edge", "fault"),
    [
        (road(0, 7, line=(at(0, 0), at(1, 0))), "not there"),
        (road(0, 1, line=(at(0, 0),)), "no usable"),
        (road(0, 1, -1.0), "no usable"),
        (road(0, 1, float("nan")), "no usable"),
    ],
)
def test_an_edge_that_cannot_be_is_refused(edge: RoadEdge, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        town([(0, 0), (1, 0)], [road(0, 1), edge]) if edge.line else town([(0, 0), (1, 0)], [edge])


def test_a_graph_without_roads_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one"):
        from_edges([], [])


def test_two_roads_meet_where_they_share_a_node() -> None:
    # 深南大道 has two carriageways, each crosses 彩田路; 福华路 ends at the first; a lane has no name.
    graph = town(
        [(0, 0), (1, 0), (1, 1), (2, 0), (1, -1), (2, 1)],
        [
            road(0, 1, oneway=True, name="深南大道"),
            road(1, 3, oneway=True, name="深南大道"),
            road(5, 2, oneway=True, name="深南大道"),
            road(1, 2, name="彩田路"),
            road(1, 4, name="福华路"),
            road(2, 0, name=""),
        ],
    )
    found = crossings(graph)
    assert found == {
        frozenset({"深南大道", "彩田路"}): (at(1, 0), at(1, 1)),
        frozenset({"深南大道", "福华路"}): (at(1, 0),),
        frozenset({"彩田路", "福华路"}): (at(1, 0),),
    }


def test_a_named_road_is_all_its_lines() -> None:
    graph = town([(0, 0), (1, 0), (2, 0)], [road(0, 1, name="彩田路"), road(1, 2, name="彩田路"), road(0, 2)])
    assert named_lines(graph) == {"彩田路": ([at(0, 0), at(1, 0)], [at(1, 0), at(2, 0)])}
    assert all(isinstance(p, Point) for line in named_lines(graph)["彩田路"] for p in line)


def test_the_engine_knows_nothing_of_the_house_but_points_and_packs() -> None:
    allowed = r"jieying\.(roads|kit|citypack\.model)\b"
    for file in Path(roads.__file__).parent.glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) (jieying\S*)", file.read_text(encoding="utf-8"), re.M)
        assert [name for name in imported if not re.match(allowed, name)] == [], file.name
