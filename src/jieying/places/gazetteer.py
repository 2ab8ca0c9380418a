"""Which places and roads of the city a text names, however they are spelled."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from math import exp
from typing import TypeVar

from jieying.citypack.model import Place
from jieying.kit.normal import WordFinder, plain
from jieying.places.nearnames import NearName, NearNames, weights

T = TypeVar("T")

_MOST_MENTIONS = 40  # of one text, the first ones: enough for a person's words, bounded for a flood
_MOST_MEANT = 80  # names that one stretch may mean
_SHORTEST = 2
# A stretch that earns _NO_NAME is as likely no name at all; _SPREAD more, and the name is e times as likely.
_NO_NAME, _SPREAD = 1.4, 0.25
_BETTER = 0.4  # by this much a near name must earn more than the exact ones inside it

# Short and long forms of English road names; either may stand in the map, either may be said.
_WAYS = (
    ("st", "street"),
    ("ave", "av", "avenue"),
    ("rd", "road"),
    ("blvd", "bl", "boulevard"),
    ("dr", "drive"),
    ("ln", "lane"),
    ("ct", "court"),
    ("pl", "place"),
    ("ter", "terrace"),
    ("hwy", "hy", "highway"),
    ("sq", "square"),
    ("pkwy", "parkway"),
    ("aly", "alley"),
    ("cir", "circle"),
    ("way", "wy"),
    ("fwy", "freeway"),
)
_SIDES = (("n", "north"), ("s", "south"), ("e", "east"), ("w", "west"))
_WAY_FORMS = {form: forms for forms in _WAYS for form in forms}
_SIDE_FORMS = {form: forms for forms in _SIDES for form in forms}


@dataclass(frozen=True)
class Mention:
    """A stretch of normalised text, `text[start:end]`, and what it may name, each with its chance from 0 to 1.

    `said`: the words, where they only come near to the names; empty where they are the name.
    """

    start: int
    end: int
    places: tuple[tuple[Place, float], ...]
    roads: tuple[tuple[str, float], ...]
    said: str = ""

    @property
    def is_certain(self) -> bool:
        """Whether it can mean one thing only."""
        return not self.said and len(self.places) < 2

    @property
    def road(self) -> str | None:
        """The likeliest road."""
        return self.roads[0][0] if self.roads else None


class Gazetteer:
    """All names of a city's places and roads. `common`: beginnings that many of them share."""

    def __init__(self, places: Iterable[Place], roads: Iterable[str], common: Iterable[str] = ()) -> None:
        self._places: dict[str, list[Place]] = {}
        for place in places:
            for name in {plain(name) for name in (place.name, *place.aliases)}:
                self._places.setdefault(name, []).append(place)
        self._roads: dict[str, str] = {}
        for road in sorted(roads):
            for spelling in _spellings(plain(road)):
                self._roads.setdefault(spelling, road)
        names = [name for name in self._places.keys() | self._roads.keys() if len(name) >= _SHORTEST]
        self._finder = WordFinder(names)
        self._near = NearNames(names, common)
        self._parts = {part for name in names for part, *_ in self._finder.find(name) if part != name}

    def mentions(self, text: str) -> list[Mention]:
        """What the normalised text names, in order; a name inside a longer one does not count.

        What is not a name letter by letter is compared with all names by its sound and look.
        """
        found = sorted(self._finder.find(text), key=lambda hit: (hit[1], -hit[2]))
        exact = list(islice(_longest(found), _MOST_MENTIONS))
        near = self._near_slots(text, exact)
        kept = [self._exact(*hit) for hit in exact if not any(m.start < hit[2] and hit[1] < m.end for m in near)]
        return sorted(kept + near, key=lambda m: m.start)

    def widened(self, text: str, mention: Mention) -> Mention:
        """The mention with the names that come near to it, for one that makes no sense beside another."""
        start = max(0, mention.start - 1)
        near = [
            replace(one, start=one.start + start, end=one.end + start)
            for one in self._near.find(text[start : mention.end + 1])
            if one.start + start < mention.end
        ]
        return self._slot(text, near[:_MOST_MEANT]) if near else mention

    def _exact(self, name: str, start: int, end: int) -> Mention:
        places = self._places.get(name, ())
        road = self._roads.get(name)
        return Mention(start, end, tuple((p, 1 / len(places)) for p in places), ((road, 1.0),) if road else ())

    def _near_slots(self, text: str, exact: Sequence[tuple[str, int, int]]) -> list[Mention]:
        """Stretches that come near to names; over an exact name only what explains more than it."""
        closed = {k for name, start, end in exact if name not in self._parts for k in range(start, end)}
        closed |= {k for k, char in enumerate(text) if not char.isalnum()}
        slots: list[list[NearName]] = []
        for one in self._near.find(text, closed):
            inside = [hit for hit in exact if one.start < hit[2] and hit[1] < one.end]
            if any(one.start > start or end > one.end for _, start, end in inside):
                continue
            if inside and one.gain < sum(sum(weights(name)) for name, *_ in inside) + _BETTER:
                continue
            slot = next((slot for slot in slots if one.start < slot[0].end and slot[0].start < one.end), None)
            if slot is None:
                slots.append([one])
            elif len(slot) < _MOST_MEANT:
                slot.append(one)
        return [self._slot(text, slot) for slot in slots[:_MOST_MENTIONS]]

    def _slot(self, text: str, slot: Sequence[NearName]) -> Mention:
        """The chance of each name, against the others and against none of them being meant."""
        places: dict[Place, float] = {}
        roads: dict[str, float] = {}
        for one in slot:
            weight = exp((one.gain - _NO_NAME) / _SPREAD)
            meant = self._places.get(one.name, ())
            for place in meant:
                places[place] = max(places.get(place, 0.0), weight / len(meant))
            if road := self._roads.get(one.name):
                roads[road] = max(roads.get(road, 0.0), weight)
        total = 1.0 + sum(places.values()) + sum(roads.values())
        start, end = slot[0].start, slot[0].end
        return Mention(start, end, _chances(places, total), _chances(roads, total), text[start:end])


def _chances(weights: Mapping[T, float], total: float) -> tuple[tuple[T, float], ...]:
    return tuple((one, weight / total) for one, weight in sorted(weights.items(), key=lambda item: -item[1]))


def _longest(found: list[tuple[str, int, int]]) -> Iterable[tuple[str, int, int]]:
    reached = 0
    for name, start, end in found:
        if end > reached:
            reached = end
            yield name, start, end


def _spellings(road: str) -> set[str]:
    """The normalised road name with its English parts short and long."""
    parts = road.split(" ")
    if len(parts) < 2:
        return {road}
    forms: list[tuple[str, ...]] = [(part,) for part in parts]
    forms[-1] = _WAY_FORMS.get(parts[-1], forms[-1])
    forms[0] = _SIDE_FORMS.get(parts[0], forms[0])
    return {" ".join(choice) for choice in product(*forms)}
