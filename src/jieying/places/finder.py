"""Crossings, addresses, exits, places and roads: what the names of a text come to, each with its reasons."""

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise

from jieying.citypack.model import Place
from jieying.kit.geo import Point, distance_m
from jieying.kit.normal import plain
from jieying.kit.reasons import Reason
from jieying.places.addresses import number_beside
from jieying.places.candidates import Group, PlaceCandidate, more, one_of
from jieying.places.context import ON_ROAD_M
from jieying.places.gazetteer import Gazetteer, Mention
from jieying.places.relations import building_after, exit_after, near_after, post_after
from jieying.places.streets import Streets

_ROAD_REACH_M = 2000.0  # a road this near to the device is meant where it is nearest
_LOOSE_WORDS = 12  # characters between two road names that may still mean their crossing
_CROSSING_ODDS = 20.0  # two names that cross are so many times as likely as two that don't
_UNLIKELY = 0.02  # what is less likely is not shown
_LIKELY_ALONE = 0.3  # a road that is only nearly named, and nothing else with it
_MOST = 5  # candidates of one mention

_JOINED = re.compile(r" ?(?:与|和|跟|同|及|、|/|&|\+|@|交|and|at) ?")
_CROSSING_WORD = re.compile(r" ?的?(?:交叉|交汇|交界|相交|十字路口|丁字路口|路口|口)")
_ITS_AREA = re.compile("的?(?:辖区|管辖|管的|片区|那片|那一片|地界|范围)")
_EXIT_NAME = re.compile(r"(.+?)(?:地铁站|站)?([a-h])\d?(?:号)?(?:出站口|出入口|出口|口)")


class Finder:
    """Turns mentions into groups of candidates; in each group at most one is right."""

    def __init__(self, streets: Streets, gazetteer: Gazetteer, places: Iterable[Place]) -> None:
        self._streets = streets
        self._gazetteer = gazetteer
        self._exits: dict[tuple[str, str], Place] = {}
        for place in places:
            if place.kind == "metro_exit" and (found := _EXIT_NAME.fullmatch(plain(place.name))):
                self._exits[found[1], found[2]] = place

    def groups(self, text: str, mentions: Sequence[Mention], device: Point | None) -> list[Group]:
        """In the order: crossings, addresses, places, roads."""
        groups: list[Group] = []
        used: set[str] = set()  # roads that are part of something more exact
        spent: set[int] = set()
        for k, (one, other) in enumerate(pairwise(mentions)):
            crossing = self._crossing(text, one, other)
            if crossing:
                groups.append(Group(one.start, other.end, tuple(crossing)))
                if _sure_of_neither(crossing, one, other):
                    continue
                used |= {road for found in crossing for road in found.name.split(" / ")}
                spent |= {k, k + 1}
        for k, mention in enumerate(mentions):
            addresses = self._addresses(text, mention)
            if addresses:
                groups.append(Group(mention.start, mention.end, tuple(addresses)))
                used |= {road for road, _ in mention.roads}
                spent.add(k)
        named = sorted({m.roads[0] for m in mentions if m.roads and m.roads[0][1] > _UNLIKELY})
        for mention in mentions:
            if mention.places:
                groups.append(Group(mention.start, mention.end, tuple(self._places(text, mention, named))))
        for k, mention in enumerate(mentions):
            if k not in spent:
                roads = self._roads(text, mention, used, device)
                used |= {one.name for one in roads}
                groups.append(Group(mention.start, mention.end, tuple(roads)))
        return list({tuple(c.position for c in g.candidates): g for g in groups if g.candidates}.values())

    def _crossing(self, text: str, one: Mention, other: Mention) -> list[PlaceCandidate]:
        between = text[one.end : other.start]
        if not one.roads or not other.roads or len(between) > _LOOSE_WORDS:
            return []
        joined = bool(_JOINED.fullmatch(between))
        if (joined or not between.strip()) and _CROSSING_WORD.match(text, other.end):
            code, confidence = "crossing_named", 0.95
        elif joined:
            code, confidence = "crossing_named", 0.9
        elif not between.strip():
            code, confidence = "crossing_named", 0.75
        else:
            code, confidence = "crossing_of_mentioned_roads", 0.5
        pairs = self._pairs(one, other)
        if not pairs and code == "crossing_named":
            pairs = self._pairs(self._gazetteer.widened(text, one), self._gazetteer.widened(text, other))
        found = []
        for (road, crossed), chance in pairs[:_MOST]:
            points = self._streets.crossing(road, crossed)
            said = [_nearly(m, name) for m, name in ((one, road), (other, crossed)) if m.said or m.road != name]
            reasons = (Reason(code, {"road": road, "other": crossed}), *said, *one_of(len(points)))
            share = confidence * chance / len(points)
            found += [PlaceCandidate(f"{road} / {crossed}", "crossing", p, share, reasons=reasons) for p in points]
        return found

    def _pairs(self, one: Mention, other: Mention) -> list[tuple[tuple[str, str], float]]:
        """Roads that cross, with the chance that these two are meant; the likelier first."""
        others = dict(other.roads)
        weights = {
            (road, crossed): chance * others[crossed]
            for road, chance in one.roads
            for crossed in self._streets.crossed_by(road) & others.keys()
        }
        every = sum(weights.values())
        if not every:
            return []
        total = max(0.0, 1.0 - every) + _CROSSING_ODDS * every
        chances = [(pair, _CROSSING_ODDS * weight / total) for pair, weight in weights.items()]
        return sorted(((p, c) for p, c in chances if c > _UNLIKELY), key=lambda item: (-item[1], item[0]))

    def _addresses(self, text: str, mention: Mention) -> list[PlaceCandidate]:
        number = number_beside(text, mention.start, mention.end) if mention.roads else None
        if number is None:
            return []
        candidates = []
        for road, chance in mention.roads[:_MOST]:
            found = self._streets.numbers.find(road, number)
            if found is None or chance < _UNLIKELY:
                continue
            point, confidence, reason = found
            name = f"{number} {road}" if road[-1].isascii() else f"{road}{number}号"
            reasons = [Reason(reason.code, {"road": road, "number": number, **reason.params})]
            reasons += [_nearly(mention, road)] if mention.said else []
            candidates.append(PlaceCandidate(name, "address", point, confidence * chance, reasons=tuple(reasons)))
        return candidates

    def _places(self, text: str, mention: Mention, roads: Sequence[tuple[str, float]]) -> list[PlaceCandidate]:
        """Each place of that name; one that stands on a road also named is the likelier."""
        found = []
        for place, chance in mention.places[:_MOST]:
            if chance < _UNLIKELY or (place.kind == "police" and _ITS_AREA.match(text, mention.end)):
                continue
            place, reasons = self._exit(text, mention, place)
            reasons += [_nearly(mention, place.name)] if mention.said else list(one_of(len(mention.places)))
            one = PlaceCandidate(place.name, "place", place.position, 0.85 * chance, reasons=tuple(reasons))
            for road, sure in roads:
                if self._streets.away(road, [place.position])[0] <= ON_ROAD_M:
                    one = one.because(
                        Reason("place_on_named_road", {"road": road}),
                        one.confidence + (more(one.confidence) - one.confidence) * sure,
                    )
            if building := building_after(text, mention.end):
                one = one.because(Reason("building_named", {"building": building}), one.confidence)
            elif word := near_after(text, mention.end):
                one = one.because(Reason("beside_place", {"said": word}), one.confidence)
            found.append(one)
        return found

    def _exit(self, text: str, mention: Mention, place: Place) -> tuple[Place, list[Reason]]:
        """The exit of a metro station that is said behind its name; the station itself, if it has no such exit."""
        said = exit_after(text, mention.end) if place.kind == "metro" else None
        if not said:
            return place, [Reason("place_named", {"place": place.name})]
        stem = plain(place.name).removesuffix("站").removesuffix("地铁")
        known = self._exits.get((stem, said))
        if known is None:
            return place, [Reason("exit_unknown", {"place": place.name, "exit": said.upper()})]
        return known, [Reason("place_named", {"place": known.name})]

    def _roads(self, text: str, mention: Mention, used: set[str], device: Point | None) -> list[PlaceCandidate]:
        found = []
        for road, chance in mention.roads[:3]:
            one = self._road(text, mention, road, device) if road not in used and chance >= _LIKELY_ALONE else None
            if one and mention.said:
                one = one.because(_nearly(mention, road), one.confidence * chance)
            found += [one] if one else []
        return found

    def _road(self, text: str, mention: Mention, road: str, device: Point | None) -> PlaceCandidate | None:
        """At a kilometre post of the road; else where it is nearest to the device; else in its middle."""
        post = post_after(text, mention.end)
        at = self._streets.post(road, post[1]) if post else None
        if post and at:
            reason = Reason("kilometre_post", {"road": road, "post": post[0]})
            return PlaceCandidate(f"{road} {post[0]}", "road", at, 0.85, reasons=(reason,))
        point, code = self._streets.on_road(road), "road_middle"
        if point is None:
            return None
        if device:
            here = self._streets.on_road(road, device)
            if here and distance_m(here, device) <= _ROAD_REACH_M:
                point, code = here, "road_nearest_to_device"
        one = PlaceCandidate(road, "road", point, 0.3, reasons=(Reason(code, {"road": road}),))
        if post:
            one = one.because(Reason("kilometre_post_unknown", {"road": road, "post": post[0]}), 0.3)
        return one


def _sure_of_neither(crossing: Sequence[PlaceCandidate], one: Mention, other: Mention) -> bool:
    """Both roads were named right, and only others cross: the roads stay beside what may have been meant."""
    return not one.said and not other.said and any(r.code == "name_nearly" for r in crossing[0].reasons)


def _nearly(mention: Mention, name: str) -> Reason:
    return Reason("name_nearly", {"said": mention.said or mention.road or "", "name": name})
