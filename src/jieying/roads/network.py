"""Travel times and routes between places on the roads."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from jieying.citypack.model import SpeedTable
from jieying.kit.geo import Point
from jieying.roads.engine import NO_WAY, MakesEngine
from jieying.roads.graph import Floats, Ints, RoadGraph
from jieying.roads.snapping import Snap, Snapper

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Route:
    """A way to drive: `line` from start to end, `names` of the roads in order, without repeats and blanks."""

    seconds: float
    length_m: float
    line: list[Point]
    names: list[str]


class RoadNetwork:
    """Travel times on a graph with the speeds of a pack. Safe to use from many threads.

    Each edge takes length / speed of its class, rounded to whole milliseconds and at least 1. The hour's
    factor multiplies every speed alike, so it never changes which way is fastest: times are computed once
    and divided by it. Turning round is allowed at a node and on a two-way edge, not on a one-way one; there
    are no turn restrictions. A place at the very end of an edge is at the node, and may be left and reached
    by any road there. The stretch between a position and its road costs nothing; `Snap.distance_m`
    says how long it is.

    `cache` is a file that saves the costly part of the preparation for the next start. Without the CCH
    library it works by Dijkstra: right, but a hundred times slower. Raises ValueError for a speed or a factor
    that is not positive.
    """

    def __init__(
        self,
        graph: RoadGraph,
        speeds: SpeedTable,
        cache: Path | None = None,
        engine: MakesEngine | None = None,
    ) -> None:
        self.graph = graph
        self._factor = speeds.hour_factor
        self._edge_ms = edge_times_ms(graph, speeds)
        self._engine = (engine or _fastest(cache))(graph, self._edge_ms[graph.arc_edge])
        self._snapper = Snapper(graph)

    def snap(self, point: Point) -> Snap:
        """The nearest place on a road."""
        return self._snapper.snap([point])[0]

    def snap_all(self, points: Sequence[Point]) -> list[Snap]:
        """The nearest place on a road for each position, at once."""
        return self._snapper.snap(points)

    def etas(self, origins: Sequence[Snap | Point], target: Snap | Point, hour: int) -> list[float | None]:
        """Seconds from each origin to the target at that local hour (0–23); None where no road leads there.

        Snaps save the search for the road: keep them for units until they move.
        """
        starts, (end,) = self._snapped(origins), self._snapped([target])
        if not starts:
            return []
        edges = np.array([start.edge for start in starts])
        fractions = np.array([start.fraction for start in starts])
        ms = self._edge_ms[edges]
        forward_only = self.graph.oneway[edges] & (fractions > 0)
        nodes = np.concatenate([self.graph.head[edges], self.graph.tail[edges]])
        onward, back = np.split(self._engine.to_one(nodes, self._timed(end, self._entries(end))), 2)
        back = np.where(forward_only, NO_WAY, back + _parts_ms(fractions, ms))
        times = np.minimum(onward + _parts_ms(1 - fractions, ms), back)
        ahead = end.fraction - fractions
        direct = (edges == end.edge) & ((ahead >= 0) | ~self.graph.oneway[edges])
        times = np.where(direct, np.minimum(times, _parts_ms(np.abs(ahead), ms)), times)
        factor = self._factor[hour]
        return [time / 1000 / factor if time < NO_WAY else None for time in times.tolist()]

    def route(self, a: Snap | Point, b: Snap | Point, hour: int) -> Route | None:
        """The fastest way from a to b at that local hour (0–23); None when no road leads there."""
        start, end = self._snapped([a, b])
        found = self._engine.path(self._timed(start, self._exits(start)), self._timed(end, self._entries(end)))
        ahead = end.fraction - start.fraction
        if start.edge == end.edge and (ahead >= 0 or not self.graph.oneway[start.edge]):
            direct = _part_ms(abs(ahead), int(self._edge_ms[start.edge]))
            if found is None or direct <= found[0]:
                return self._route(direct, [(start.edge, start.fraction, end.fraction)], hour)
        if found is None:
            return None
        time, first, arcs = found
        m = len(self.graph.tail)
        pieces = [(int(self.graph.arc_edge[arc]), *((0.0, 1.0) if arc < m else (1.0, 0.0))) for arc in arcs]
        last = int(self.graph.arc_head[arcs[-1]]) if arcs else first
        to_first = (start.edge, start.fraction, self._exits(start)[first])
        from_last = (end.edge, self._entries(end)[last], end.fraction)
        return self._route(time, [to_first, *pieces, from_last], hour)

    def _route(self, ms: int, pieces: list[tuple[int, float, float]], hour: int) -> Route:
        points = [point for piece in pieces for point in self._snapper.piece(*piece)]
        names = [self.graph.name_of(edge) for edge, start, end in pieces if start != end]
        return Route(
            seconds=ms / 1000 / self._factor[hour],
            length_m=sum(float(self.graph.length_m[edge]) * abs(end - start) for edge, start, end in pieces),
            line=[point for point, _ in groupby(points)],
            names=[name for name, _ in groupby(filter(None, names))],
        )

    def _snapped(self, places: Sequence[Snap | Point]) -> list[Snap]:
        """The places on the road, only those searched for that aren't there yet."""
        found = iter(self._snapper.snap([place for place in places if not isinstance(place, Snap)]))
        return [place if isinstance(place, Snap) else next(found) for place in places]

    def _exits(self, snap: Snap) -> dict[int, float]:
        """The nodes to which one may drive along the snap's edge, and the end each is at: 0 tail, 1 head."""
        tail, head = int(self.graph.tail[snap.edge]), int(self.graph.head[snap.edge])
        ends = {head: 1.0}
        free = not self.graph.oneway[snap.edge] or snap.fraction == 0
        if free and (tail != head or snap.fraction < 0.5):
            ends[tail] = 0.0
        return ends

    def _entries(self, snap: Snap) -> dict[int, float]:
        """The nodes from which one may drive along the snap's edge to it, and the end each is at."""
        tail, head = int(self.graph.tail[snap.edge]), int(self.graph.head[snap.edge])
        ends = {tail: 0.0}
        free = not self.graph.oneway[snap.edge] or snap.fraction == 1
        if free and (tail != head or snap.fraction > 0.5):
            ends[head] = 1.0
        return ends

    def _timed(self, snap: Snap, ends: dict[int, float]) -> list[tuple[int, int]]:
        """Those nodes with the milliseconds between them and the snap."""
        ms = int(self._edge_ms[snap.edge])
        return [(node, _part_ms(abs(end - snap.fraction), ms)) for node, end in ends.items()]


def edge_times_ms(graph: RoadGraph, speeds: SpeedTable) -> Ints:
    """Whole milliseconds to drive each edge at the speed of its class, at least 1.

    Raises ValueError for a speed or an hour factor that is not positive, or an edge that takes 24.8 days.
    """
    kmh = np.array([speeds.kmh.get(name, speeds.default_kmh) for name in graph.classes])
    if not (kmh > 0).all() or not all(factor > 0 for factor in speeds.hour_factor):
        raise ValueError("speeds and hour factors must be positive")
    ms = np.maximum(1, np.rint(graph.length_m * 3600 / kmh[graph.road_class]))
    if ms.max() >= NO_WAY:
        raise ValueError("a road edge takes more than 24 days: is its length in metres?")
    times: Ints = ms.astype(np.int64)
    return times


def _parts_ms(fractions: Floats, ms: Ints) -> Ints:
    """The times of parts of edges, to the millisecond."""
    times: Ints = np.rint(fractions * ms).astype(np.int64)
    return times


def _part_ms(fraction: float, ms: int) -> int:
    """The time of one part; round() and rint() both go to the even number at a half, so the two agree."""
    return round(fraction * ms)


def _fastest(cache: Path | None) -> MakesEngine:
    try:
        from jieying.roads.cch import CchEngine
    except ImportError as error:
        _log.warning("routingkit_cch cannot be loaded (%s): road times will be slow", error)
        # Imported only when needed: scipy takes longer to load than all the rest.
        from jieying.roads.dijkstra import DijkstraEngine

        return DijkstraEngine
    return partial(CchEngine, cache=cache)
