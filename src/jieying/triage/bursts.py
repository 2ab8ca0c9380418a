"""Invented bursts of reports to fit and judge the search for same events: one event told by several people, among
reports of other events around it.

The words are hand-written (events/witnesses.txt), the places are those of a city pack. What is rolled by dice, and how
far it may be taken for the truth, is said in docs/same-event.md.
"""

import math
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from jieying.citypack.model import Place
from jieying.kit.geo import EARTH_RADIUS_M, Point, distance_m
from jieying.triage.rules import Understood
from jieying.triage.same_event import Facts

WITNESSES = Path(__file__).parent / "events" / "witnesses.txt"
FITTED = WITNESSES.with_name("fitted.txt")  # of nine other hands: only fitted on
INDEPENDENT = WITNESSES.with_name("independent.txt")  # of other hands: nothing is fitted on them
BEGIN = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)

NAMED_OFF_M = 400.0  # a place that a witness names lies this far from the event at most
_DEVICE, _NAMED = 0.5, 0.38  # shares of reports whose place is known by the device, by a name; the rest by neither
_UNSURE = 0.5  # share of the latter who name a place of which there are two
_AROUND_M = 1500.0
_ACCURACY_M = (15.0, 40.0, 100.0)  # standard deviation of a device's position
_STANDS_M = 80.0  # how far from the event a witness stands
_HARD = 0.7  # share of bursts with another event of the same kind near
_OTHERS = (2, 5)  # events of any kind within 800 m and 40 minutes
_NEXT_DOOR = 0.5  # share of those that are told like the first one, of another building
_TWICE = 0.15  # share of bursts in which one person also reports something else
_BESIDE = ("门口", "旁边", "附近", "对面", "后面", "这边", "")
_BEFORE = ("", "", "", "喂，", "你好，", "快点，", "那个，", "我要报警，")
_AFTER = ("", "", "", "，快点", "，你们快来", "，谢谢", "，赶紧派人", "。喂？听得见吗")
_FIGURE = re.compile(r"\d+(?=号楼|栋|幢|层|楼)")
_CHANNELS = ("phone", "phone", "wechat", "sms", "app", "web", "miniprogram")


@dataclass(frozen=True)
class Event:
    """One event, as each of its witnesses tells it; `@` stands for the place."""

    family: str
    title: str
    witnesses: tuple[str, ...]


@dataclass(frozen=True)
class Report:
    """A report of a burst, the number of the event that it is about, and where that really was."""

    event: int
    place: Point
    facts: Facts


def read_events(file: Path = WITNESSES) -> list[Event]:
    """All events, in the order of the file."""
    found: list[Event] = []
    family = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            family = line[3:]
        elif line.startswith("-- "):
            found.append(Event(family, line[3:], ()))
        elif line and not line.startswith("#"):
            last = found[-1]
            found[-1] = Event(last.family, last.title, (*last.witnesses, line))
    return found


def _next_door(event: Event) -> Event | None:
    """The same happens in the building four numbers on, and whoever tells of it says in which. None: no numbers."""
    told = [_FIGURE.sub(lambda found: str(int(found[0]) + 4), one) for one in event.witnesses if _FIGURE.search(one)]
    if not told:
        return None
    return Event(event.family, f"{event.title} II", tuple(told))


def halves(events: Sequence[Event]) -> tuple[list[Event], list[Event]]:
    """Every other event of each family to fit with, the rest held back."""
    seen: dict[str, int] = {}
    parts: tuple[list[Event], list[Event]] = ([], [])
    for event in events:
        number = seen.get(event.family, 0)
        seen[event.family] = number + 1
        parts[number % 2].append(event)
    return parts


class Bursts:
    """Rolls bursts: the same events, places and seed give the same ones. `understand` is what intake understands."""

    def __init__(
        self,
        events: Sequence[Event],
        places: Sequence[Place],
        understand: Callable[[str], Understood],
        top: Callable[[str | None], str | None],
        seed: int,
    ) -> None:
        self._events, self._places = list(events), [place for place in places if place.name]
        self._understand, self._top = understand, top
        self._dice = random.Random(seed)  # noqa: S311 -- invented reports need no cryptography
        self._around: list[Place] = []  # places that witnesses of the present burst may name

    def one(self) -> list[Report]:
        """A burst and what surrounds it, in the order of time. Event 0 is the one that 2 to 6 people report."""
        dice = self._dice
        centre = dice.choice(self._places).position
        self._around = [place for place in self._places if distance_m(place.position, centre) <= _AROUND_M]
        main = dice.choice(self._events)
        chosen = [main]
        reports = self._told(0, main, centre, dice.uniform(0, 600), dice.randint(2, 6))
        if dice.random() < _HARD:
            others = [event for event in self._events if event.family == main.family and event != main]
            twin = _next_door(main) if dice.random() < _NEXT_DOOR else None
            chosen.append(twin or dice.choice(others))
            place = self._shifted(centre, dice.uniform(80, 500))
            reports += self._told(1, chosen[-1], place, dice.uniform(-300, 900), dice.randint(1, 3))
        for _ in range(dice.randint(*_OTHERS)):
            chosen.append(dice.choice([event for event in self._events if event not in chosen]))
            place = self._shifted(centre, 800 * math.sqrt(dice.random()))
            number = len(chosen) - 1
            reports += self._told(number, chosen[-1], place, dice.uniform(-900, 1500), dice.choice((1, 1, 1, 2, 3)))
        if dice.random() < _TWICE:
            chosen.append(dice.choice([event for event in self._events if event not in chosen]))
            place = self._shifted(centre, dice.uniform(50, 500))
            (again,) = self._told(len(chosen) - 1, chosen[-1], place, dice.uniform(0, 900), 1, reports[0].facts.contact)
            reports.append(again)
        return sorted(reports, key=lambda one: one.facts.received_at)

    def _told(
        self, number: int, event: Event, place: Point, begun_s: float, count: int, contact: str = ""
    ) -> list[Report]:
        told, at = [], begun_s
        order = self._dice.sample(event.witnesses, len(event.witnesses))
        for i in range(count):
            told.append(Report(number, place, self._report(order[i % len(order)], place, at, contact)))
            at += self._dice.expovariate(1 / 180)
        return told

    def _report(self, wording: str, event: Point, at_s: float, contact: str) -> Facts:
        dice = self._dice
        near = [place for place in self._around if distance_m(place.position, event) <= NAMED_OFF_M]
        weights = [math.exp(-distance_m(place.position, event) / 150) for place in near]
        named = dice.choices(near, weights)[0] if near else None
        way = dice.random()
        position: Point | None = None
        guesses: tuple[Point, ...] = ()
        if way < _DEVICE or (way < _DEVICE + _NAMED and named is None):
            stands = self._shifted(event, abs(dice.gauss(0, _STANDS_M)))
            position = self._shifted(stands, abs(dice.gauss(0, dice.choice(_ACCURACY_M))))
            named = named if dice.random() < 0.5 else None
        elif way < _DEVICE + _NAMED and named is not None:
            position = named.position
        elif named is not None and dice.random() < _UNSURE:
            guesses = (named.position, dice.choice(self._places).position)
        else:
            named = None
        where = named.name + dice.choice(_BESIDE) if named else ""
        if named and "@" not in wording:
            wording = "@" + wording
        words = dice.choice(_BEFORE) + wording.replace("@", where).rstrip("，") + dice.choice(_AFTER)
        found = self._understand(words)
        return Facts(
            "", BEGIN + timedelta(seconds=at_s), position, found.category, self._top(found.category), words,
            contact or f"139{dice.randrange(10**8):08d}", dice.choice(_CHANNELS), found.vector,
            guesses,
        )  # fmt: skip

    def _shifted(self, point: Point, metres: float) -> Point:
        angle = self._dice.uniform(0, 2 * math.pi)
        degrees = math.degrees(metres / EARTH_RADIUS_M)
        lon = degrees * math.cos(angle) / math.cos(math.radians(point.lat))
        return Point(point.lat + degrees * math.sin(angle), point.lon + lon)
