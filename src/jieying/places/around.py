"""Places that are told by others: north of one, between two, on the way, the road behind."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from jieying.kit.geo import Point, distance_m
from jieying.kit.reasons import Reason
from jieying.places.candidates import Group, PlaceCandidate, middle
from jieying.places.gazetteer import Mention
from jieying.places.relations import Shift, between, road_by_after, shift_after
from jieying.places.streets import Streets

_SNAP_M = 60.0  # what is moved along a road ends on it, if the road goes there
_ROAD_BY_M, _ROADS_BY = 250.0, 3
_SURE_OF_DISTANCE, _SURE_OF_SIDE = 0.9, 0.85
_BOTH_ENDS = 3  # candidates of each end that are combined
# Nobody can be sent to the middle of two places that are far apart.
_CLOSE_M, _FAR_M = 300.0, 1_500.0


class Around:
    """Moves and combines groups of candidates by what is said beside them."""

    def __init__(self, streets: Streets) -> None:
        self._streets = streets

    def applied(self, text: str, groups: Sequence[Group], mentions: Sequence[Mention]) -> list[Group]:
        """The groups after 往北两百米, A和B之间 and 后面那条路."""
        groups = self._on_stretches(text, groups, mentions)
        groups = self._between(text, sorted(groups, key=lambda g: (g.start, -g.sureness)))
        result: list[Group] = []
        told: set[str] = set()  # what is named again to tell where from it
        for group in groups:
            if any(one.kind == "road" for one in group.candidates):
                result.append(group)
                continue
            if road_by_after(text, group.end):
                result.append(self._roads_by(group))
                continue
            shift = shift_after(text, group.end)
            told |= {one.name for one in group.candidates} if shift else set()
            result.append(self._shifted(group, shift) if shift else group)
        return [group for one in result if (group := _without(one, told)).candidates]

    def _shifted(self, group: Group, shift: Shift) -> Group:
        reason = Reason("moved_from", {"said": shift.said, "metres": round(shift.metres)})
        sure = _SURE_OF_SIDE if shift.guessed else _SURE_OF_DISTANCE
        moved = (
            replace(one, position=self._on_its_road(one, self._streets.moved(one.position, shift.east_north))).because(
                reason, one.confidence * sure
            )
            for one in group.candidates
        )
        return replace(group, candidates=tuple(moved))

    def _on_its_road(self, one: PlaceCandidate, point: Point) -> Point:
        """From a crossing or an address people go along the road."""
        spots = [self._streets.on_road(road, point) for road in one.name.split(" / ")] if one.kind == "crossing" else []
        near = [spot for spot in spots if spot and distance_m(spot, point) <= _SNAP_M]
        return min(near, key=lambda spot: distance_m(spot, point)) if near else point

    def _between(self, text: str, groups: Sequence[Group]) -> list[Group]:
        kept = list(groups)
        for one, other in pairwise(groups):
            how = between(text, (one.start, one.end), (other.start, other.end))
            if how is None:
                continue
            middles = [_middle(a, b, how) for a in one.candidates[:_BOTH_ENDS] for b in other.candidates[:_BOTH_ENDS]]
            kept = [g for g in kept if g is not one and g is not other]
            kept.append(Group(one.start, other.end, tuple(middles)))
            if how == "on_the_way":
                kept += [_end_of_way(one), _end_of_way(other)]
        return kept

    def _on_stretches(self, text: str, groups: Sequence[Group], mentions: Sequence[Mention]) -> list[Group]:
        """人民路在解放路和中山路之间: a stretch of one road between two that cross it."""
        kept = list(groups)
        for k in range(len(mentions) - 1):
            one, other = mentions[k], mentions[k + 1]
            if not between(text, (one.start, one.end), (other.start, other.end)):
                continue
            for own in [m for m in (*mentions[:k][-1:], *mentions[k + 2 :][:1]) if m.roads]:
                found = self._stretches(own, one, other)
                if found:
                    low, high = min(own.start, one.start), max(own.end, other.end)
                    kept = [g for g in kept if g.end <= low or high <= g.start]
                    kept.append(Group(low, high, tuple(found)))
                    break
        return kept

    def _stretches(self, own: Mention, one: Mention, other: Mention) -> list[PlaceCandidate]:
        found = []
        for road, chance in own.roads[:_BOTH_ENDS]:
            crossed = self._streets.crossed_by(road)
            ends = [[(r, c) for r, c in m.roads if r in crossed] for m in (one, other)]
            for low, sure in ends[0][:_BOTH_ENDS]:
                for high, surer in ends[1][:_BOTH_ENDS]:
                    point = self._streets.between(road, low, high) if low != high else None
                    if point:
                        sureness = 0.8 * (chance * sure * surer) ** 0.5
                        reason = Reason("stretch_of_road", {"road": road, "one": low, "other": high})
                        found.append(PlaceCandidate(road, "crossing", point, sureness, reasons=(reason,)))
        return found

    def _roads_by(self, group: Group) -> Group:
        """The place, and the spots on the roads nearest to it: which of them is meant, nobody can know."""
        best = group.candidates[0]
        roads = self._streets.roads_near(best.position, _ROAD_BY_M, _ROADS_BY)
        spots = [(road, self._streets.on_road(road, best.position)) for road in roads]
        found = [
            PlaceCandidate(
                road, "road", spot, 0.4 * best.confidence,
                reasons=(Reason("road_beside_place", {"road": road, "place": best.name}), *best.reasons),
            )
            for road, spot in spots
            if spot
        ]  # fmt: skip
        moved = tuple(
            one.because(Reason("near_this_place", {"place": one.name}), one.confidence * 0.8)
            for one in group.candidates
        )
        return replace(group, candidates=(*moved, *found))


def _without(group: Group, told: set[str]) -> Group:
    """The group without places that are named once more with a direction: 离X不远，X往北两百米."""
    kept = (c for c in group.candidates if c.name not in told or any(r.code == "moved_from" for r in c.reasons))
    return replace(group, candidates=tuple(kept))


def _middle(a: PlaceCandidate, b: PlaceCandidate, how: str) -> PlaceCandidate:
    apart = distance_m(a.position, b.position)
    reason = Reason(
        "between_two" if how == "between" else "on_the_way",
        {"one": a.name, "other": b.name, "distance_m": round(apart)},
    )
    near = min(1.0, max(0.3, 1.0 - (apart - _CLOSE_M) / (_FAR_M - _CLOSE_M)))
    sure = min(a.confidence, b.confidence) * near * (1.0 if how == "between" else 0.8)
    reasons = (reason, *a.reasons, *b.reasons)
    return PlaceCandidate(f"{a.name} — {b.name}", a.kind, middle((a.position, b.position)), sure, reasons=reasons)


def _end_of_way(group: Group) -> Group:
    reason = Reason("end_of_way")
    return replace(group, candidates=tuple(c.because(reason, c.confidence * 0.4) for c in group.candidates))
