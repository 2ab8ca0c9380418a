"""House numbers: read from text beside a road's name, and turned into a position."""

import re
from bisect import bisect_left
from collections.abc import Iterable

from jieying.citypack.model import Address
from jieying.kit.geo import Point, distance_m
from jieying.kit.reasons import Reason
from jieying.places.spoken import number

# 128号, 128-3号, 128弄, 一百二十八号; not 3号楼 (a building), 5号线 (a metro line), 2号门.
_AFTER = re.compile(
    r" ?的?(\d{1,5}|[零〇一幺二两三四五六七八九十百千]{1,8})(?:-\d{1,4})? ?"
    r"(?:号(?!楼(?![下上])|线|门|出?入?口|车|台|桌|厅|码头)|弄)"
)
# "128 X St", "900 block of X St"; not the tail of a telephone number.
_BEFORE = re.compile(r"(?<![\d-])(\d{1,5}) ?(?:block of )?$")
_BEFORE_WINDOW = 16
_HIGHEST = 100_000
_CLOSE_M = 400.0  # between two known numbers farther apart than this, interpolation is a guess


def number_beside(text: str, start: int, end: int) -> int | None:
    """The house number that belongs to the road named at `text[start:end]` (normalised), if one does."""
    before = text[max(0, start - _BEFORE_WINDOW) : start]
    latin = text[end - 1].isascii()
    found = _BEFORE.search(before) if latin else _AFTER.match(text, end)
    value = number(found[1]) if found else None
    return int(value) if value is not None and value < _HIGHEST else None


class HouseNumbers:
    """The known numbers of every road, by side."""

    def __init__(self, addresses: Iterable[Address]) -> None:
        self._sides: dict[str, tuple[dict[int, Point], dict[int, Point]]] = {}
        for address in addresses:
            sides = self._sides.setdefault(address.road, ({}, {}))
            sides[address.number % 2].setdefault(address.number, address.position)
        self._numbers = {road: tuple(sorted(side) for side in sides) for road, sides in self._sides.items()}

    @property
    def roads(self) -> set[str]:
        return set(self._sides)

    def find(self, road: str, number: int) -> tuple[Point, float, Reason] | None:
        """Position, confidence and reason; None when no number of the road is known."""
        if road not in self._sides:
            return None
        near, far = number % 2, 1 - number % 2
        if number in self._sides[road][near]:
            return self._sides[road][near][number], 0.95, Reason("house_number_known")
        for side, confidence, code in (
            (near, 0.85, "house_number_between"),
            (far, 0.7, "house_number_other_side"),
        ):
            between = self._between(road, side, number)
            if between:
                low, high = between
                a, b = self._sides[road][side][low], self._sides[road][side][high]
                part = (number - low) / (high - low)
                point = Point(a.lat + (b.lat - a.lat) * part, a.lon + (b.lon - a.lon) * part)
                sure = confidence if distance_m(a, b) <= _CLOSE_M else confidence - 0.15
                return point, sure, Reason(code, {"low": low, "high": high})
        known = {**self._sides[road][far], **self._sides[road][near]}
        nearest = min(known, key=lambda one: (abs(one - number), one))
        return known[nearest], 0.4, Reason("house_number_beyond", {"nearest": nearest})

    def _between(self, road: str, side: int, number: int) -> tuple[int, int] | None:
        numbers = self._numbers[road][side]
        i = bisect_left(numbers, number)
        return (numbers[i - 1], numbers[i]) if 0 < i < len(numbers) else None
