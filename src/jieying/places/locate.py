"""Where it happened: every candidate that the words and the device give, best first, with reasons.

One function, `Locator.locate`. Nothing is thrown away for contradicting something else: the contradiction is
said, and a person decides. In order:

1. names, letter by letter, then by sound and look (gazetteer.py, nearnames.py);
2. what else is said makes some of the names likelier: the district, a road beside, a house number (context.py);
3. crossings, addresses, places and roads of those names (finder.py);
4. what is said beside them: 往北两百米, 之间, 后面那条路 (around.py);
5. the candidates against one another, the device and other cities (candidates.py, device.py, elsewhere.py).
"""

import math

from jieying.citypack.model import CityPack
from jieying.kit.geo import Point, is_point
from jieying.kit.normal import normalise
from jieying.kit.reasons import Reason
from jieying.places.areas import AreaIndex
from jieying.places.around import Around
from jieying.places.candidates import PlaceCandidate, compare, order
from jieying.places.context import Context
from jieying.places.device import beside_device, of_device
from jieying.places.districts import District, Districts
from jieying.places.elsewhere import Elsewhere
from jieying.places.finder import Finder
from jieying.places.gazetteer import Gazetteer
from jieying.places.streets import POST, Crossings, RoadLines, Streets, stations

__all__ = ["Crossings", "Locator", "PlaceCandidate", "RoadLines"]

_MOST_CANDIDATES = 10
_MOST_TEXT = 20_000  # characters that are read
_ELSEWHERE = 0.25  # more is not believed of a place when the text says that it is in another city
_OUTSIDE_DISTRICT = 0.6


class Locator:
    """Finds places in the words of one city. Crossings and road lines come from the road network."""

    def __init__(self, pack: CityPack, crossings: Crossings, road_lines: RoadLines, near: bool = True) -> None:
        """`near`: also names that are only nearly right; without them it is what the evaluation compares with."""
        self._areas = AreaIndex(pack)
        self._districts = Districts(pack)
        self._elsewhere = Elsewhere(pack)
        streets = Streets(pack, crossings, road_lines)
        city = pack.name.zh.removesuffix("市")
        places = (*(place for place in pack.places if place.kind != POST), *stations(pack))
        self._gazetteer = Gazetteer(places, streets.names, (f"{city}市", city, "地铁"), near)
        self._context = Context(streets, self._areas)
        self._finder = Finder(streets, self._gazetteer, places)
        self._around = Around(streets)

    def locate(self, words: str, device: Point | None = None, accuracy_m: float | None = None) -> list[PlaceCandidate]:
        """At most ten candidates, best first; none when neither words nor device say anything."""
        device = device if device and is_point(*device) else None
        accuracy_m = accuracy_m if accuracy_m is not None and 0 <= accuracy_m < math.inf else None
        said = self._said(normalise(words[:_MOST_TEXT]).text, device)
        said = [beside_device(one, device, accuracy_m) for one in said] if device else said
        every = said + ([of_device(device, accuracy_m, said)] if device else [])
        return sorted((self._placed(one) for one in every), key=order)[:_MOST_CANDIDATES]

    def _said(self, text: str, device: Point | None) -> list[PlaceCandidate]:
        mentions = self._gazetteer.mentions(text)
        if not mentions:
            return []
        districts = self._districts.find(text)
        mentions = [m for m in mentions if not any(d.covers(m.start, m.end) for d in districts)]
        mentions = self._context.narrowed(text, mentions, districts)
        groups = self._finder.groups(text, mentions, device)
        said = compare(self._around.applied(text, groups, mentions))
        if districts:
            said = [self._in_district(one, districts) for one in said]
        known = [(m.start, m.end) for m in mentions if not m.said]
        city = self._elsewhere.find(text, known)
        if city:
            reason = Reason("other_city_named", {"city": city})
            said = [one.because(reason, min(one.confidence, _ELSEWHERE)) for one in said]
        return said

    def _in_district(self, one: PlaceCandidate, districts: list[District]) -> PlaceCandidate:
        """The last district that is named counts: people go from the large to the small."""
        district = districts[-1]
        area = self._areas.area_of(one.position)
        if area is not None and area.code in district.areas:
            return one.because(Reason("in_named_district", {"district": district.name}), one.confidence)
        reason = Reason("outside_named_district", {"district": district.name})
        return one.because(reason, one.confidence * _OUTSIDE_DISTRICT)

    def _placed(self, one: PlaceCandidate) -> PlaceCandidate:
        area = self._areas.area_of(one.position)
        if area is None:
            return one.because(Reason("outside_city"), round(one.confidence * 0.5, 3))
        return PlaceCandidate(
            one.name, one.kind, one.position, round(one.confidence, 3), area.code, area.org, one.reasons
        )
