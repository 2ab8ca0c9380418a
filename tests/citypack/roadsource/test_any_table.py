"""Whatever stands in a table: it is refused, or what comes out is sound for a pack."""

import csv
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import example, given, settings
from hypothesis import strategies as st

from jieying.citypack.read_map import read_edges, read_nodes, read_turn_bans
from jieying.citypack.roadsource.read import read_roads
from jieying.citypack.roadsource.write import write_tables
from jieying.citypack.source import Source
from jieying.kit.errors import Refused

IDS = st.sampled_from(["1", "2", "3", "4", "-1", "9007199254740993", "x", ""])
NUMBERS = st.sampled_from(["0", "100", "1e9", "-3", "nan", "inf", "0.0001", ""]) | st.floats().map(str)
WORDS = st.sampled_from(
    ["primary", "footway", "['primary', 'trunk']", "", "景田路", "a\u2028b", 'say "so"', " "]
) | st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
DEGREES = st.sampled_from(["22.540", "22.541", "114.040", "114.041", "95", "nan"])
LINES = st.sampled_from(["", "114.04 22.54;114.041 22.541", "LINESTRING (114.04 22.54, 114.04 22.541)", "1;2", "(("])
NODE = st.tuples(IDS, DEGREES, DEGREES)
EDGE = st.tuples(IDS, IDS, NUMBERS, WORDS, st.sampled_from(["0", "1", "-1", "True", "?"]), WORDS, LINES, NUMBERS)
GOOD_NODES = [["1", "22.540", "114.040"], ["2", "22.541", "114.040"], ["3", "22.541", "114.041"]]
GOOD_EDGES = [["1", "2", "111", "primary", "0", "A", "", ""], ["2", "3", "103", "primary", "0", "B", "", ""]]


@settings(max_examples=40, deadline=None)
@given(st.lists(NODE, max_size=4), st.lists(EDGE, max_size=6))
@example([], [("1", "3", "152", "primary", "0", "a\u2028b", "", "")])
def test_whatever_stands_in_a_table_a_pack_can_read_what_comes_out(
    nodes: list[Sequence[str]], edges: list[Sequence[str]]
) -> None:
    with TemporaryDirectory() as temporary:
        folder, out = Path(temporary), Path(temporary) / "out"
        out.mkdir()
        write(folder / "nodes.csv", "id,lat,lon", [*GOOD_NODES, *nodes])
        write(folder / "edges.csv", "tail,head,length_m,class,oneway,name,line,kmh", [*GOOD_EDGES, *edges])
        try:
            roads = read_roads(folder)
        except Refused:
            return
        write_tables(roads, out)
        source = Source(out)
        found = read_edges(source, read_nodes(source))
        read_turn_bans(source, read_nodes(source), found)
        assert source.faults == []
        assert [e.name for e in found.values()] == [e.name for e in roads.edges]


def write(file: Path, columns: str, rows: Sequence[Sequence[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([columns.split(","), *rows])
