"""OpenStreetMap extracts (.osm.pbf, .osm, compressed ones) by osmium: ways cut into stretches between junctions."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import NamedTuple

import osmium
from osmium import osm
from osmium.filter import KeyFilter

from jieying.citypack.model import RoadEdge
from jieying.citypack.roadsource import tags as rules
from jieying.citypack.roadsource.model import Draft, Odd, Oddities, line_m, place_of, turned
from jieying.citypack.roadsource.positions import sound_positions
from jieying.citypack.roadsource.turns import Restriction, read_restriction, turn_bans
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point

SHORTEST_M = 0.1  # two junctions at one spot stay joined; lengths are written with one digit
NO_NODE = (2**31 - 1) / 1e7  # what osmium gives for the latitude of a node that it has not met


class Way(NamedTuple):
    """A way that is driven on; `nodes` in the direction of travel when it is one-way."""

    id: int
    nodes: list[int]
    road_class: str
    oneway: bool
    name: str
    kmh: float | None


@dataclass(frozen=True)
class _Ground:
    positions: dict[int, Point]
    barred: set[int]  # nodes that no car passes


def read_osm(file: Path) -> Draft:
    """The roads of an extract, in one pass: nodes come before ways and ways before relations.

    Raises Invalid("roads_unreadable") for a file that is cut short or is no OpenStreetMap data,
    Invalid("roads_unsorted") when nodes are missing or come too late.
    """
    odd = Oddities()
    try:
        ways, ground, restrictions = _read(file, odd)
    except (RuntimeError, ValueError, OSError, osmium.InvalidLocationError) as error:
        raise Invalid("roads_unreadable", file=str(file), reason=str(error)) from error
    draft, of_way = _stretches(ways, ground, odd)
    draft.turn_bans = turn_bans(restrictions, draft.edges, of_way, odd)
    return draft


def _read(file: Path, odd: Oddities) -> tuple[list[Way], _Ground, list[Restriction]]:
    ways: dict[int, Way] = {}
    met: dict[int, osm.Location] = {}
    barred: set[int] = set()
    restrictions = []
    filtered = KeyFilter("barrier", "highway", "restriction", "restriction:conditional")
    for found in osmium.FileProcessor(file).with_locations().with_filter(filtered):
        tags = dict(found.tags)
        if isinstance(found, osm.Node) and rules.stops_traffic(tags):
            barred.add(found.id)
        elif isinstance(found, osm.Way) and (way := _way(found, tags, odd)):
            if way.id in ways:
                odd.note(Odd.DUPLICATE_EDGE, f"way/{way.id}")
            ways.setdefault(way.id, way)
            met.update((node.ref, node.location) for node in found.nodes)
        elif isinstance(found, osm.Relation) and tags.get("type") == "restriction":
            members = [(member.type, member.ref, member.role) for member in found.members]
            if restriction := read_restriction(found.id, tags, members, odd):
                restrictions.append(restriction)
    rows = ((n, f"node/{n}", at.lat_without_check(), at.lon_without_check()) for n, at in met.items())
    positions = sound_positions((row for row in rows if row[2] != NO_NODE), odd)
    if len(positions) < len(met) / 2:
        raise Invalid("roads_unsorted", file=str(file))
    return list(ways.values()), _Ground(positions, barred), restrictions


def _way(found: osm.Way, tags: rules.Tags, odd: Oddities) -> Way | None:
    road_class, place = rules.road_class(tags), f"way/{found.id}"
    if road_class is None:
        return None
    try:
        along = rules.direction(tags)
    except ValueError as error:
        odd.note(Odd.UNCLEAR_ONEWAY, f"{place} {error}")
        along = 0
    if along is None:
        odd.note(Odd.REVERSIBLE, place)
        return None
    try:
        kmh = rules.way_kmh(tags, along)
    except ValueError as error:
        odd.note(Odd.ABSURD_SPEED, f"{place} {error}")
        kmh = None
    name = rules.name_of(tags)
    if not name and road_class in rules.NAMED:
        odd.note(Odd.MISSING_NAME, place)
    nodes = [node.ref for node in found.nodes]
    return Way(found.id, nodes[::-1] if along < 0 else nodes, road_class, along != 0, name, kmh)


def _stretches(ways: Iterable[Way], ground: _Ground, odd: Oddities) -> tuple[Draft, dict[int, list[int]]]:
    """The edges, and which edges each way became. At a barrier each stretch ends at a node of its own."""
    met: Counter[int] = Counter()
    for way in ways:
        met.update(way.nodes)
        met.update((way.nodes[0], way.nodes[-1]) if way.nodes else ())  # ends are always cut
    junctions = {node for node, times in met.items() if times > 1}
    fresh = count(max(met, default=0) + 1)
    draft = Draft({}, odd)
    of_way: dict[int, list[int]] = {}
    for way in ways:
        for piece in _pieces(way, ground, junctions, odd):
            tail, head = (next(fresh) if node in ground.barred else node for node in (piece[0], piece[-1]))
            line = tuple(ground.positions[node] for node in piece)
            length = line_m(line)
            if length < SHORTEST_M:
                odd.note(Odd.ZERO_LENGTH, f"way/{way.id} {place_of(line[0])}")
            length = max(length, SHORTEST_M)
            edge = RoadEdge(tail, head, length, way.road_class, way.oneway, way.name, line, way.kmh)
            same = draft.place_of_same(edge)
            if same is None and not edge.oneway:
                same = draft.place_of_same(turned(edge))
            if same is None:
                draft.nodes |= {tail: line[0], head: line[-1]}
                same = draft.add(edge)
            else:
                odd.note(Odd.DUPLICATE_EDGE, f"way/{way.id} {place_of(line[0])}")
            of_way.setdefault(way.id, []).append(same)
    return draft, of_way


def _pieces(way: Way, ground: _Ground, junctions: set[int], odd: Oddities) -> Iterator[list[int]]:
    """The way cut at junctions, at barriers, and where a node is not in the file (the edge of an extract)."""
    piece: list[int] = []
    for node in way.nodes:
        if node not in ground.positions:
            odd.note(Odd.MISSING_NODE, f"way/{way.id} node/{node}")
            yield from _halves(piece)
            piece = []
        elif not piece or piece[-1] != node:
            piece.append(node)
            if node in junctions or node in ground.barred:
                yield from _halves(piece)
                piece = [node]
    yield from _halves(piece)


def _halves(piece: list[int]) -> Iterator[list[int]]:
    """The piece; in two where it ends at the node that it began at, so that it is clear which end one means."""
    if len(piece) > 2 and piece[0] == piece[-1]:
        middle = len(piece) // 2
        yield piece[: middle + 1]
        yield piece[middle:]
    elif len(piece) > 1:
        yield piece
