"""What a city pack says, as the rest of the house reads it. Frozen: a changed pack is a new start.

Positions are WGS 84. Names are in Chinese and, where there is one, in English.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from shapely.geometry.base import BaseGeometry

from jieying.kit.geo import Point


class Level(StrEnum):
    """Urgency, most urgent first (警情等级)."""

    RED = "red"
    ORANGE = "orange"
    YELLOW = "yellow"
    BLUE = "blue"
    WHITE = "white"

    @property
    def rank(self) -> int:
        """0 for red … 4 for white: smaller is more urgent."""
        return list(Level).index(self)


class OrgKind(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"
    STATION = "station"


@dataclass(frozen=True)
class Name:
    """A name in the languages we have; English falls back to Chinese."""

    zh: str
    en: str = ""

    def __str__(self) -> str:
        return self.zh


@dataclass(frozen=True)
class Org:
    """A node of the organisation tree. `path` is `/province/city/county/station/` by codes."""

    code: str
    parent: str
    kind: OrgKind
    name: Name
    path: str
    position: Point | None = None


@dataclass(frozen=True)
class Area:
    """A polygon that the org is responsible for."""

    code: str
    org: str
    name: Name
    shape: BaseGeometry


@dataclass(frozen=True)
class Unit:
    """Officers who respond together. `post` is where it stands when nothing else is known."""

    code: str
    org: str
    name: Name
    kind: str
    skills: frozenset[str]
    post: Point
    phone: str = ""
    plate: str = ""


@dataclass(frozen=True)
class Officer:
    code: str
    name: str
    org: str
    unit: str = ""


@dataclass(frozen=True)
class Duty:
    """A weekly repeated turn of a unit, local time; `end` before or at `start` runs past midnight.

    `days`: ISO weekdays 1–7 on which it starts. Minutes since local midnight.
    """

    unit: str
    days: frozenset[int]
    start_minute: int
    end_minute: int


@dataclass(frozen=True)
class Category:
    """A code of the two-level list. `kind` says whose it is: police, enquiry or hotline (not for police)."""

    code: str
    parent: str
    name: Name
    kind: str
    level: Level
    words: tuple[str, ...] = ()
    skills: frozenset[str] = frozenset()


@dataclass(frozen=True)
class AlarmWord:
    """A word that raises the level at once, and may name the category."""

    word: str
    level: Level
    category: str = ""


@dataclass(frozen=True)
class Whom:
    """Everybody of a role in the organisation of a kind that answers for the place."""

    role: str
    org_kind: OrgKind


@dataclass(frozen=True)
class Plan:
    """Response plan: the first in the file whose category and levels fit is taken.

    `category` is a code, a parent code, or `*`. `preempt`: may take a unit that is en route to a less urgent
    incident. `notify`: who is told when such an incident is opened.
    """

    code: str
    category: str
    levels: frozenset[Level]
    units: int
    skills: frozenset[str]
    preempt: bool
    guidance: Name
    notify: tuple[Whom, ...] = ()


@dataclass(frozen=True)
class Rung:
    """A step of the ladder: who is told (role within the org of this kind above the incident), after how long."""

    role: str
    org_kind: OrgKind
    after_s: int


STAGES = ("answer", "offer", "accept", "arrive", "resolve")


@dataclass(frozen=True)
class Targets:
    """Seconds per level and stage, counted from received (answer), opened (offer), offered (accept),
    received (arrive) and on_scene (resolve)."""

    seconds: dict[Level, dict[str, int]]
    ladder: tuple[Rung, ...]


@dataclass(frozen=True)
class Place:
    """A named place of the gazetteer."""

    name: str
    aliases: tuple[str, ...]
    kind: str
    position: Point


@dataclass(frozen=True)
class Address:
    """A known house number; between two of one road, positions are interpolated."""

    road: str
    number: int
    position: Point


@dataclass(frozen=True)
class RoadNode:
    id: int
    position: Point


@dataclass(frozen=True)
class RoadEdge:
    """A stretch of road. Undirected unless `oneway`. `line` runs from tail to head, ends included.

    `kmh`: the speed of this very stretch, None for that of its class.
    """

    tail: int
    head: int
    length_m: float
    road_class: str
    oneway: bool
    name: str
    line: tuple[Point, ...]
    kmh: float | None = None


@dataclass(frozen=True)
class TurnBan:
    """Driving from one edge over a node into another is forbidden. Edges by their place in `road_edges`, node by id."""

    from_edge: int
    via: int
    to_edge: int


HOURS_OF_WEEK = 168


@dataclass(frozen=True)
class SpeedTable:
    """km/h by road class; a factor for each local hour of the week, Monday 00:00 first; factors by area code."""

    kmh: dict[str, float]
    default_kmh: float
    hour_factor: tuple[float, ...] = (1.0,) * HOURS_OF_WEEK
    area_factor: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class DemandPoint:
    """Where calls come from: `weight` is the share or number of calls, any unit."""

    position: Point
    weight: float


# Who goes first; each is a function of dispatch/policies.py.
POLICIES = (
    *("balanced", "own_station_first", "nearest_by_air", "nearest_by_road"),
    *("dmexclp", "dmexclp_nearest"),
)


@dataclass(frozen=True)
class DispatchSettings:
    """How candidates are ranked; see dispatch/policies.py. A unit covers what it reaches by road within `cover_s`:
    the target for arrival, less what passes before it sets out. `busy_share` is how often a unit is busy; `move_up`:
    suggest to free units where to wait.
    """

    policy: str = "balanced"
    nearness: float = 0.6
    territory: float = 0.25
    business: float = 0.15
    offer_timeout_s: int = 30
    stale_position_s: int = 120
    max_eta_s: int = 3600
    cover_s: int = 120
    busy_share: float = 0.3
    move_up: bool = False


@dataclass(frozen=True)
class HotlineSettings:
    """How the city hotline 12345 is addressed by Open311: whose it is, and its service for each of our categories."""

    jurisdiction: str = ""
    default: str = "other"
    services: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CityPack:
    """Everything that makes the system a city's own. `region` leads every key in the database."""

    folder: Path
    region: str
    name: Name
    timezone: str
    language: str
    center: Point
    orgs: dict[str, Org]
    areas: tuple[Area, ...]
    units: dict[str, Unit]
    officers: tuple[Officer, ...]
    duties: tuple[Duty, ...]
    categories: dict[str, Category]
    alarm_words: tuple[AlarmWord, ...]
    plans: tuple[Plan, ...]
    targets: Targets
    outcomes: dict[str, Name]
    places: tuple[Place, ...]
    addresses: tuple[Address, ...]
    road_nodes: tuple[RoadNode, ...]
    road_edges: tuple[RoadEdge, ...]
    speeds: SpeedTable
    dispatch: DispatchSettings = field(default_factory=DispatchSettings)
    turn_bans: tuple[TurnBan, ...] = ()
    demand: tuple[DemandPoint, ...] = ()
    hotline: HotlineSettings = field(default_factory=HotlineSettings)

    def orgs_above(self, code: str) -> list[Org]:
        """The org itself and those above it, nearest first."""
        chain = []
        while code:
            chain.append(self.orgs[code])
            code = self.orgs[code].parent
        return chain
