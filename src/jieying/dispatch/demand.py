"""Where calls come from, where units wait, and how long it takes by road from each such place to every other."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import h3.api.numpy_int as h3
import numpy as np
import shapely

from jieying.citypack.model import CityPack
from jieying.kit.geo import Point
from jieying.places.areas import AreaIndex
from jieying.roads.graph import Floats, Ints
from jieying.roads.network import RoadNetwork

# H3 cells of resolution 8 are about 1 km across, a minute or two of driving; coarser ones where they would be too many.
_RESOLUTION, _MOST_CELLS = 8, 500
# Road times for the coverage are those of one hour: noon. The hour's factor changes all of them alike.
_NOON = 12
_NEAR_M = 5_000.0


@dataclass(frozen=True, eq=False)
class Demand:
    """Demand points, and after them the posts of the units, which weigh nothing. `weight` sums to 1.

    `times_s[i, j]`: road time from place i to place j, infinite where no road leads. `reach`: 1 where that is within
    the target, else 0. `busy`: how often a unit is busy, q.
    """

    places: tuple[Point, ...]
    names: tuple[str, ...]  # of the area that the place is in
    weight: Floats
    times_s: Floats
    reach: Floats
    posts: Ints
    busy: float

    def nearest(self, points: Sequence[Point]) -> Ints:
        """The place that is nearest to each point as the crow flies."""
        found: Ints = self._tree.nearest(shapely.points(self._plane(points)))
        return found

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(shapely.points(self._plane(self.places)))

    def _plane(self, points: Sequence[Point]) -> Floats:
        given = np.array(points, float).reshape(-1, 2)
        plane: Floats = np.column_stack([given[:, 1] * np.cos(np.radians(self.places[0].lat)), given[:, 0]])
        return plane


def demand_of(pack: CityPack, roads: RoadNetwork) -> Demand:
    """The demand of a city: of its demand.csv, else every H3 cell with a named place weighs the same."""
    cells = _cells([(d.position, d.weight) for d in pack.demand], sum)
    if not any(weight for _, weight in cells):
        cells = _cells([(place.position, 1.0) for place in pack.places], max)
    posts = sorted({unit.post for unit in pack.units.values()})
    places = (*(point for point, _ in cells), *posts)
    snaps = roads.snap_all(places)
    origins = roads.prepare(snaps)
    times = np.stack([roads.eta_array(origins, snap, _NOON) for snap in snaps], axis=1)
    weight = np.array([weight for _, weight in cells] + [0.0] * len(posts))
    areas = AreaIndex(pack)
    near = [areas.area_of(point) or areas.nearest_area(point, _NEAR_M) for point in places]
    return Demand(
        places=places,
        names=tuple(a.name.zh if a else f"{p.lat:.4f}, {p.lon:.4f}" for p, a in zip(places, near, strict=True)),
        weight=weight / max(weight.sum(), 1e-12),
        times_s=times,
        reach=(times <= pack.dispatch.cover_s).astype(float),
        posts=np.arange(len(cells), len(places)),
        busy=pack.dispatch.busy_share,
    )


def _cells(
    points: Sequence[tuple[Point, float]], weigh: Callable[[Iterable[float]], float]
) -> list[tuple[Point, float]]:
    """The points gathered by H3 cell, so that few are left: the centre of what is in each, and its weight."""
    for resolution in range(_RESOLUTION, -1, -1):
        gathered: dict[int, list[tuple[Point, float]]] = defaultdict(list)
        for point, weight in points:
            if weight > 0:
                gathered[h3.latlng_to_cell(point.lat, point.lon, resolution)].append((point, weight))
        if len(gathered) <= _MOST_CELLS:
            break
    return [(_centre(inside), weigh(weight for _, weight in inside)) for _, inside in sorted(gathered.items())]


def _centre(inside: Sequence[tuple[Point, float]]) -> Point:
    lat, lon = np.average([point for point, _ in inside], axis=0, weights=[weight for _, weight in inside])
    return Point(float(lat), float(lon))
