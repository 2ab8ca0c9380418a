"""Shortest paths by scipy's Dijkstra: slow and plain. Tests hold the fast engine to it; also the fallback."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from jieying.roads.engine import NO_WAY
from jieying.roads.graph import Ints
from jieying.roads.turns import TurnGraph


class DijkstraEngine:
    """See Engine. Arc times are at least 1 ms: a sparse matrix can't hold 0. Safe to use from many threads."""

    def __init__(self, graph: TurnGraph, arc_ms: Ints) -> None:
        self._graph = graph
        n = len(graph.lat)
        order = np.lexsort((arc_ms, graph.arc_head, graph.arc_tail))
        key = graph.arc_tail[order] * n + graph.arc_head[order]
        # Of parallel arcs the fastest: the matrix would add them up.
        self._key, first = np.unique(key, return_index=True)
        self._arc = order[first]
        tails, heads = graph.arc_tail[self._arc], graph.arc_head[self._arc]
        self._n = n
        self._forth = csr_array((arc_ms[self._arc].astype(float), (tails, heads)), shape=(n, n))
        self._back = csr_array((arc_ms[self._arc].astype(float), (heads, tails)), shape=(n, n))

    def with_times(self, arc_ms: Ints) -> Self:
        return type(self)(self._graph, arc_ms)

    def to_one(self, sources: Sequence[int], targets: Sequence[tuple[int, int]]) -> Ints:
        best = np.full(self._n, np.inf)
        for node, rest in targets:
            best = np.minimum(best, dijkstra(self._back, indices=[node])[0] + rest)
        times: Ints = np.minimum(best[np.asarray(sources)], NO_WAY).astype(np.int64)
        return times

    def path(
        self, sources: Sequence[tuple[int, int]], targets: Sequence[tuple[int, int]]
    ) -> tuple[int, int, list[int]] | None:
        best: tuple[int, int, list[int]] | None = None
        for source, so_far in sources:
            (times,), (before,) = dijkstra(self._forth, indices=[source], return_predecessors=True)
            for target, rest in targets:
                if not np.isfinite(times[target]):
                    continue
                total = so_far + int(times[target]) + rest
                if best is None or total < best[0]:
                    best = total, source, self._arcs(before, source, target)
        return best

    def _arcs(self, before: NDArray[np.int32], source: int, target: int) -> list[int]:
        arcs, node = [], target
        while node != source:
            previous = int(before[node])
            arcs.append(int(self._arc[np.searchsorted(self._key, previous * self._n + node)]))
            node = previous
        return arcs[::-1]
