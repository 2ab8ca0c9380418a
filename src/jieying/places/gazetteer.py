"""Which places and roads of the city a text names, however they are spelled."""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, product

from jieying.citypack.model import Place
from jieying.kit.normal import WordFinder, plain

_MOST_MENTIONS = 40  # of one text, the first ones: enough for a person's words, bounded for a flood
_SHORTEST = 2

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
    """A name in normalised text, `text[start:end]`, and what it may mean."""

    start: int
    end: int
    places: tuple[Place, ...]
    road: str | None


class Gazetteer:
    """All names of a city's places and roads."""

    def __init__(self, places: Iterable[Place], roads: Iterable[str]) -> None:
        self._places: dict[str, list[Place]] = {}
        for place in places:
            for name in {plain(name) for name in (place.name, *place.aliases)}:
                self._places.setdefault(name, []).append(place)
        self._roads: dict[str, str] = {}
        for road in sorted(roads):
            for spelling in _spellings(plain(road)):
                self._roads.setdefault(spelling, road)
        names = (self._places.keys() | self._roads.keys()) - {""}
        self._finder = WordFinder(name for name in names if len(name) >= _SHORTEST)

    def mentions(self, text: str) -> list[Mention]:
        """Names in the normalised text in order; one inside a longer one does not count."""
        found = sorted(self._finder.find(text), key=lambda hit: (hit[1], -hit[2]))
        return list(islice(self._longest(found), _MOST_MENTIONS))

    def _longest(self, found: list[tuple[str, int, int]]) -> Iterable[Mention]:
        reached = 0
        for name, start, end in found:
            if end > reached:
                reached = end
                yield Mention(start, end, tuple(self._places.get(name, ())), self._roads.get(name))


def _spellings(road: str) -> set[str]:
    """The normalised road name with its English parts short and long."""
    parts = road.split(" ")
    if len(parts) < 2:
        return {road}
    forms: list[tuple[str, ...]] = [(part,) for part in parts]
    forms[-1] = _WAY_FORMS.get(parts[-1], forms[-1])
    forms[0] = _SIDE_FORMS.get(parts[0], forms[0])
    return {" ".join(choice) for choice in product(*forms)}
