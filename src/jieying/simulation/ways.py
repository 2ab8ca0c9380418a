"""The way to a post from anywhere, and where a unit is after some time on it: exact, and cheap to ask for often."""

from typing import NamedTuple

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from jieying.kit.geo import Point
from jieying.roads.network import RoadNetwork
from jieying.roads.snapping import Snap

Spot = tuple[int, float]  # an edge and the fraction of it, as in a Snap


class Ways:
    """All fastest ways to some places: one Dijkstra for each, backwards on the network's own graph and times; kept."""

    def __init__(self, roads: RoadNetwork) -> None:
        self.roads = roads
        turns = roads.turns
        arc_ms = roads.edge_ms[turns.arc_edge]
        n = len(turns.node)
        order = np.lexsort((arc_ms, turns.arc_tail, turns.arc_head))
        key = turns.arc_head[order] * n + turns.arc_tail[order]
        _, first = np.unique(key, return_index=True)  # of parallel arcs the fastest: the matrix would add them up
        arcs = order[first]
        ends = turns.arc_head[arcs], turns.arc_tail[arcs]
        self.back = csr_array((arc_ms[arcs].astype(float), ends), shape=(n, n))
        # Lists: a single number is read much faster from them than from an array.
        self.arc_ms, self.arc_head = arc_ms.tolist(), turns.arc_head.tolist()
        self.arc_edge, self.arc_forward = turns.arc_edge.tolist(), (turns.arc_of < len(roads.graph.tail)).tolist()
        self._towards: dict[tuple[int, float], Towards] = {}

    def towards(self, end: Snap) -> "Towards":
        key = end.edge, end.fraction
        if key not in self._towards:
            self._towards[key] = Towards(self, end)
        return self._towards[key]

    def on(self, spot: Spot) -> Snap:
        """A place on a road; its position as if the road were straight between its ends."""
        graph, (edge, fraction) = self.roads.graph, spot
        a, b = graph.node(int(graph.tail[edge])), graph.node(int(graph.head[edge]))
        there = Point(a.lat + fraction * (b.lat - a.lat), a.lon + fraction * (b.lon - a.lon))
        return Snap(edge, fraction, 0.0, there)


class _Start(NamedTuple):
    """How a way begins: milliseconds of all of it, the node it first comes to (-1: it never leaves the edge), the
    milliseconds to there, the fraction of the edge that it is at."""

    ms: float
    node: int
    first_ms: int
    fraction: float


class Towards:
    """The fastest ways from everywhere to one place on a road."""

    def __init__(self, ways: Ways, end: Snap) -> None:
        turns = ways.roads.turns
        self.ways, self.end = ways, end
        self.entries = ways.roads.entries(end)
        best = np.full(len(turns.node), np.inf)
        for node, (rest, _) in self.entries.items():
            np.minimum(best, dijkstra(ways.back, indices=[node])[0] + rest, out=best)
        self.ms = best
        # The arc to take at each node, the first of those that lose no time; -1 where the last edge begins.
        after = np.full(len(best), -1, np.int32)
        with np.errstate(invalid="ignore"):  # no way minus no way
            good = np.flatnonzero(np.array(ways.arc_ms) + best[turns.arc_head] == best[turns.arc_tail])[::-1]
        after[turns.arc_tail[good]] = good
        after[[node for node, (rest, _) in self.entries.items() if best[node] == rest]] = -1
        self.after = after.tolist()
        self._starts: dict[Spot, _Start] = {}

    def start(self, place: Snap) -> _Start:
        """The fastest way from a place; infinite milliseconds where no road leads."""
        key = place.edge, place.fraction
        if key not in self._starts:  # units come home from the same places again and again
            self._starts[key] = self._start(place)
        return self._starts[key]

    def _start(self, place: Snap) -> _Start:
        edge_ms, one_way = int(self.ways.roads.edge_ms[place.edge]), self.ways.roads.graph.oneway[place.edge]
        options = [
            _Start(first_ms + float(self.ms[node]), node, first_ms, end)
            for node, (first_ms, end) in self.ways.roads.exits(place).items()
        ]
        ahead = self.end.fraction - place.fraction
        if place.edge == self.end.edge and (ahead >= 0 or not one_way):
            direct = round(abs(ahead) * edge_ms)
            options.append(_Start(direct, -1, direct, self.end.fraction))
        return min(options)


class Trip:
    """A drive towards a place, followed from its start: ask for later and later moments only."""

    def __init__(self, towards: Towards, place: Snap) -> None:
        self._towards, self._from = towards, place
        self._start = towards.start(place)
        self.ms = self._start.ms
        self._node, self._gone = self._start.node, float(self._start.first_ms)

    def after(self, gone_ms: float) -> Spot:
        """Where it is after so many milliseconds of road time."""
        ways, end = self._towards.ways, self._towards.end
        if gone_ms >= self.ms:
            return end.edge, end.fraction
        if gone_ms < self._start.first_ms:
            share = gone_ms / self._start.first_ms
            return self._from.edge, self._from.fraction + share * (self._start.fraction - self._from.fraction)
        after, arc_ms, arc_head = self._towards.after, ways.arc_ms, ways.arc_head
        node, gone = self._node, self._gone
        while (arc := after[node]) >= 0 and gone + arc_ms[arc] <= gone_ms:
            gone += arc_ms[arc]
            node = arc_head[arc]
        self._node, self._gone = node, gone
        if arc >= 0:
            share = (gone_ms - gone) / arc_ms[arc]
            return ways.arc_edge[arc], share if ways.arc_forward[arc] else 1 - share
        rest, begin = self._towards.entries[node]
        return end.edge, begin + (gone_ms - gone) / rest * (end.fraction - begin)
