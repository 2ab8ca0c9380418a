"""OpenStreetMap ways become edges between junctions."""

from pathlib import Path

import pytest

from jieying.citypack.roadsource.model import Odd
from jieying.citypack.roadsource.read import read_roads
from jieying.kit.errors import Invalid
from tests.citypack.roadsource.drawn import arcs, grid, node, oddities, osm, way

#  3 ─ 4      a square of four streets, and 5 east of it
#  │   │
#  1 ─ 2 ─ 5
SQUARE = {1: (0, 0), 2: (1, 0), 3: (0, 1), 4: (1, 1), 5: (2, 0)}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "town.osm"


def test_ways_are_cut_where_they_meet(file: Path) -> None:
    roads = read_roads(osm(file, *grid(SQUARE), way(1, [1, 2, 5], name="A"), way(2, [4, 2], name="B")))
    assert {(e.tail, e.head, e.name) for e in roads.edges} == {(1, 2, "A"), (2, 5, "A"), (4, 2, "B")}
    assert [e.length_m for e in roads.edges] == pytest.approx([100, 100, 100], abs=0.1)


def test_a_node_in_the_middle_of_a_road_only_shapes_it(file: Path) -> None:
    roads = read_roads(osm(file, *grid(SQUARE), way(1, [1, 3, 4, 2])))
    assert [(e.tail, e.head, len(e.line)) for e in roads.edges] == [(1, 2, 4)]
    assert roads.edges[0].length_m == pytest.approx(300, abs=0.3)


def test_two_ways_of_one_road_become_one_edge_unless_they_differ(file: Path) -> None:
    same = [way(1, [1, 2], name="A"), way(2, [5, 2], name="A")]
    assert [{e.tail, e.head} for e in read_roads(osm(file, *grid(SQUARE), *same)).edges] == [{1, 5}]
    for other in ({"name": "B"}, {"name": "A", "maxspeed": "30"}, {"name": "A", "highway": "primary"}):
        roads = read_roads(osm(file, *grid(SQUARE), way(1, [1, 2], name="A"), way(2, [5, 2], **other)))
        assert len(roads.edges) == 2


def test_oneway_against_the_way_is_turned_round(file: Path) -> None:
    ring = [way(1, [1, 2], oneway="-1"), way(2, [1, 3, 4, 2], oneway="yes")]
    assert arcs(read_roads(osm(file, *grid(SQUARE), *ring))) == {(2, 1), (1, 2)}


def test_a_roundabout_is_driven_one_way(file: Path) -> None:
    parts = [way(1, [1, 2, 4, 3, 1], junction="roundabout"), way(2, [2, 5])]
    roads = read_roads(osm(file, *grid(SQUARE), *parts))
    ring = [e for e in roads.edges if e.oneway]
    assert sum(e.length_m for e in ring) == pytest.approx(400, abs=0.4)
    assert all(e.tail != e.head for e in ring)
    assert (5, 2) in arcs(roads)


def test_a_ring_road_on_one_junction_is_cut_so_that_no_edge_ends_where_it_begins(file: Path) -> None:
    roads = read_roads(osm(file, *grid(SQUARE), way(1, [5, 2]), way(2, [2, 4, 3, 1, 2], name="ring")))
    assert all(e.tail != e.head for e in roads.edges)
    assert sum(e.length_m for e in roads.edges if e.name) == pytest.approx(400, abs=0.4)


def test_parallel_roads_between_two_junctions_stay_two(file: Path) -> None:
    parts = [way(1, [1, 2], name="A"), way(2, [1, 3, 4, 2], name="B"), way(3, [2, 5])]
    roads = read_roads(osm(file, *grid(SQUARE), *parts))
    assert sorted(e.name for e in roads.edges if {e.tail, e.head} == {1, 2}) == ["A", "B"]


def test_a_bollard_cuts_a_road_for_those_who_cannot_open_it(file: Path) -> None:
    def reachable(**tags: str) -> bool:
        nodes = [node(n, *at, **(tags if n == 2 else {})) for n, at in SQUARE.items()]
        roads = read_roads(osm(file, *nodes, way(1, [3, 1, 2], name="A"), way(2, [2, 5], name="B")))
        return {e.name for e in roads.edges} == {"A", "B"}

    assert reachable()
    assert not reachable(barrier="bollard")
    assert reachable(barrier="bollard", emergency="yes")


def test_both_sides_of_a_bollard_stay_where_a_way_round_leads(file: Path) -> None:
    nodes = [node(n, *at, **({"barrier": "block"} if n == 2 else {})) for n, at in SQUARE.items()]
    roads = read_roads(osm(file, *nodes, way(1, [1, 2, 5], name="A"), way(2, [1, 3, 4, 5], name="B")))
    assert sorted(round(e.length_m) for e in roads.edges if e.name == "A") == [100, 100]
    ends = [n for e in roads.edges if e.name == "A" for n in (e.tail, e.head)]
    assert sorted(ends.count(n) for n in set(ends)) == [1, 1, 1, 1]


def test_limits_are_kept_and_absurd_ones_named_and_dropped(file: Path) -> None:
    ways = [
        way(1, [1, 2], name="A", maxspeed="30 mph"),
        way(2, [2, 5], name="B", maxspeed="500"),
        way(3, [2, 4], name="C", maxspeed="CN:urban"),
        way(4, [4, 3], name="D"),
        way(5, [3, 1], name="E", maxspeed__forward="60", maxspeed__backward="40"),
    ]
    roads = read_roads(osm(file, *grid(SQUARE), *ways))
    assert {e.name: e.kmh for e in roads.edges} == {"A": 48.3, "B": None, "C": 50.0, "D": None, "E": 40.0}
    assert oddities(roads) == {Odd.ABSURD_SPEED: ["way/2 maxspeed=500"]}


def test_a_road_without_a_name_is_named_by_its_way(file: Path) -> None:
    ways = [way(1, [1, 2], name="景田路"), way(2, [2, 5]), way(3, [2, 4], "service")]
    assert oddities(read_roads(osm(file, *grid(SQUARE), *ways))) == {Odd.MISSING_NAME: ["way/2"]}


def test_what_cannot_be_reached_or_left_is_dropped_and_counted_by_island(file: Path) -> None:
    far = {11: (8, 0), 12: (9, 0), 13: (9, 1)}
    ways = [
        way(1, [1, 2], name="A"), way(2, [2, 4], name="B"),
        way(3, [2, 5], name="C", oneway="yes"),  # no way back from there
        way(4, [11, 12], name="D"), way(5, [12, 13], name="E"),
    ]  # fmt: skip
    roads = read_roads(osm(file, *grid(SQUARE | far), *ways))
    assert {e.name for e in roads.edges} == {"A", "B"}
    assert {e.name for e in roads.dropped} == {"C", "D", "E"}
    assert [one.count for one in roads.oddities if one.code is Odd.ISLAND] == [2]
    assert oddities(roads)[Odd.ISLAND][0].endswith(" 0.20 km")
    assert roads.kept_share == pytest.approx(0.4, abs=0.001)


def test_a_road_that_leaves_the_extract_is_cut_at_its_edge(file: Path) -> None:
    roads = read_roads(osm(file, *grid(SQUARE), way(1, [1, 2, 99, 5], name="A"), way(2, [2, 4], name="B")))
    assert arcs(roads) == {(1, 2), (2, 1), (2, 4), (4, 2)}
    assert oddities(roads) == {Odd.MISSING_NODE: ["way/1 node/99"]}


def test_a_way_that_stands_twice_in_the_file_is_read_once(file: Path) -> None:
    roads = read_roads(osm(file, *grid(SQUARE), way(1, [1, 2], name="A"), way(1, [1, 2], name="A")))
    assert len(roads.edges) == 1
    assert oddities(roads) == {Odd.DUPLICATE_EDGE: ["way/1"]}


def test_nodes_on_one_spot_are_joined_by_the_shortest_of_edges(file: Path) -> None:
    places = {1: (0, 0), 2: (1, 0), 3: (1, 0), 4: (2, 0)}
    ways = [way(1, [1, 2], name="A"), way(2, [2, 3], name="B"), way(3, [3, 4], name="C")]
    roads = read_roads(osm(file, *grid(places), *ways))
    assert {e.name: e.length_m for e in roads.edges}["B"] == 0.1
    assert list(oddities(roads)) == [Odd.ZERO_LENGTH]


def test_a_reversible_road_is_left_out_and_an_unknown_word_is_named(file: Path) -> None:
    ways = [
        way(1, [1, 2], name="A"), way(2, [2, 4], name="B", oneway="reversible"),
        way(3, [2, 5], name="C", oneway="perhaps"),
    ]  # fmt: skip
    roads = read_roads(osm(file, *grid(SQUARE), *ways))
    assert arcs(roads) == {(1, 2), (2, 1), (2, 5), (5, 2)}
    assert oddities(roads) == {Odd.UNCLEAR_ONEWAY: ["way/3 oneway=perhaps"], Odd.REVERSIBLE: ["way/2"]}


def test_nodes_that_come_after_the_ways_are_not_guessed(file: Path) -> None:
    with pytest.raises(Invalid, match="roads_unsorted"):
        read_roads(osm(file, way(1, [1, 2]), way(2, [2, 5]), *grid(SQUARE)))


def test_a_road_drawn_twice_over_the_same_nodes_is_read_once(file: Path) -> None:
    ways = [way(1, [1, 2, 5], name="A"), way(2, [5, 2], name="A"), way(3, [2, 4], name="B")]
    roads = read_roads(osm(file, *grid(SQUARE), *ways))
    assert sorted(e.name for e in roads.edges) == ["A", "A", "B"]
    assert list(oddities(roads)) == [Odd.DUPLICATE_EDGE]
