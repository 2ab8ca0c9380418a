"""Which places and roads of the city a text names, however they are spelled."""

import re
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
# Words of plain speech that are in no name; comparing them would only take time.
_SPEECH = re.compile(
    "十字路口|丁字路口|交叉口|交叉路口|交汇处|有人|那里|这里|那边|这边|我们|你们|他们|我在|快来|打架|受伤|睡不着|不知道|"
    "在|的|了|吗|呢|被|把|我|你|他|她|这|那|很|都|就|说|喊|哪|什么|怎么|正在|刚才|刚刚|现在|附近|旁边|对面|"
    "门口|门前|楼下|里面|之间|中间|当中|着火|吵架|路边|发生|车祸|报警|警察|110|快点|赶紧|麻烦|电动车|手机|钱包|小偷"
)
_MOST_MEANT = 80  # names that one stretch may mean
_SHORTEST = 2
# A stretch that earns this much, or this share of what the whole name would, is as likely no name at all;
# _SPREAD more, and the name is e times as likely.
_NO_NAME, _NO_NAME_SHARE, _SPREAD = 1.4, 0.62, 0.2
_OPEN = 25  # characters of plain speech among which one stretch sounds like a name by chance
# Before and after a name that was meant there is an end of some other word; elsewhere it is seldom meant.
_ENDS_BEFORE = re.compile(
    r"(?:^|[^\w]|[在到去住于从离至址是来走过和与跟同及靠往的了里上个这那说我村区市县镇]|附近|旁边|对面)$"
)
_BEGINS_AFTER = re.compile(
    r"$|[^\w]|\d|[的里上下有口门前后旁东南西北附对隔和与跟同及号路靠这那一就二三a-z往以向离楼边侧]|交|十字|丁字|中间|之间|发|出|停|来|着|被"
)
_WITHIN_WORDS = 0.3
_SOME_NAME = 0.04  # what is less likely to be a name at all is taken for plain speech
_COMPANY = re.compile(r"[与和跟同及、/&\d交]")  # of a road: another road, or a number
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

    def __init__(
        self, places: Iterable[Place], roads: Iterable[str], common: Iterable[str] = (), near: bool = True
    ) -> None:
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
        self._near = NearNames(names if near else (), common)
        self._parts = {part for name in names for part, *_ in self._finder.find(name) if part != name}

    def mentions(self, text: str) -> list[Mention]:
        """What the normalised text names, in order; a name inside a longer one does not count.

        What is not a name letter by letter is compared with all names by its sound and look.
        """
        found = sorted(self._finder.find(text), key=lambda hit: (hit[1], -hit[2]))
        exact = list(islice(_longest(found), _MOST_MENTIONS))
        near = self._near_slots(text, exact)
        kept = [
            self._exact(name, start, _over_stutter(text, end))
            for name, start, end in exact
            if not any(m.start < end and start < m.end for m in near)
        ]
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
        roads = ((road, 1.0),) if road else ()
        return Mention(start, end, tuple((p, 1 / len(places)) for p in places), roads)

    def _near_slots(self, text: str, exact: Sequence[tuple[str, int, int]]) -> list[Mention]:
        """Stretches that come near to names; over an exact name only what explains more than it."""
        closed = {k for name, start, end in exact if name not in self._parts for k in range(start, end)}
        closed |= {k for k, char in enumerate(text) if not char.isalnum()}
        closed |= {k for found in _SPEECH.finditer(text) for k in range(*found.span())}
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
            elif len(slot) < _MOST_MEANT and all(one.name != other.name for other in slot):
                slot.append(one)
        mentions = [self._slot(text, slot) for slot in slots[:_MOST_MENTIONS]]
        return [m for m in mentions if _is_some_name(text, m)]

    def _slot(self, text: str, slot: Sequence[NearName]) -> Mention:
        """The chance of each name, against the others and against none of them being meant."""
        places: dict[Place, float] = {}
        roads: dict[str, float] = {}
        for one in slot:
            limit = max(_NO_NAME, _NO_NAME_SHARE * sum(self._near.weights(one.name)))
            weight = exp((one.gain - limit) / _SPREAD)
            meant = self._places.get(one.name, ())
            for place in meant:
                places[place] = max(places.get(place, 0.0), weight / len(meant))
            if road := self._roads.get(one.name):
                roads[road] = max(roads.get(road, 0.0), weight)
        start, end = slot[0].start, _over_stutter(text, slot[0].end)
        nothing = max(1.0, min(len(text), 250) / _OPEN)
        nothing /= 1.0 if _ENDS_BEFORE.search(text[max(0, start - 2) : start]) else _WITHIN_WORDS
        nothing /= 1.0 if _BEGINS_AFTER.match(text, end) else _WITHIN_WORDS
        total = nothing + sum(places.values()) + sum(roads.values())
        return Mention(start, end, _chances(places, total), _chances(roads, total), text[start:end])


def _is_some_name(text: str, mention: Mention) -> bool:
    """Whether it is worth a thought: likely enough, or a road beside what a road is told by."""
    if mention.roads and (_COMPANY.match(text, mention.end) or _COMPANY.match(text, mention.start - 1)):
        return True
    return sum(chance for _, chance in (*mention.places, *mention.roads)) >= _SOME_NAME


def _chances(weights: Mapping[T, float], total: float) -> tuple[tuple[T, float], ...]:
    return tuple((one, weight / total) for one, weight in sorted(weights.items(), key=lambda item: -item[1]))


def _over_stutter(text: str, end: int) -> int:
    """Where the name ends, its last character said twice or once; 路 of 路口 is no stutter."""
    twice = text[end : end + 1] == text[end - 1] and not text[end - 1].isascii()
    return end + 1 if twice and text[end + 1 : end + 2] != "口" else end


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
