"""Travel times and routes between places on the roads."""

import copy
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import groupby
from pathlib import Path

import numpy as np

from jieying.citypack.model import HOURS_OF_WEEK, SpeedTable
from jieying.kit.geo import Point
from jieying.roads.engine import NO_WAY, Engine, MakesEngine
from jieying.roads.graph import Bools, Floats, Ints, RoadGraph
from jieying.roads.snapping import Snap, Snapper
from jieying.roads.turns import TurnGraph

_log = logging.getLogger(__name__)

Stretch = tuple[int, float, float]  # an edge, and the fractions of it between which it is driven


@dataclass(frozen=True)
class Route:
    """A way to drive: `line` from start to end, `names` of the roads in order, without repeats and blanks."""

    seconds: float
    length_m: float
    line: list[Point]
    names: list[str]


@dataclass(frozen=True, eq=False)
class Origins:
    """Places to be asked from many times, made ready by `RoadNetwork.prepare`; they outlive a change of speeds."""

    edges: Ints
    fractions: Floats
    no_back: Bools  # on a one-way road, past its beginning
    nodes: Ints  # two rows: where one gets along the edge, and against it

    def __len__(self) -> int:
        return len(self.edges)

    def take(self, which: Ints | Bools) -> "Origins":
        """Some of them, by their places in this set or by a mask."""
        return Origins(self.edges[which], self.fractions[which], self.no_back[which], self.nodes[:, which])


class RoadNetwork:
    """Travel times on a graph with the speeds of a pack. Safe to use from many threads.

    An edge takes length / speed, rounded to whole milliseconds and at least 1; its speed is its own or that of
    its class, times the factor of its area. The factor of the hour multiplies every speed alike, so it never
    changes which way is fastest: times are computed once and divided by it. Hours are those of the local week,
    see `hour_of_week`.

    Forbidden turns are never taken. Otherwise turning round is allowed at a node and on a two-way edge, not on a
    one-way one. A place at the very end of an edge is at the node, and may be left and reached by any road
    there. The stretch between a position and its road costs nothing; `Snap.distance_m` says how long it is.

    `cache` is a file that saves the costly part of the preparation for the next start. Without the CCH
    library it works by Dijkstra: right, but a hundred times slower. Raises ValueError as `edge_times_ms` does.
    """

    def __init__(
        self,
        graph: RoadGraph,
        speeds: SpeedTable,
        cache: Path | None = None,
        engine: MakesEngine | None = None,
    ) -> None:
        self.graph = graph
        self.turns = TurnGraph(graph)
        self.speeds = speeds
        self.edge_ms = edge_times_ms(graph, speeds)
        self.snapper = Snapper(graph)
        self.engine: Engine = (engine or _fastest(cache))(self.turns, self.edge_ms[self.turns.arc_edge])

    def with_speeds(self, speeds: SpeedTable) -> "RoadNetwork":
        """The same roads at other speeds; this network goes on as it is, and Snaps and Origins hold for both.

        Raises ValueError as `edge_times_ms` does.
        """
        other = copy.copy(self)
        other.speeds = speeds
        other.edge_ms = edge_times_ms(self.graph, speeds)
        other.engine = self.engine.with_times(other.edge_ms[self.turns.arc_edge])
        return other

    def snap(self, point: Point) -> Snap:
        """The nearest place on a road."""
        return self.snapper.snap([point])[0]

    def snap_all(self, points: Sequence[Point]) -> list[Snap]:
        """The nearest place on a road for each position, at once."""
        return self.snapper.snap(points)

    def prepare(self, places: Sequence[Snap | Point]) -> Origins:
        """These places made ready as origins: worth it for a set that is asked from more than once."""
        snaps = self._snapped(places)
        edges = np.array([snap.edge for snap in snaps], np.int64)
        fractions = np.array([snap.fraction for snap in snaps], float)
        graph, arrival = self.graph, self.turns.arrival
        onward = np.where(fractions < 1, arrival[edges], graph.head[edges])
        back = np.where(fractions > 0, arrival[graph.back_arc[edges]], graph.tail[edges])
        return Origins(edges, fractions, graph.oneway[edges] & (fractions > 0), np.stack([onward, back]))

    def etas(self, origins: Origins | Sequence[Snap | Point], target: Snap | Point, hour: int) -> list[float | None]:
        """Seconds from each origin to the target in that hour of the week (0–167); None where no road leads there.

        Snaps save the search for the road: keep them for units until they move.
        """
        return [seconds if seconds < np.inf else None for seconds in self.eta_array(origins, target, hour).tolist()]

    def eta_array(self, origins: Origins | Sequence[Snap | Point], target: Snap | Point, hour: int) -> Floats:
        """The same as an array; infinite where no road leads there."""
        starts = origins if isinstance(origins, Origins) else self.prepare(origins)
        if not len(starts):
            return np.empty(0)
        (end,) = self._snapped([target])
        entries = [(node, ms) for node, (ms, _) in self.entries(end).items()]
        edges, fractions, ms = starts.edges, starts.fractions, self.edge_ms[starts.edges]
        onward, back = np.split(self.engine.to_one(starts.nodes.ravel().tolist(), entries), 2)
        times = onward + _parts_ms(1 - fractions, ms)
        np.minimum(times, back + _parts_ms(fractions, ms), out=times, where=~starts.no_back)
        same = edges == end.edge
        if same.any():
            ahead = end.fraction - fractions
            direct = same & ((ahead >= 0) | ~self.graph.oneway[edges])
            np.minimum(times, _parts_ms(np.abs(ahead), ms), out=times, where=direct)
        return np.where(times < NO_WAY, times / 1000 / self.speeds.hour_factor[hour], np.inf)

    def route(self, a: Snap | Point, b: Snap | Point, hour: int) -> Route | None:
        """The fastest way from a to b in that hour of the week (0–167); None when no road leads there."""
        way = self._way(*self._snapped([a, b]))
        return None if way is None else self._route(*way, hour)

    def stretches(self, a: Snap | Point, b: Snap | Point) -> list[Stretch]:
        """The parts of edges that the fastest way from a to b is made of, in order; none when no road leads there."""
        way = self._way(*self._snapped([a, b]))
        return way[1] if way else []

    def _way(self, start: Snap, end: Snap) -> tuple[int, list[Stretch]] | None:
        """Milliseconds and stretches of the fastest way."""
        exits, entries = self.exits(start), self.entries(end)
        found = self.engine.path(
            [(node, ms) for node, (ms, _) in exits.items()], [(node, ms) for node, (ms, _) in entries.items()]
        )
        ahead = end.fraction - start.fraction
        if start.edge == end.edge and (ahead >= 0 or not self.graph.oneway[start.edge]):
            direct = _part_ms(abs(ahead), int(self.edge_ms[start.edge]))
            if found is None or direct <= found[0]:
                return direct, [(start.edge, start.fraction, end.fraction)]
        if found is None:
            return None
        time, first, arcs = found
        m = len(self.graph.tail)
        forward = self.turns.arc_of[arcs] < m
        pieces = [
            (edge, *((0.0, 1.0) if along else (1.0, 0.0)))
            for edge, along in zip(self.turns.arc_edge[arcs].tolist(), forward.tolist(), strict=True)
        ]
        last = int(self.turns.arc_head[arcs[-1]]) if arcs else first
        to_first = (start.edge, start.fraction, exits[first][1])
        from_last = (end.edge, entries[last][1], end.fraction)
        return time, [to_first, *pieces, from_last]

    def _route(self, ms: int, pieces: list[Stretch], hour: int) -> Route:
        points = [point for piece in pieces for point in self.snapper.piece(*piece)]
        names = [self.graph.name_of(edge) for edge, start, end in pieces if start != end]
        return Route(
            seconds=ms / 1000 / self.speeds.hour_factor[hour],
            length_m=sum(float(self.graph.length_m[edge]) * abs(end - start) for edge, start, end in pieces),
            line=[point for point, _ in groupby(points)],
            names=[name for name, _ in groupby(filter(None, names))],
        )

    def _snapped(self, places: Sequence[Snap | Point]) -> Sequence[Snap]:
        """The places on the road, only those searched for that aren't there yet."""
        found = iter(self.snapper.snap([place for place in places if not isinstance(place, Snap)]))
        return [place if isinstance(place, Snap) else next(found) for place in places]

    def exits(self, snap: Snap) -> dict[int, tuple[int, float]]:
        """The nodes of the TurnGraph to which one may drive along the snap's edge.

        With the milliseconds it takes and the end of the edge that each is at: 0.0 tail, 1.0 head.
        """
        graph, edge, arrival = self.graph, snap.edge, self.turns.arrival
        ways = [(int(arrival[edge] if snap.fraction < 1 else graph.head[edge]), 1.0)]
        if snap.fraction == 0:
            ways.append((int(graph.tail[edge]), 0.0))
        elif not graph.oneway[edge]:
            ways.append((int(arrival[graph.back_arc[edge]]), 0.0))
        return self._timed(snap, ways)

    def entries(self, snap: Snap) -> dict[int, tuple[int, float]]:
        """The nodes from which one may drive along the snap's edge to it; see `exits`."""
        graph, edge, turns = self.graph, snap.edge, self.turns
        tails = turns.departures(edge) if snap.fraction > 0 else turns.at(int(graph.tail[edge]))
        ways = [(node, 0.0) for node in tails]
        if snap.fraction == 1:
            ways += [(node, 1.0) for node in turns.at(int(graph.head[edge]))]
        elif not graph.oneway[edge]:
            ways += [(node, 1.0) for node in turns.departures(int(graph.back_arc[edge]))]
        return self._timed(snap, ways)

    def _timed(self, snap: Snap, ways: Iterable[tuple[int, float]]) -> dict[int, tuple[int, float]]:
        """Of the ways to a node (the two ends of a loop are one) the shortest."""
        ms, found = int(self.edge_ms[snap.edge]), dict[int, tuple[int, float]]()
        for node, end in ways:
            time = _part_ms(abs(end - snap.fraction), ms)
            if node not in found or time < found[node][0]:
                found[node] = time, end
        return found


def hour_of_week(local: datetime) -> int:
    """0 for Monday from 00:00 to 167 for Sunday from 23:00, of a moment in local time."""
    return local.weekday() * 24 + local.hour


def edge_times_ms(graph: RoadGraph, speeds: SpeedTable) -> Ints:
    """Whole milliseconds to drive each edge, at least 1.

    Raises ValueError for a speed or a factor that is not positive, a table without a factor for each hour of the
    week, or an edge that takes 24.8 days.
    """
    if len(speeds.hour_factor) != HOURS_OF_WEEK:
        raise ValueError(f"speeds need {HOURS_OF_WEEK} factors, one for each hour of the week")
    of_class = np.array([speeds.kmh.get(name, speeds.default_kmh) for name in graph.classes])
    of_area = np.array([*(speeds.area_factor.get(code, 1.0) for code in graph.areas), 1.0])  # the last for "none"
    kmh = np.where(np.isnan(graph.kmh), of_class[graph.road_class], graph.kmh) * of_area[graph.area]
    if not all((values > 0).all() for values in (of_class, of_area, kmh, np.array(speeds.hour_factor))):
        raise ValueError("speeds and their factors must be positive")
    ms = np.maximum(1, np.rint(graph.length_m * 3600 / kmh))
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
