"""What to ask when words and device leave two places about equally likely, or may mean another city."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from jieying.kit.geo import distance_m
from jieying.places.candidates import PlaceCandidate

_EQUAL = 0.75  # a place this likely, compared with the best, is as good as it
_APART_M = 200.0  # who goes to one of two places nearer than this finds the other


@dataclass(frozen=True)
class Question:
    """What to ask: the words stand under `ask.<code>`, with these placeholders."""

    code: str
    params: dict[str, str]


def question(candidates: Sequence[PlaceCandidate], area_name: Callable[[str], str] = str) -> Question | None:
    """The question that decides between the best two candidates; None if there is nothing to ask.

    `which_place` (one, other), `which_of_one_name` (name; one, other: names of areas, by `area_name` from their codes),
    `which_city` (city, place).
    """
    if not candidates:
        return None
    best = candidates[0]
    cities = [str(r.params["city"]) for r in best.reasons if r.code == "other_city_named"]
    if cities:
        return Question("which_city", {"city": cities[0], "place": best.name})
    for other in candidates[1:]:
        if other.confidence < best.confidence * _EQUAL:
            return None
        if distance_m(other.position, best.position) > _APART_M:
            break
    else:
        return None
    if other.name == best.name and best.area and other.area and best.area != other.area:
        params = {"name": best.name, "one": area_name(best.area), "other": area_name(other.area)}
        return Question("which_of_one_name", params)
    return Question("which_place", {"one": best.name, "other": other.name})
