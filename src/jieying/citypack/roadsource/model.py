"""What a source of roads is read into, and what was odd in it."""

from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise

from jieying.citypack.model import RoadEdge, RoadNode, TurnBan
from jieying.kit.geo import Point, distance_m

EXAMPLES = 5  # places that an oddity names; the rest are only counted


class Odd(StrEnum):
    """Each has its words under `roads.odd.<code>`."""

    ISLAND = "island"
    MISSING_NAME = "missing_name"
    ABSURD_SPEED = "absurd_speed"
    UNCLEAR_ONEWAY = "unclear_oneway"
    REVERSIBLE = "reversible"
    ZERO_LENGTH = "zero_length"
    LENGTH_OFF = "length_off"
    BAD_LINE = "bad_line"
    LINE_ELSEWHERE = "line_elsewhere"
    BAD_ROW = "bad_row"
    DUPLICATE_NODE = "duplicate_node"
    DUPLICATE_EDGE = "duplicate_edge"
    MISSING_NODE = "missing_node"
    SWAPPED = "swapped"
    OUT_OF_RANGE = "out_of_range"
    LOOP = "loop"
    TURN_VIA_WAY = "turn_via_way"
    TURN_CONDITIONAL = "turn_conditional"
    TURN_UNPLACED = "turn_unplaced"
    TURN_AMBIGUOUS = "turn_ambiguous"
    TURN_UNKNOWN = "turn_unknown"


@dataclass
class Oddity:
    """How often it was met, and where first: `way/17`, `edges.csv:17`, `41.15730,-8.62910`."""

    code: Odd
    count: int = 0
    examples: list[str] = field(default_factory=list)


class Oddities:
    """Collects what is odd while a source is being read."""

    def __init__(self) -> None:
        self._found: dict[Odd, Oddity] = {}

    def note(self, code: Odd, place: str) -> None:
        found = self._found.setdefault(code, Oddity(code))
        found.count += 1
        if len(found.examples) < EXAMPLES:
            found.examples.append(place)

    def count(self, code: Odd) -> int:
        return self._found[code].count if code in self._found else 0

    def all(self) -> list[Oddity]:
        """In the order of `Odd`."""
        return [self._found[code] for code in Odd if code in self._found]


@dataclass
class Draft:
    """Roads as the source has them, before what can't be reached is dropped.

    No edge begins where it ends. Turn bans name edges by their place in `edges`.
    """

    nodes: dict[int, Point]
    odd: Oddities
    edges: list[RoadEdge] = field(default_factory=list)
    turn_bans: set[TurnBan] = field(default_factory=set)
    _places: dict[tuple[object, ...], int] = field(default_factory=dict)

    def add(self, edge: RoadEdge) -> int:
        """Its place in `edges`."""
        self._places.setdefault(_likeness(edge), len(self.edges))
        self.edges.append(edge)
        return len(self.edges) - 1

    def place_of_same(self, edge: RoadEdge) -> int | None:
        """The place of an edge that is the same but for its length; None when there is none."""
        return self._places.get(_likeness(edge))


def _likeness(edge: RoadEdge) -> tuple[object, ...]:
    return edge.tail, edge.head, edge.road_class, edge.oneway, edge.name, edge.kmh, edge.line


def turned(edge: RoadEdge) -> RoadEdge:
    """The same road from its other end."""
    return replace(edge, tail=edge.head, head=edge.tail, line=edge.line[::-1])


@dataclass(frozen=True)
class Roads:
    """Roads for a pack: from every edge every other can be reached, without a forbidden turn.

    Turn bans name edges by their place in `edges`. `dropped`: what could not be reached, or not be left again.
    """

    nodes: tuple[RoadNode, ...]
    edges: tuple[RoadEdge, ...]
    turn_bans: tuple[TurnBan, ...]
    dropped: tuple[RoadEdge, ...]
    oddities: tuple[Oddity, ...]

    @property
    def kept_share(self) -> float:
        """Kilometres kept of those read, 0–1."""
        kept = total_m(self.edges)
        return kept / (kept + total_m(self.dropped))


def total_m(edges: tuple[RoadEdge, ...]) -> float:
    """Their lengths together, in metres; a two-way road counts once."""
    return sum(edge.length_m for edge in edges)


def line_m(line: tuple[Point, ...]) -> float:
    """Metres along a line."""
    return sum(distance_m(a, b) for a, b in pairwise(line))


def place_of(point: Point) -> str:
    """A position as a place of an oddity."""
    return f"{point.lat:.5f},{point.lon:.5f}"
