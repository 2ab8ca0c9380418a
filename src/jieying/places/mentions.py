"""Mentions of a city's places as people might write them, with typing errors, for the evaluation.

Wordings are written by hand (mentions_tune.txt, mentions_held_back.txt), places are drawn from the pack, errors are
drawn from typos.txt, which the search does not read. The same seed gives the same mentions.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from itertools import islice
from random import Random
from typing import Literal

from jieying.citypack.model import Address, CityPack, Place
from jieying.kit.geo import Point, distance_m
from jieying.places.areas import AreaIndex
from jieying.places.candidates import middle
from jieying.places.streets import Streets

Drawn = tuple[dict[str, str], dict[str, str], list[Point]]  # names, other words, right spots
Split = Literal["tune", "held_back"]
_EXACT = 0.25  # of the mentions have no error
_TWO = 0.2  # of the others have two
_ALIAS = 0.25
_TRIES = 300  # draws until a city has nothing of a kind
_ERRORS = {"sound": 45, "look": 20, "dropped": 12, "doubled": 10, "swapped": 13}  # of a hundred
_UNITS = ("3号楼2单元", "12栋501", "5号楼", "二单元302", "8幢1单元601室", "B座1203", "1号楼三单元")
_DIRECTIONS = {
    "东": (1, 0),
    "南": (0, -1),
    "西": (-1, 0),
    "北": (0, 1),
    "东北": (0.707, 0.707),
    "西南": (-0.707, -0.707),
}
_DISTANCES = {
    "两百米": 200,
    "一百米": 100,
    "300米": 300,
    "一百五十米": 150,
    "150米": 150,
    "四百米左右": 400,
    "半公里": 500,
}
_MOVES = ("往{0}{1}", "往{0}走{1}", "{0}边{1}", "以{0}{1}", "向{0}大概{1}", "{0}侧约{1}")


@dataclass(frozen=True)
class Said:
    """A mention, where it is, and how it was made. `errors`: typing errors in names."""

    text: str
    kind: str
    spots: tuple[Point, ...]
    errors: int


class Mentions:
    """Draws mentions of one city."""

    def __init__(self, pack: CityPack, streets: Streets, dice: Random) -> None:
        self._streets = streets
        self._dice = dice
        self._areas = AreaIndex(pack)
        self._orgs = {area.code: pack.orgs[area.org].name.zh for area in pack.areas}
        self._area_names = {area.code: area.name.zh for area in pack.areas}
        self._places = [p for p in pack.places if p.kind not in ("metro", "metro_exit") and len(p.name) > 2]
        self._exits = [p for p in pack.places if p.kind == "metro_exit"]
        self._addresses = pack.addresses
        self._roads = sorted(
            r for r in streets.names if len(streets.crossed_by(r)) > 1 and re.fullmatch(r"[一-鿿]+", r)
        )
        self._named: dict[str, list[Point]] = defaultdict(list)
        for place in pack.places:
            for name in (place.name, *place.aliases):
                self._named[name].append(place.position)
        self._names = set(self._named) | streets.names
        self._sounds, self._looks = _tables()

    def draw(self, split: Split, count: int) -> list[Said]:
        """So many mentions, the templates in turn; kinds that the city has nothing for are left out."""
        templates = [line.split(" ", 1) for line in _lines(f"mentions_{split}.txt")]
        possible = {kind for kind in sorted({kind for kind, _ in templates}) if self._tried(kind)}
        templates = [one for one in templates if one[0] in possible]
        drawn = (self._mention(*templates[k % len(templates)]) for k in range(count * 2) if templates)
        return list(islice((one for one in drawn if one), count))

    def _tried(self, kind: str) -> Drawn | None:
        return next((drawn for _ in range(_TRIES) if (drawn := self._drawn(kind))), None)

    def _mention(self, kind: str, template: str) -> Said | None:
        drawn = self._tried(kind)
        if drawn is None:
            return None
        names, extra, spots = drawn
        wanted = 0 if self._dice.random() < _EXACT else 2 if self._dice.random() < _TWO else 1
        written, errors = dict(names), 0
        for _ in range(wanted):
            slot = self._dice.choice(sorted(names))
            spoilt = self._spoilt(written[slot])
            errors += spoilt is not None
            written[slot] = spoilt or written[slot]
        return Said(template.format(**written, **extra), kind, tuple(spots), errors)

    def _drawn(self, kind: str) -> Drawn | None:
        """Names to be spelled, other words, and the right spots; None when the dice gave nothing that fits."""
        dice = self._dice
        sources: dict[str, Sequence[Place | Address]] = {"address": self._addresses, "exit": self._exits}
        if kind in ("crossing", "moved_crossing", "stretch"):
            return self._at_crossing(kind)
        if not sources.get(kind, self._places):
            return None
        if kind == "address":
            one = dice.choice(self._addresses)
            return {"a": one.road}, {"n": str(one.number)}, [one.position]
        if kind == "exit":
            found = re.fullmatch(r"(.+)([A-H])口", dice.choice(self._exits).name)
            return ({"p": found[1]}, {"x": found[2]}, self._named[found[0]]) if found else None
        place = dice.choice(self._places)
        name, spots = self._called(place)
        if kind == "place_district":
            area = self._areas.area_of(place.position)
            if area is None:
                return None
            station = self._orgs[area.code]
            part = dice.choice((station + "辖区", station.removesuffix("派出所") + "街道", self._area_names[area.code]))
            return {"p": name}, {"d": part}, spots
        if kind == "place_road":
            roads = self._streets.roads_near(place.position, 150, 1)
            return ({"p": name, "r": roads[0]}, {}, spots) if roads else None
        if kind == "between":
            near = [p for p in self._places if 150 < distance_m(p.position, place.position) < 450]
            if not near:
                return None
            other = dice.choice(near)
            return {"p": place.name, "q": other.name}, {}, [middle((place.position, other.position))]
        if kind == "moved":
            words, shift = self._shift()
            return {"p": name}, {"m": words}, [self._streets.moved(p, shift) for p in spots]
        return {"p": name}, {"u": dice.choice(_UNITS)}, spots

    def _at_crossing(self, kind: str) -> Drawn | None:
        dice = self._dice
        if not self._roads:
            return None
        road = dice.choice(self._roads)
        others = sorted(self._streets.crossed_by(road) & set(self._roads))
        if len(others) < 2:
            return None
        one, other = dice.sample(others, 2)
        spots = self._streets.crossing(road, one)
        if kind == "crossing":
            return {"a": road, "b": one}, {}, spots
        if len(spots) != 1:
            return None
        if kind == "moved_crossing":
            words, shift = self._shift()
            return {"a": road, "b": one}, {"m": words}, [self._streets.moved(spots[0], shift)]
        end = self._streets.crossing(road, other)
        if len(end) != 1 or not 100 < distance_m(spots[0], end[0]) < 600:
            return None
        return {"a": road, "b": one, "c": other}, {}, [middle((spots[0], end[0]))]

    def _called(self, place: Place) -> tuple[str, list[Point]]:
        aliases = [a for a in place.aliases if len(a) > 2]
        name = self._dice.choice(aliases) if aliases and self._dice.random() < _ALIAS else place.name
        return name, self._named[name]

    def _shift(self) -> tuple[str, tuple[float, float]]:
        side, far = self._dice.choice(sorted(_DIRECTIONS)), self._dice.choice(sorted(_DISTANCES))
        east, north = _DIRECTIONS[side]
        metres = _DISTANCES[far] / math.hypot(east, north)
        return self._dice.choice(_MOVES).format(side, far), (east * metres, north * metres)

    def _spoilt(self, name: str) -> str | None:
        """The name with one error that makes it no other name of the city; None if the tables have none for it.

        Of a name of three characters none is dropped: 榆路 may be any of a hundred streets, to people as well.
        """
        for _ in range(12):
            how = self._dice.choices(list(_ERRORS), list(_ERRORS.values()))[0]
            k = self._dice.randrange(len(name))
            if how == "dropped" and len(name) < 4:
                continue
            spoilt = self._changed(how, name, k)
            if spoilt and spoilt != name and spoilt not in self._names:
                return spoilt
        return None

    def _changed(self, how: str, name: str, k: int) -> str | None:
        table = {"sound": self._sounds, "look": self._looks}.get(how)
        if table is not None:
            return name[:k] + self._dice.choice(table[name[k]]) + name[k + 1 :] if name[k] in table else None
        if how == "dropped":
            return name[:k] + name[k + 1 :]
        if how == "doubled":
            return name[:k] + name[k] + name[k:]
        return name[:k] + name[k + 1] + name[k] + name[k + 2 :] if k + 1 < len(name) else None


def _lines(file: str) -> Iterator[str]:
    source = files("jieying") / "places" / file
    return (line for line in source.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))


def _tables() -> tuple[dict[str, str], dict[str, str]]:
    sounds: dict[str, str] = defaultdict(str)
    looks: dict[str, str] = defaultdict(str)
    for line in _lines("typos.txt"):
        for entry in line.split():
            char, others = entry.split(":")
            alike, _, seen = others.partition("/")
            sounds[char] += alike
            looks[char] += seen
    return dict(sounds), {char: seen for char, seen in looks.items() if seen}
