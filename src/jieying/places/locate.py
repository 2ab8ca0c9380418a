"""Where it happened: every candidate that the words and the device give, best first, with reasons.

One function, `Locator.locate`. Nothing is thrown away for contradicting something else: the contradiction is
said, and a person decides.
"""

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Literal

import shapely

from jieying.citypack.model import CityPack
from jieying.kit.geo import Point, distance_m, is_point
from jieying.kit.normal import normalise
from jieying.kit.reasons import Reason
from jieying.places.addresses import HouseNumbers, number_beside
from jieying.places.areas import AreaIndex
from jieying.places.gazetteer import Gazetteer, Mention
from jieying.places.plane import Plane

Kind = Literal["device", "place", "crossing", "address", "road"]
Crossings = Mapping[frozenset[str], Sequence[Point]]
RoadLines = Mapping[str, Sequence[Sequence[Point]]]

_KINDS: tuple[Kind, ...] = ("address", "crossing", "place", "device", "road")  # the more telling first
_MOST_CANDIDATES = 10
_TOGETHER_M = 500.0  # two mentions this near speak of one spot
_ON_ROAD_M = 200.0
_NEAR_DEVICE_M = 300.0
_FAR_FROM_DEVICE_M = 1000.0
_ROAD_REACH_M = 2000.0  # a road this near to the device is meant where it is nearest
_ONE_CROSSING_M = 150.0  # meeting points of dual carriageways this near are one crossing
_LOOSE_WORDS = 12  # characters between two road names that may still mean their crossing

_JOINED = re.compile(r" ?(?:与|和|跟|同|及|、|/|&|\+|@|交|and|at) ?")
_CROSSING_WORD = re.compile(r" ?的?(?:交叉|交汇|交界|相交|十字路口|丁字路口|路口|口)")

# How far a device's position is trusted, by its accuracy in metres.
_DEVICE = ((30.0, 0.9), (100.0, 0.8), (500.0, 0.5), (2000.0, 0.3), (float("inf"), 0.15))
_DEVICE_UNKNOWN_ACCURACY = 0.7


@dataclass(frozen=True)
class PlaceCandidate:
    """A place that may be meant. `confidence` 0 to 1; `area` and `org` None outside the city.

    `name` is that of the pack, and empty for the device's position.
    """

    name: str
    kind: Kind
    position: Point
    confidence: float
    area: str | None = None
    org: str | None = None
    reasons: tuple[Reason, ...] = ()

    def because(self, reason: Reason, confidence: float) -> "PlaceCandidate":
        """The same candidate with one reason more and its confidence changed."""
        return replace(self, confidence=confidence, reasons=(*self.reasons, reason))


class Locator:
    """Finds places in the words of one city. Crossings and road lines come from the road network."""

    def __init__(self, pack: CityPack, crossings: Crossings, road_lines: RoadLines) -> None:
        self._areas = AreaIndex(pack)
        self._plane = Plane(pack.center)
        self._crossings = crossings
        self._lines = {
            road: shapely.MultiLineString(kept)
            for road, lines in road_lines.items()
            if (kept := [[self._plane.xy(p) for p in line] for line in lines if len(line) > 1])
        }
        self._numbers = HouseNumbers(pack.addresses)
        roads = {name for names in crossings for name in names} | self._lines.keys() | self._numbers.roads
        self._gazetteer = Gazetteer(pack.places, roads - {""})

    def locate(self, words: str, device: Point | None = None, accuracy_m: float | None = None) -> list[PlaceCandidate]:
        """At most ten candidates, best first; none when neither words nor device say anything."""
        device = device if device and is_point(*device) else None
        accuracy_m = accuracy_m if accuracy_m is not None and 0 <= accuracy_m < math.inf else None
        said = self._compare(self._said(normalise(words).text, device))
        said = [_beside_device(one, device, accuracy_m) for one in said] if device else said
        every = said + ([_of_device(device, accuracy_m, said)] if device else [])
        return sorted((self._placed(one) for one in every), key=_order)[:_MOST_CANDIDATES]

    def _said(self, text: str, device: Point | None) -> list[list[PlaceCandidate]]:
        """The candidates of each thing the text names."""
        mentions = self._gazetteer.mentions(text)
        groups = []
        used: set[str] = set()  # roads that are part of something more exact
        for one, other in pairwise(mentions):
            crossing = self._crossing(text, one, other)
            if crossing:
                groups.append(crossing)
                used |= {one.road or "", other.road or ""}
        for mention in mentions:
            address = self._address(text, mention)
            if address:
                groups.append([address])
                used.add(mention.road or "")
        named = {m.road for m in mentions if m.road}
        for mention in mentions:
            if mention.places:
                groups.append(self._places(mention, named))
        groups += [self._road(road, device) for road in sorted(named - used)]
        return list({tuple(c.position for c in group): group for group in groups if group}.values())

    def _crossing(self, text: str, one: Mention, other: Mention) -> list[PlaceCandidate]:
        if not one.road or not other.road:
            return []
        points = _merged(self._crossings.get(frozenset({one.road, other.road}), ()))
        between = text[one.end : other.start]
        if not points or len(between) > _LOOSE_WORDS:
            return []
        if _CROSSING_WORD.match(text, other.end) and (not between.strip() or _JOINED.fullmatch(between)):
            code, confidence = "crossing_named", 0.95
        elif _JOINED.fullmatch(between):
            code, confidence = "crossing_named", 0.9
        elif not between.strip():
            code, confidence = "crossing_named", 0.75
        else:
            code, confidence = "crossing_of_mentioned_roads", 0.5
        name = f"{one.road} / {other.road}"
        reasons = (Reason(code, {"road": one.road, "other": other.road}), *_one_of(len(points)))
        share = confidence / len(points)
        return [PlaceCandidate(name, "crossing", point, share, reasons=reasons) for point in points]

    def _address(self, text: str, mention: Mention) -> PlaceCandidate | None:
        number = number_beside(text, mention.start, mention.end) if mention.road else None
        if not mention.road or number is None:
            return None
        found = self._numbers.find(mention.road, number)
        if found is None:
            return None
        point, confidence, reason = found
        road = mention.road
        name = f"{number} {road}" if road[-1].isascii() else f"{road}{number}号"
        reason = Reason(reason.code, {"road": road, "number": number, **reason.params})
        return PlaceCandidate(name, "address", point, confidence, reasons=(reason,))

    def _places(self, mention: Mention, roads: Iterable[str]) -> list[PlaceCandidate]:
        """Each place of that name; one that stands on a road also named is the likelier."""
        found = []
        for place in mention.places:
            reasons = (Reason("place_named", {"place": place.name}), *_one_of(len(mention.places)))
            one = PlaceCandidate(place.name, "place", place.position, 0.85 / len(mention.places), reasons=reasons)
            spot = shapely.Point(self._plane.xy(place.position))
            for road in sorted(roads):
                line = self._lines.get(road)
                if line is not None and shapely.distance(line, spot) <= _ON_ROAD_M:
                    one = one.because(Reason("place_on_named_road", {"road": road}), _more(one.confidence))
            found.append(one)
        return found

    def _road(self, road: str, device: Point | None) -> list[PlaceCandidate]:
        """Somewhere on the road: where it is nearest to the device, else in its middle."""
        line = self._lines.get(road)
        if line is None:
            return []
        target, code = line.centroid, "road_middle"
        if device:
            here = shapely.Point(self._plane.xy(device))
            if shapely.distance(line, here) <= _ROAD_REACH_M:
                target, code = here, "road_nearest_to_device"
        on_road = shapely.get_point(shapely.shortest_line(line, target), 0)
        point = self._plane.point(on_road.x, on_road.y)
        return [PlaceCandidate(road, "road", point, 0.3, reasons=(Reason(code, {"road": road}),))]

    def _compare(self, groups: list[list[PlaceCandidate]]) -> list[PlaceCandidate]:
        """Things named near each other strengthen each other; far ones both stay, and say so."""
        compared = []
        for group in groups:
            others = [c for other in groups if other is not group for c in other if c.kind != "road"]
            for one in group:
                if one.kind == "road" or not others:
                    compared.append(one)
                    continue
                nearest = min(others, key=lambda c: distance_m(c.position, one.position))
                away = distance_m(nearest.position, one.position)
                params: dict[str, str | int | float] = {"name": nearest.name, "distance_m": round(away)}
                if away <= _TOGETHER_M:
                    one = one.because(Reason("near_other_mention", params), _more(one.confidence))
                else:
                    one = one.because(Reason("far_from_other_mention", params), one.confidence * 0.9)
                compared.append(one)
        return compared

    def _placed(self, one: PlaceCandidate) -> PlaceCandidate:
        area = self._areas.area_of(one.position)
        if area is None:
            return one.because(Reason("outside_city"), round(one.confidence * 0.5, 3))
        return replace(one, area=area.code, org=area.org, confidence=round(one.confidence, 3))


def _of_device(device: Point, accuracy_m: float | None, said: list[PlaceCandidate]) -> PlaceCandidate:
    if accuracy_m is None:
        reason, confidence = Reason("device_position"), _DEVICE_UNKNOWN_ACCURACY
    else:
        reason = Reason("device_position_accuracy", {"accuracy_m": round(min(accuracy_m, 1e6))})
        confidence = next((sure for limit, sure in _DEVICE if accuracy_m <= limit), _DEVICE[-1][1])
    one = PlaceCandidate("", "device", device, confidence, reasons=(reason,))
    best = min(said, key=_order, default=None)
    if best is None or best.kind == "road":
        return one
    away = distance_m(device, best.position)
    if away <= _FAR_FROM_DEVICE_M + _blur(accuracy_m):
        return one
    params: dict[str, str | int | float] = {"name": best.name, "distance_m": round(away)}
    return one.because(Reason("words_name_another_place", params), confidence * 0.7)


def _beside_device(one: PlaceCandidate, device: Point, accuracy_m: float | None) -> PlaceCandidate:
    away = distance_m(device, one.position)
    params: dict[str, str | int | float] = {"distance_m": round(away)}
    if away <= _NEAR_DEVICE_M + _blur(accuracy_m):
        return one.because(Reason("device_is_near", params), _more(one.confidence))
    if away > _FAR_FROM_DEVICE_M + _blur(accuracy_m):
        return one.because(Reason("device_is_far", params), one.confidence)
    return one


def _blur(accuracy_m: float | None) -> float:
    """Metres by which the device may be off, as far as we go along with it."""
    return min(accuracy_m or 0.0, 1000.0)


def _more(confidence: float) -> float:
    return confidence + (1 - confidence) * 0.5


def _one_of(count: int) -> tuple[Reason, ...]:
    return (Reason("one_of_several", {"count": count}),) if count > 1 else ()


def _order(one: PlaceCandidate) -> tuple[float, int, str, Point]:
    return -one.confidence, _KINDS.index(one.kind), one.name, one.position


def _merged(points: Sequence[Point]) -> list[Point]:
    """One point for each bundle of meeting points."""
    bundles: list[list[Point]] = []
    for point in points:
        near = next((b for b in bundles if distance_m(b[0], point) <= _ONE_CROSSING_M), None)
        if near is None:
            bundles.append([point])
        else:
            near.append(point)
    return [
        Point(sum(p.lat for p in bundle) / len(bundle), sum(p.lon for p in bundle) / len(bundle)) for bundle in bundles
    ]
