"""A place that may be meant, and how candidates are weighed against one another."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from jieying.kit.geo import Point, distance_m
from jieying.kit.reasons import Reason

Kind = Literal["device", "place", "crossing", "address", "road"]

_KINDS: tuple[Kind, ...] = ("address", "crossing", "place", "device", "road")  # the more telling first
_TOGETHER_M = 500.0  # two mentions this near speak of one spot
_ONE_CROSSING_M = 150.0  # meeting points of dual carriageways this near are one crossing
_WORTH = 0.25  # what is less likely neither supports nor contradicts anything


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


@dataclass(frozen=True)
class Group:
    """What the stretch `[start, end)` of the text may mean; at most one of the candidates is right."""

    start: int
    end: int
    candidates: tuple[PlaceCandidate, ...]

    @property
    def sureness(self) -> float:
        return sum(one.confidence for one in self.candidates)


def more(confidence: float) -> float:
    """Confidence with a second ground."""
    return confidence + (1 - confidence) * 0.5


def one_of(count: int) -> tuple[Reason, ...]:
    return (Reason("one_of_several", {"count": count}),) if count > 1 else ()


def order(one: PlaceCandidate) -> tuple[float, int, str, Point]:
    """Sorts the likelier and the more telling first."""
    return -one.confidence, _KINDS.index(one.kind), one.name, one.position


def compare(groups: Sequence[Group]) -> list[PlaceCandidate]:
    """Things named near each other strengthen each other; far ones both stay, and say so."""
    compared = []
    for group in groups:
        others = [
            c for g in groups if g is not group for c in g.candidates if c.kind != "road" and c.confidence >= _WORTH
        ]
        for one in group.candidates:
            if one.kind != "road" and one.confidence >= _WORTH and others:
                one = _beside(one, others)
            compared.append(one)
    return compared


def _beside(one: PlaceCandidate, others: Sequence[PlaceCandidate]) -> PlaceCandidate:
    nearest = min(others, key=lambda c: distance_m(c.position, one.position))
    away = distance_m(nearest.position, one.position)
    params: dict[str, str | int | float] = {"name": nearest.name, "distance_m": round(away)}
    if away <= _TOGETHER_M:
        return one.because(Reason("near_other_mention", params), more(one.confidence))
    return one.because(Reason("far_from_other_mention", params), one.confidence * 0.9)


def merged(points: Sequence[Point]) -> list[Point]:
    """One point for each bundle of meeting points."""
    bundles: list[list[Point]] = []
    for point in points:
        near = next((b for b in bundles if distance_m(b[0], point) <= _ONE_CROSSING_M), None)
        if near is None:
            bundles.append([point])
        else:
            near.append(point)
    return [middle(bundle) for bundle in bundles]


def middle(points: Sequence[Point]) -> Point:
    return Point(sum(p.lat for p in points) / len(points), sum(p.lon for p in points) / len(points))
