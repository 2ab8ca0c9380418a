"""Forbidden turns: the graph that routing runs on has a copy of a junction for each way in that has a ban there."""

from collections import defaultdict
from functools import cached_property

import numpy as np

from jieying.roads.graph import Floats, Ints, RoadGraph


class TurnGraph:
    """The roads as nodes and arcs that hold the bans: every path in it may be driven, and every legal way is one.

    Whoever comes into a junction by an arc that has a ban there arrives at a copy of the junction of his own, from
    which only the allowed arcs lead on; all others arrive at the junction itself. Only such junctions grow: of the
    exact ways this is the small one, beside turning every arc of the graph into a node.

    Nodes below n are those of the RoadGraph, arcs below a its arcs, each from the junction itself; then come the
    copies and their arcs. Never written to after it is made.
    """

    def __init__(self, graph: RoadGraph) -> None:
        a, n = len(graph.arc_tail), len(graph.lat)
        banned = _banned(graph)
        restricted = np.array(sorted(banned), np.int64)
        self.node = np.concatenate([np.arange(n), graph.arc_head[restricted]])  # the junction that a node is of
        self.arrival = graph.arc_head.copy()  # the node where one is after driving an arc of the RoadGraph
        self.arrival[restricted] = n + np.arange(len(restricted))
        order = np.argsort(graph.arc_tail, kind="stable")
        first = np.searchsorted(graph.arc_tail, np.arange(n + 1), sorter=order)
        tails, arcs = [], []
        for copy, arc in enumerate(restricted.tolist(), n):
            node = int(graph.arc_head[arc])
            for onward in order[first[node] : first[node + 1]].tolist():
                if onward not in banned[arc]:
                    tails.append(copy)
                    arcs.append(onward)
        self.arc_of = np.concatenate([np.arange(a), np.array(arcs, np.int64)])  # the RoadGraph's arc that an arc is
        self.arc_tail = np.concatenate([graph.arc_tail, np.array(tails, np.int64)])
        self.arc_head = self.arrival[self.arc_of]
        self.arc_edge = graph.arc_edge[self.arc_of]
        self._graph = graph

    @property
    def lat(self) -> Floats:
        lat: Floats = self._graph.lat[self.node]
        return lat

    @property
    def lon(self) -> Floats:
        lon: Floats = self._graph.lon[self.node]
        return lon

    def departures(self, arc: int) -> list[int]:
        """The nodes from which an arc of the RoadGraph may be driven: its junction and those copies that allow it."""
        return [int(self._graph.arc_tail[arc]), *self._copies_with.get(arc, ())]

    def at(self, node: int) -> list[int]:
        """All nodes that are this junction of the RoadGraph."""
        return [node, *self._copies_of.get(node, ())]

    @cached_property
    def _copies_with(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        a = len(self._graph.arc_tail)
        for arc, tail in zip(self.arc_of[a:].tolist(), self.arc_tail[a:].tolist(), strict=True):
            found[arc].append(tail)
        return dict(found)

    @cached_property
    def _copies_of(self) -> dict[int, list[int]]:
        found: dict[int, list[int]] = defaultdict(list)
        n = len(self._graph.lat)
        for copy, node in enumerate(self.node[n:].tolist(), n):
            found[node].append(copy)
        return dict(found)


def _banned(graph: RoadGraph) -> dict[int, set[int]]:
    """By arc the arcs that may not follow it. An edge of both ways from a node to itself comes in and out twice."""
    found: dict[int, set[int]] = defaultdict(set)
    for from_edge, via, to_edge in graph.turn_bans.tolist():
        for arc in _arcs(graph, from_edge):
            if graph.arc_head[arc] == via:
                found[arc] |= {onward for onward in _arcs(graph, to_edge) if graph.arc_tail[onward] == via}
    return found


def _arcs(graph: RoadGraph, edge: int) -> Ints:
    back = graph.back_arc[edge]
    return np.array([edge] if back < 0 else [edge, back])
