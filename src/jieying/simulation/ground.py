"""The city as a simulation needs it: its roads, where units wait, where calls come from. Made once for all runs."""

from collections.abc import Sequence
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from jieying.citypack.model import CityPack
from jieying.kit.geo import Point, distance_m
from jieying.places.areas import OUTSIDE_M, AreaIndex
from jieying.roads.engine import NO_WAY
from jieying.roads.graph import from_pack
from jieying.roads.network import RoadNetwork
from jieying.roads.snapping import Snap
from jieying.simulation.model import Floats, Ints
from jieying.simulation.ways import Spot, Ways


class Ground:
    """Road times from every post to every place that calls come from are computed once for each place, exactly; times
    from elsewhere are asked of the network each time. Not for several threads."""

    def __init__(self, pack: CityPack, cache: Path | None = None) -> None:
        self.pack = pack
        self.roads = RoadNetwork(from_pack(pack), pack.speeds, cache)
        self.ways = Ways(self.roads)
        self.posts = sorted({unit.post for unit in pack.units.values()})
        self.post_of = {post: i for i, post in enumerate(self.posts)}
        self.post_snaps = self.roads.snap_all(self.posts)
        self._origins = self.roads.prepare(self.post_snaps)
        graph = self.roads.graph
        self._arrival, self._back_arc = self.roads.turns.arrival.tolist(), graph.back_arc.tolist()
        self._head, self._tail = graph.head.tolist(), graph.tail.tolist()
        self._edge_ms: list[int] = self.roads.edge_ms.tolist()
        self._entries: dict[int, list[tuple[int, int]]] = {}
        self._areas = AreaIndex(pack)
        self._area_number = {area.code: i for i, area in enumerate(pack.areas)}
        self._number: dict[Point, int] = {}
        self.places: list[Point] = []
        self.snaps: list[Snap] = []
        self.areas: list[int] = []  # by place; -1 for one that the city does not answer for
        self._rows: list[Floats | None] = []
        self._air: list[Floats | None] = []

    def numbers(self, lat: Floats, lon: Floats) -> Ints:
        """The places at these positions, which are learned if they are new."""
        points = [Point(*pair) for pair in zip(lat.tolist(), lon.tolist(), strict=True)]
        new = [point for point in dict.fromkeys(points) if point not in self._number]
        for point, snap in zip(new, self.roads.snap_all(new), strict=True):
            self._number[point] = len(self.places)
            self.places.append(point)
            self.snaps.append(snap)
            area = self._areas.area_of(point) or self._areas.nearest_area(point, OUTSIDE_M)
            self.areas.append(self._area_number[area.code] if area else -1)
            self._rows.append(None)
            self._air.append(None)
        return np.array([self._number[point] for point in points], np.int64)

    def from_posts_ms(self, place: int) -> Floats:
        """Milliseconds from each post, before the factor of the hour; infinite where no road leads."""
        row = self._rows[place]
        if row is None:
            # Back to the whole milliseconds that the network counts in: divided by another hour's factor, they are
            # to the last digit what it would have said for that hour.
            seconds = self.roads.eta_array(self._origins, self.snaps[place], 0)
            row = np.rint(seconds * (1000 * self.roads.speeds.hour_factor[0]))
            self._rows[place] = row
        return row

    def from_spots_ms(self, spots: Sequence[Spot], place: int) -> list[float]:
        """The same from anywhere on the roads. Sums what the network's `eta_array` sums, in plain numbers: a dozen
        units on their way are too few for arrays. A test holds the two together."""
        arrival, head, tail, back_arc = self._arrival, self._head, self._tail, self._back_arc
        sources = []
        for edge, fraction in spots:
            sources.append(arrival[edge] if fraction < 1 else head[edge])
            sources.append(arrival[back_arc[edge]] if fraction > 0 else tail[edge])
        times = self.roads.engine.to_one(sources, self._entries_of(place)).tolist()
        end, found = self.snaps[place], []
        for i, (edge, fraction) in enumerate(spots):
            edge_ms, no_back = self._edge_ms[edge], back_arc[edge] < 0 and fraction > 0
            best = times[2 * i] + round((1 - fraction) * edge_ms)
            if not no_back:
                best = min(best, times[2 * i + 1] + round(fraction * edge_ms))
            if edge == end.edge and (back_arc[edge] >= 0 or end.fraction >= fraction):
                best = min(best, round(abs(end.fraction - fraction) * edge_ms))
            found.append(float(best) if best < NO_WAY else np.inf)
        return found

    def _entries_of(self, place: int) -> list[tuple[int, int]]:
        if place not in self._entries:
            entries = self.roads.entries(self.snaps[place])
            self._entries[place] = [(node, ms) for node, (ms, _) in entries.items()]
        return self._entries[place]

    def from_posts_air_m(self, place: int) -> Floats:
        """Metres from each post as the crow flies."""
        row = self._air[place]
        if row is None:
            row = np.array([distance_m(post, self.places[place]) for post in self.posts])
            self._air[place] = row
        return row

    def part_way(self, start: Snap, place: int, share: float) -> Snap:
        """Where a unit is that has driven this share of its way to a place, at even speed."""
        route = self.roads.route(start, self.snaps[place], 0)
        if route is None or len(route.line) < 2:
            return start
        metres = np.array([0.0, *accumulate(distance_m(a, b) for a, b in pairwise(route.line))])
        gone = share * metres[-1]
        return self.roads.snap(Point(*(float(np.interp(gone, metres, part)) for part in zip(*route.line, strict=True))))
