"""Tables of nodes and edges: nodes.csv and edges.csv of a pack, of osmnx, of the Census Bureau, and their like."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import count
from pathlib import Path

from jieying.citypack.model import RoadEdge, TurnBan
from jieying.citypack.roadsource import tags as rules
from jieying.citypack.roadsource.model import Draft, Odd, Oddities, line_m, turned
from jieying.citypack.roadsource.positions import sound_positions
from jieying.kit.errors import Invalid, NotFound
from jieying.kit.geo import Point, distance_m, is_point

Row = tuple[str, Mapping[str, str]]  # its place, and its cells by our own names for the columns

# Our name for a column, and what others call it.
NODE_COLUMNS = {"id": ("id", "osmid", "node"), "lat": ("lat", "y", "latitude"), "lon": ("lon", "lng", "x", "longitude")}
EDGE_COLUMNS = {
    "tail": ("tail", "from", "u", "source"),
    "head": ("head", "to", "v", "target"),
    "class": ("class", "highway", "fclass", "mtfcc"),
    "id": ("id",),
    "length_m": ("length_m", "length"),
    "oneway": ("oneway",),
    "name": ("name",),
    "kmh": ("kmh", "maxspeed", "speed_kph"),
    "line": ("line", "wkt", "geometry"),
}
NEEDED = ("tail", "head", "class")
# MAF/TIGER feature class codes of the Census Bureau: trails, walkways, stairs and bridle paths are not driven on
MTFCC = {
    "S1100": "motorway", "S1200": "secondary", "S1400": "residential", "S1630": "motorway_link", "S1640": "service",
    "S1730": "service", "S1740": "service", "S1780": "service", "S1500": "track", "S1710": "footway", "S1720": "steps",
    "S1820": "cycleway", "S1830": "bridleway",
}  # fmt: skip

_QUOTED = re.compile(r"'([^']*)'|\"([^\"]*)\"")

LARGEST_ID = 2**53  # whole numbers are exact up to here wherever they are read as floats
FAR_M = 100.0  # a line that begins farther from its node is another road's
LONGEST_M = 1e6  # what a pack takes
LENGTH_OFF, LENGTH_OFF_M = 1.5, 30.0  # a length this many times, and metres, from that of its line


def read_tables(edges: Path) -> Draft:
    """From an edges file with nodes.csv beside it, and turns.csv if that is there; any order of columns.

    Raises NotFound("roads_missing") for a file that is not there, Invalid for one that is not UTF-8, is no CSV or
    lacks a column. A row that can't be used is left out and noted.
    """
    nodes, turns = edges.with_name("nodes.csv"), edges.with_name("turns.csv")
    bans = _rows(turns, {c: (c,) for c in ("from_edge", "via", "to_edge")}, ()) if turns.is_file() else ()
    return draft(_rows(nodes, NODE_COLUMNS, tuple(NODE_COLUMNS)), _rows(edges, EDGE_COLUMNS, NEEDED), bans)


def _rows(file: Path, columns: Mapping[str, tuple[str, ...]], needed: tuple[str, ...]) -> Iterator[Row]:
    try:
        raw = file.read_bytes()
        reader = csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), strict=True)
    except FileNotFoundError as error:
        raise NotFound("roads_missing", file=str(file)) from error
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise Invalid("roads_not_utf8", file=str(file), line=line) from error
    except OSError as error:
        raise Invalid("roads_unreadable", file=str(file), reason=error.strerror) from error
    try:
        header = [cell.strip().lower() for cell in next(reader, [])]
        found = {ours: next((n for n in names if n in header), "") for ours, names in columns.items()}
        if missing := [ours for ours in needed if not found[ours]]:
            raise Invalid("roads_columns", file=str(file), columns=", ".join(missing))
        at = {ours: header.index(name) for ours, name in found.items() if name}
        for row in reader:
            place = f"{file.name}:{reader.line_num}"
            if len(row) == len(header):
                yield place, {ours: row[i].strip() for ours, i in at.items()}
            elif row:
                yield place, {}  # what lacks a cell lacks all: it is not known which
    except csv.Error as error:
        raise Invalid("roads_unreadable", file=f"{file}:{reader.line_num}", reason=str(error)) from error


def draft(nodes: Iterable[Row], edges: Iterable[Row], turns: Iterable[Row] = ()) -> Draft:
    """Roads from rows: what can't be used is left out and noted, never guessed.

    Two rows with their ends exchanged, each open both ways, are the two directions of one road.
    """
    odd = Oddities()
    positions = _positions(nodes, odd)
    found = Draft(positions, odd)
    numbers: dict[str, int] = {}  # from the ids of the source to places in `edges`
    fresh = count(max(positions, default=0) + 1)
    for row, (place, cells) in enumerate(edges):
        edge = _edge(place, cells, positions, odd)
        if edge is None:
            continue
        number = cells.get("id") or str(row)
        back = None if edge.oneway else found.place_of_same(turned(edge))
        if found.place_of_same(edge) is not None:
            odd.note(Odd.DUPLICATE_EDGE, place)
        elif back is not None:
            numbers.setdefault(number, back)
        else:
            if number in numbers:
                odd.note(Odd.DUPLICATE_EDGE, f"{place} id={number}")
            added = [found.add(part) for part in _without_loop(edge, found.nodes, fresh)]
            numbers.setdefault(number, added[0])
    if odd.count(Odd.LINE_ELSEWHERE) > len(found.edges) / 2:
        raise Invalid("roads_swapped")
    found.turn_bans |= _bans(turns, numbers, found.edges, odd)
    return found


def _positions(rows: Iterable[Row], odd: Oddities) -> dict[int, Point]:
    def sound() -> Iterator[tuple[int, str, float, float]]:
        for place, cells in rows:
            try:
                yield _whole(cells["id"]), place, float(cells["lat"]), float(cells["lon"])
            except (KeyError, ValueError):
                odd.note(Odd.BAD_ROW, place)

    return sound_positions(sound(), odd)


def _edge(place: str, cells: Mapping[str, str], positions: Mapping[int, Point], odd: Oddities) -> RoadEdge | None:
    try:
        tail, head, length = _whole(cells["tail"]), _whole(cells["head"]), float(cells.get("length_m") or "nan")
        road_class = _road_class(cells["class"])
    except (KeyError, ValueError):
        odd.note(Odd.BAD_ROW, place)
        return None
    if road_class is None:
        return None
    if missing := [node for node in (tail, head) if node not in positions]:
        odd.note(Odd.MISSING_NODE, f"{place} node={missing[0]}")
        return None
    try:
        along = rules.oneway(_first(cells.get("oneway", "")))
    except ValueError as error:
        odd.note(Odd.UNCLEAR_ONEWAY, f"{place} {error}")
        along = 0
    line = _line(cells.get("line", ""), positions[tail], positions[head], place, odd)
    measured = line_m(line)
    if tail == head and not measured:
        odd.note(Odd.LOOP, place)
        return None
    if not cells.get("length_m"):
        length = measured
    if length >= LONGEST_M:
        odd.note(Odd.BAD_ROW, f"{place} length={length:g}")
        return None
    if not length > 0:
        odd.note(Odd.ZERO_LENGTH, f"{place} length={length:g}")
        return None
    if abs(length - measured) > LENGTH_OFF_M and not 1 / LENGTH_OFF < length / max(measured, 1e-9) < LENGTH_OFF:
        odd.note(Odd.LENGTH_OFF, f"{place} length={length:.0f} line={measured:.0f}")
    try:
        kmh = rules.kmh(";".join(_listed(cells.get("kmh", ""))))
    except ValueError as error:
        odd.note(Odd.ABSURD_SPEED, f"{place} {error}")
        kmh = None
    name = rules.one_line(_first(cells.get("name", "")))
    if not name and road_class in rules.NAMED:
        odd.note(Odd.MISSING_NAME, place)
    if along < 0:
        tail, head, line = head, tail, line[::-1]
    return RoadEdge(tail, head, length, road_class, along != 0, name, line, kmh)


def _whole(text: str) -> int:
    number = int(text)
    if not 0 <= number <= LARGEST_ID:
        raise ValueError(text)
    return number


def _listed(text: str) -> list[str]:
    """`['a', 'b']`, as osmnx writes what it joined, as its parts; any other text as the only one."""
    parts = [a or b for a, b in _QUOTED.findall(text)] if text.startswith("[") else []
    return parts or [text]


def _first(text: str) -> str:
    return _listed(text)[0]


def _road_class(text: str) -> str | None:
    """Of several the first that is driven on; None when it is OpenStreetMap's and none of them is.

    Raises ValueError for an empty one.
    """
    driven = [
        one for word in map(rules.one_line, _listed(text)) if (one := MTFCC.get(word, word)) not in rules.NOT_DRIVEN
    ]
    if "" in driven:
        raise ValueError("no class")
    return driven[0] if driven else None


def _line(text: str, tail: Point, head: Point, place: str, odd: Oddities) -> tuple[Point, ...]:
    """From `lon lat;lon lat` or `LINESTRING (lon lat, …)`, turned so that it begins at the tail; else straight."""
    straight = (tail, head)
    if not text:
        return straight
    pairs = re.split(r"[;,]", text.partition("(")[2].rstrip(") ") if "(" in text else text)
    try:
        line = tuple(Point(float(lat), float(lon)) for lon, lat in (pair.split()[:2] for pair in pairs))
    except ValueError:
        line = ()
    if len(line) < 2 or not all(is_point(*point) for point in line):
        odd.note(Odd.BAD_LINE, place)
        return straight
    for one in (line, line[::-1]):
        if distance_m(one[0], tail) < FAR_M and distance_m(one[-1], head) < FAR_M:
            return one
    odd.note(Odd.LINE_ELSEWHERE, place)
    return straight


def _without_loop(edge: RoadEdge, nodes: dict[int, Point], fresh: Iterator[int]) -> list[RoadEdge]:
    """The edge; in two when it ends where it begins, so that it is clear which end one means."""
    if edge.tail != edge.head:
        return [edge]
    farthest = max(range(len(edge.line)), key=lambda i: distance_m(edge.line[0], edge.line[i]))
    parts = (edge.line[: farthest + 1], edge.line[farthest:])
    whole = line_m(edge.line)
    between = next(fresh)
    nodes[between] = edge.line[farthest]
    ends = ((edge.tail, between), (between, edge.head))
    return [
        RoadEdge(*pair, edge.length_m * line_m(part) / whole, edge.road_class, edge.oneway, edge.name, part, edge.kmh)
        for pair, part in zip(ends, parts, strict=True)
    ]


def _bans(rows: Iterable[Row], numbers: Mapping[str, int], edges: list[RoadEdge], odd: Oddities) -> set[TurnBan]:
    bans = set()
    for place, cells in rows:
        try:
            before, via, after = numbers[cells["from_edge"]], _whole(cells["via"]), numbers[cells["to_edge"]]
        except (KeyError, ValueError):
            odd.note(Odd.TURN_UNPLACED, place)
            continue
        if all(via in (edges[number].tail, edges[number].head) for number in (before, after)):
            bans.add(TurnBan(before, via, after))
        else:
            odd.note(Odd.TURN_UNPLACED, place)
    return bans
