"""Positions of nodes that can be believed; the rest is named and left out."""

from collections.abc import Iterable

import numpy as np

from jieying.citypack.roadsource.model import Odd, Oddities
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point, is_point

REGION_DEG = 2.0  # from the middle of the nodes; no city's roads go so far


def sound_positions(rows: Iterable[tuple[int, str, float, float]], odd: Oddities) -> dict[int, Point]:
    """From rows of node id, place in the source, latitude and longitude.

    Noted and left out: what is not on earth, ids met before, and nodes far away that would lie among the others if
    latitude and longitude changed places. Raises Invalid("roads_swapped") when that is so for most.
    """
    positions: dict[int, Point] = {}
    places: list[str] = []
    for number, place, lat, lon in rows:
        if not is_point(lat, lon):
            odd.note(Odd.SWAPPED if is_point(lon, lat) else Odd.OUT_OF_RANGE, f"{place} lat={lat} lon={lon}")
        elif number in positions:
            odd.note(Odd.DUPLICATE_NODE, place)
        else:
            positions[number] = Point(lat, lon)
            places.append(place)
    if odd.count(Odd.SWAPPED) > len(positions):
        raise Invalid("roads_swapped")
    if positions:
        found = np.array(list(positions.values()))
        middle = np.median(found, axis=0)
        far, swapped_far = (np.abs(each - middle).max(axis=1) > REGION_DEG for each in (found, found[:, ::-1]))
        numbers = list(positions)
        for i in np.flatnonzero(far & ~swapped_far).tolist():
            lat, lon = positions.pop(numbers[i])
            odd.note(Odd.SWAPPED, f"{places[i]} lat={lat} lon={lon}")
    return positions
