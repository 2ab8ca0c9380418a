"""Tables of nodes and edges, of a pack and of others: what can't be used is named with file and line."""

from pathlib import Path

import pytest

from jieying.citypack.model import TurnBan
from jieying.citypack.roadsource.model import Odd, Roads
from jieying.citypack.roadsource.read import read_roads
from jieying.kit.errors import Invalid, NotFound
from tests.citypack.roadsource.drawn import arcs, oddities

NODES = "id,lat,lon\n1,22.540,114.040\n2,22.541,114.040\n3,22.541,114.041\n"
EDGES = "tail,head,length_m,class,oneway,name,line\n"
ROWS = ("1,2,111.2,residential,0,景田路,", "2,3,102.7,residential,0,新闻路,")


def write(folder: Path, nodes: str = NODES, edges: str = EDGES + "\n".join(ROWS)) -> Path:
    (folder / "nodes.csv").write_text(nodes, "utf-8")
    (folder / "edges.csv").write_text(edges, "utf-8")
    return folder


def with_row(folder: Path, row: str) -> Roads:
    """The two good edges, and this one in line 4."""
    return read_roads(write(folder, edges=EDGES + "\n".join((*ROWS, row))))


def test_a_folder_and_its_edges_file_are_read_alike(tmp_path: Path) -> None:
    write(tmp_path)
    assert read_roads(tmp_path) == read_roads(tmp_path / "edges.csv")
    assert [e.name for e in read_roads(tmp_path).edges] == ["景田路", "新闻路"]


@pytest.mark.parametrize(
    ("nodes", "edges"),
    [
        (
            "lon,lat,id\n114.040,22.540,1\n114.040,22.541,2\n114.041,22.541,3\n",
            'from,to,length_m,mtfcc,name,wkt\n1,2,111.2,S1400,A,"LINESTRING(114.040 22.540,114.040 22.541)"\n'
            "2,3,102.7,S1400,B,\n",
        ),
        (
            "osmid,y,x\n1,22.540,114.040\n2,22.541,114.040\n3,22.541,114.041\n",
            "u,v,length,highway,oneway,name,maxspeed\n1,2,111.2,residential,False,A,\n2,1,111.2,residential,False,A,\n"
            "2,3,102.7,\"['residential', 'service']\",False,\"['B', 'C']\",\n",
        ),
    ],
    ids=["census", "osmnx"],
)  # fmt: skip
def test_the_columns_of_others_are_understood(tmp_path: Path, nodes: str, edges: str) -> None:
    roads = read_roads(write(tmp_path, nodes, edges))
    assert {(e.tail, e.head, e.road_class, e.oneway, e.name) for e in roads.edges} == {
        (1, 2, "residential", False, "A"),
        (2, 3, "residential", False, "B"),
    }
    assert not roads.oddities


def test_one_way_rows_stay_one_way(tmp_path: Path) -> None:
    rows = "1,2,111.2,primary,1,A,\n2,3,102.7,primary,1,B,\n3,1,152,primary,True,C,\n2,1,111.2,primary,-1,A,"
    roads = read_roads(write(tmp_path, edges=EDGES + rows))
    assert arcs(roads) == {(1, 2), (2, 3), (3, 1)}
    assert oddities(roads) == {Odd.DUPLICATE_EDGE: ["edges.csv:5"]}


def test_what_nobody_drives_on_is_left_out(tmp_path: Path) -> None:
    roads = with_row(tmp_path, "1,3,152,footway,0,D,")
    assert {e.name for e in roads.edges} == {"景田路", "新闻路"}
    assert not roads.oddities


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        ("1,9,50,residential,0,D,", Odd.MISSING_NODE, "edges.csv:4 node=9"),
        ("1,3,0,residential,0,D,", Odd.ZERO_LENGTH, "edges.csv:4 length=0"),
        ("1,3,-5,residential,0,D,", Odd.ZERO_LENGTH, "edges.csv:4 length=-5"),
        ("1,3,nan,residential,0,D,", Odd.ZERO_LENGTH, "edges.csv:4 length=nan"),
        ("1,3,long,residential,0,D,", Odd.BAD_ROW, "edges.csv:4"),
        ("one,3,50,residential,0,D,", Odd.BAD_ROW, "edges.csv:4"),
        ("1,3,50,,0,D,", Odd.BAD_ROW, "edges.csv:4"),
        ("1,3,50,residential", Odd.BAD_ROW, "edges.csv:4"),
        ("1,1,50,residential,0,D,", Odd.LOOP, "edges.csv:4"),
        ("1,2,111.2,residential,0,景田路,", Odd.DUPLICATE_EDGE, "edges.csv:4"),
    ],
)
def test_an_edge_that_cannot_be_used_is_named_and_left_out(tmp_path: Path, row: str, code: Odd, place: str) -> None:
    roads = with_row(tmp_path, row)
    assert {e.name for e in roads.edges} == {"景田路", "新闻路"}
    assert oddities(roads) == {code: [place]}


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        ("1,3,900,residential,0,D,", Odd.LENGTH_OFF, "edges.csv:4 length=900 line=151"),
        ("1,3,152,residential,maybe,D,", Odd.UNCLEAR_ONEWAY, "edges.csv:4 oneway=maybe"),
        ("1,3,152,residential,0,D,114.04 22.54;somewhere", Odd.BAD_LINE, "edges.csv:4"),
        ("1,3,152,residential,0,D,22.54 114.04;22.541 114.041", Odd.BAD_LINE, "edges.csv:4"),
        ("1,3,152,residential,0,D,114.04 22.6;114.041 22.541", Odd.LINE_ELSEWHERE, "edges.csv:4"),
    ],
)
def test_an_edge_with_something_odd_is_named_and_kept(tmp_path: Path, row: str, code: Odd, place: str) -> None:
    roads = with_row(tmp_path, row)
    assert {e.name for e in roads.edges} == {"景田路", "新闻路", "D"}
    assert oddities(roads) == {code: [place]}


@pytest.mark.parametrize(
    ("row", "code", "place"),
    [
        ("4,114.04,22.54", Odd.SWAPPED, "nodes.csv:5 lat=114.04 lon=22.54"),
        ("4,95,200", Odd.OUT_OF_RANGE, "nodes.csv:5 lat=95.0 lon=200.0"),
        ("4,nan,114", Odd.OUT_OF_RANGE, "nodes.csv:5 lat=nan lon=114.0"),
        ("3,22.0,114.0", Odd.DUPLICATE_NODE, "nodes.csv:5"),
        ("four,22.0,114.0", Odd.BAD_ROW, "nodes.csv:5"),
        ("-4,22.0,114.0", Odd.BAD_ROW, "nodes.csv:5"),
    ],
)
def test_a_node_that_cannot_be_used_is_named_and_left_out(tmp_path: Path, row: str, code: Odd, place: str) -> None:
    roads = read_roads(write(tmp_path, NODES + row))
    assert {one.id for one in roads.nodes} == {1, 2, 3}
    assert oddities(roads) == {code: [place]}


def test_a_swapped_node_is_found_where_both_numbers_are_possible_latitudes(tmp_path: Path) -> None:
    nodes = "id,lat,lon\n1,41.150,-8.610\n2,41.151,-8.610\n3,41.151,-8.611\n4,-8.610,41.152\n"
    roads = read_roads(
        write(tmp_path, nodes, EDGES + "1,2,111,primary,0,A,\n2,3,84,primary,0,B,\n3,4,111,primary,0,C,")
    )
    assert oddities(roads) == {
        Odd.SWAPPED: ["nodes.csv:5 lat=-8.61 lon=41.152"],
        Odd.MISSING_NODE: ["edges.csv:4 node=4"],
    }


def test_when_all_positions_are_swapped_nothing_is_read(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="roads_swapped"):
        read_roads(write(tmp_path, "id,lon,lat\n1,22.540,114.040\n2,22.541,114.040\n3,22.541,114.041\n"))


def test_when_no_line_leads_between_its_nodes_nothing_is_read(tmp_path: Path) -> None:
    nodes = "id,lat,lon\n1,-8.610,41.150\n2,-8.610,41.151\n"
    with pytest.raises(Invalid, match="roads_swapped"):
        read_roads(write(tmp_path, nodes, EDGES + "1,2,111,primary,0,A,-8.61 41.15;-8.61 41.151"))


def test_a_ring_is_cut_in_two(tmp_path: Path) -> None:
    roads = with_row(tmp_path, "1,1,400,residential,0,D,114.04 22.54;114.039 22.54;114.039 22.539;114.04 22.54")
    ring = [e for e in roads.edges if e.name == "D"]
    assert [e.tail == e.head for e in ring] == [False, False]
    assert sum(e.length_m for e in ring) == pytest.approx(400)


def test_turn_bans_beside_the_edges_are_read_by_the_ids_of_the_edges(tmp_path: Path) -> None:
    write(tmp_path, edges="id," + EDGES + f"70,{ROWS[0]}\n71,{ROWS[1]}\n71,1,3,152,residential,0,D,\n")
    (tmp_path / "turns.csv").write_text("from_edge,via,to_edge\n70,2,71\n70,3,71\n70,2,99\n", "utf-8")
    roads = read_roads(tmp_path)
    assert roads.turn_bans == (TurnBan(0, 2, 1),)
    assert oddities(roads) == {
        Odd.DUPLICATE_EDGE: ["edges.csv:4 id=71"],
        Odd.TURN_UNPLACED: ["turns.csv:3", "turns.csv:4"],
    }


def test_a_table_that_is_not_utf8_is_refused_with_its_line(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "edges.csv").write_bytes((EDGES + "\n".join(ROWS)).encode("gbk"))
    with pytest.raises(Invalid, match="roads_not_utf8") as refused:
        read_roads(tmp_path)
    assert (refused.value.params["file"], refused.value.params["line"]) == (str(tmp_path / "edges.csv"), 2)


def test_a_table_without_a_column_is_refused_by_the_name_of_the_column(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="roads_columns") as refused:
        read_roads(write(tmp_path, edges="from,length_m,highway\n1,2,primary\n"))
    assert refused.value.params["columns"] == "head"


def test_a_quote_that_never_ends_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(Invalid, match="roads_unreadable") as refused:
        read_roads(write(tmp_path, edges=EDGES + ROWS[0] + '\n1,3,152,residential,0,"D,\n'))
    assert str(refused.value.params["file"]).endswith("edges.csv:3")


def test_edges_without_nodes_beside_them_are_refused(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "nodes.csv").unlink()
    with pytest.raises(NotFound, match="roads_missing"):
        read_roads(tmp_path)
