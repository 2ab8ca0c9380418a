"""What else a text says makes some of the names in it likelier: a district, a road beside a place, a house number."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from jieying.citypack.model import Place
from jieying.kit.geo import Point
from jieying.places.addresses import number_beside
from jieying.places.areas import AreaIndex
from jieying.places.districts import District
from jieying.places.gazetteer import Mention
from jieying.places.streets import Streets

T = TypeVar("T")

ON_ROAD_M = 200.0
# How many times as likely a name is that fits what else is said, or that doesn't.
_ON_NAMED_ROAD = 20.0
_OUTSIDE_DISTRICT = 0.05
_NUMBER_BEYOND, _NO_NUMBERS = 0.2, 0.05
_WORTH = 0.02  # roads less likely than this are no support
_MOST_ROADS = 12


class Context:
    """Weighs the names that each mention may mean by the other mentions."""

    def __init__(self, streets: Streets, areas: AreaIndex) -> None:
        self._streets = streets
        self._areas = areas

    def narrowed(self, text: str, mentions: Sequence[Mention], districts: Sequence[District]) -> list[Mention]:
        """The mentions with their chances changed; what is certain stays certain."""
        open_ = [not m.is_certain for m in mentions]
        if not any(open_):
            return list(mentions)
        if districts:
            inside = districts[-1].areas
            mentions = [self._by_district(m, inside) if o else m for m, o in zip(mentions, open_, strict=True)]
        mentions = [self._by_number(text, m) if o else m for m, o in zip(mentions, open_, strict=True)]
        return [self._by_roads(m, mentions) if o and m.places else m for m, o in zip(mentions, open_, strict=True)]

    def _by_district(self, mention: Mention, areas: frozenset[str]) -> Mention:
        return _weighed(
            mention,
            lambda place: self._in(place.position, areas),
            lambda road: self._in(self._streets.on_road(road), areas),
        )

    def _in(self, point: Point | None, areas: frozenset[str]) -> float:
        area = self._areas.area_of(point) if point else None
        return 1.0 if area is not None and area.code in areas else _OUTSIDE_DISTRICT

    def _by_number(self, text: str, mention: Mention) -> Mention:
        number = number_beside(text, mention.start, mention.end) if mention.roads else None
        if number is None:
            return mention

        def fits(road: str) -> float:
            found = self._streets.numbers.find(road, number)
            return _NO_NUMBERS if found is None else _NUMBER_BEYOND if found[2].code == "house_number_beyond" else 1.0

        return _weighed(mention, lambda _: _NO_NUMBERS, fits)

    def _by_roads(self, mention: Mention, mentions: Sequence[Mention]) -> Mention:
        """A place that stands on a road also named is likelier."""
        points = [place.position for place, _ in mention.places]
        support = [1.0] * len(points)
        for other in mentions:
            if other is mention:
                continue
            for road, chance in other.roads[:_MOST_ROADS]:
                if chance >= _WORTH:
                    for k, away in enumerate(self._streets.away(road, points).tolist()):
                        if away <= ON_ROAD_M:
                            support[k] = max(support[k], 1.0 + _ON_NAMED_ROAD * chance)
        factors = dict(zip((place for place, _ in mention.places), support, strict=True))
        return _weighed(mention, factors.__getitem__, lambda _: 1.0)


def _weighed(mention: Mention, of_place: Callable[[Place], float], of_road: Callable[[str], float]) -> Mention:
    """Chances times factors, against what is left for no name at all."""
    places = [(one, chance * of_place(one)) for one, chance in mention.places]
    roads = [(one, chance * of_road(one)) for one, chance in mention.roads]
    nothing = max(0.0, 1.0 - sum(chance for _, chance in (*mention.places, *mention.roads)))
    total = nothing + sum(chance for _, chance in places) + sum(chance for _, chance in roads)
    return replace(mention, places=_sorted(places, total), roads=_sorted(roads, total)) if total else mention


def _sorted(weights: list[tuple[T, float]], total: float) -> tuple[tuple[T, float], ...]:
    return tuple((one, weight / total) for one, weight in sorted(weights, key=lambda item: -item[1]))
