"""The part of the city that a text names, by areas and organisations: 江南分局, 临港派出所辖区, 东湖街道."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from jieying.citypack.model import CityPack, OrgKind
from jieying.kit.normal import WordFinder, plain

_ENDING = re.compile(
    "(?:公安局|公安分局|分局|派出所|警务区|责任区|片区|社区|街道|中队|大队|新区|高新区|区|县|镇|乡|局)+$"
)
# Said after the bare name, these make it a part of the city.
_SAID = (
    *("区", "新区", "街道", "街道办", "镇", "乡", "县", "片区", "片", "社区", "警务区", "分局", "辖区", "派出所", "所"),
    *("那边", "那一片", "这边", "这一片", "一带", "那一带", "这一带", "地界"),
)
_SHORTEST = 2


@dataclass(frozen=True)
class District:
    """`text[start:end]` names the areas of these codes."""

    name: str
    start: int
    end: int
    areas: frozenset[str]

    def covers(self, start: int, end: int) -> bool:
        """Whether the stretch is only a part of its words: 东湖 in 东湖街道."""
        return self.start <= start and end <= self.end and end - start < self.end - self.start


class Districts:
    """Finds them by the names of the pack's areas and organisations, with whatever word people put after the name."""

    def __init__(self, pack: CityPack) -> None:
        self._areas: dict[str, tuple[str, set[str]]] = {}
        cities = [org.name.zh for org in pack.orgs.values() if org.kind in (OrgKind.CITY, OrgKind.PROVINCE)]
        held = {area.code: pack.orgs[area.org].path for area in pack.areas}
        parts = [(area.name.zh, {area.code}) for area in pack.areas] + [
            (org.name.zh, {code for code, path in held.items() if path.startswith(org.path)})
            for org in pack.orgs.values()
            if org.kind in (OrgKind.COUNTY, OrgKind.STATION)
        ]
        for name, areas in parts:
            stem = _stem(name, cities)
            if len(stem) < _SHORTEST:
                continue
            for ending in _SAID:
                self._areas.setdefault(plain(stem + ending), (name, set()))[1].update(areas)
        self._finder = WordFinder(self._areas)

    def find(self, text: str) -> list[District]:
        """In order of the text; of two at one place the longer."""
        found: list[District] = []
        for word, start, end in sorted(self._finder.find(text), key=lambda hit: (hit[1], -hit[2])):
            if not found or start >= found[-1].end:
                name, areas = self._areas[word]
                found.append(District(name, start, end, frozenset(areas)))
        return found


def _stem(name: str, cities: Iterable[str]) -> str:
    for city in cities:
        name = name.removeprefix(city) or name
    return _ENDING.sub("", name)
