"""Shortest paths by customizable contraction hierarchies (RoutingKit): Dijkstra's answers within a millisecond.

Dibbelt, Strasser, Wagner: Customizable Contraction Hierarchies, ACM JEA 21 (2016).
"""

import copy
import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Self

import numpy as np
from routingkit_cch import CCH, CCHManyToOne, CCHMetric, CCHQuery, compute_order_inertial

from jieying.roads.engine import NO_WAY
from jieying.roads.graph import Ints
from jieying.roads.turns import TurnGraph

_log = logging.getLogger(__name__)


class CchEngine:
    """See Engine. Safe to use from many threads: the index never changes, and each call makes its own query.

    New times mean a second metric on the same hierarchy, never `reset()` on this one: that panics while a query is
    alive.
    `cache` is a file for the order of the nodes, which depends on the graph alone and takes longest to compute.
    """

    def __init__(self, graph: TurnGraph, arc_ms: Ints, cache: Path | None = None) -> None:
        tail, head = graph.arc_tail.tolist(), graph.arc_head.tolist()
        self._cch = CCH(_order(graph, cache), tail, head, False)
        self._metric = CCHMetric(self._cch, arc_ms.tolist())

    def with_times(self, arc_ms: Ints) -> Self:
        other = copy.copy(self)
        other._metric = CCHMetric(self._cch, arc_ms.tolist())
        return other

    def to_one(self, sources: Sequence[int], targets: Sequence[tuple[int, int]]) -> Ints:
        times = CCHManyToOne(self._metric, list(sources)).distances_to_multi(list(targets))
        return np.array([NO_WAY if time is None else time for time in times], np.int64)

    def path(
        self, sources: Sequence[tuple[int, int]], targets: Sequence[tuple[int, int]]
    ) -> tuple[int, int, list[int]] | None:
        found = CCHQuery(self._metric).run_multi(list(sources), list(targets))
        return None if found.distance is None else (found.distance, found.node_path[0], found.arc_path)


def _order(graph: TurnGraph, cache: Path | None) -> list[int]:
    """The node order, from the cache when it is whole and of this very graph."""
    parts = (graph.arc_tail, graph.arc_head, graph.lat, graph.lon)
    key = hashlib.sha256(b"".join(hashlib.sha256(part.tobytes()).digest() for part in parts)).digest()
    if cache and (kept := _read(cache, key)) is not None:
        return kept
    order = compute_order_inertial(
        len(graph.lat),
        graph.arc_tail.tolist(),
        graph.arc_head.tolist(),
        graph.lat.tolist(),
        graph.lon.tolist(),
    )
    if cache:
        _write(cache, key, order)
    return order


def _read(cache: Path, key: bytes) -> list[int] | None:
    # One digest over graph and content tells a foreign, a damaged and a half file from a good one; the
    # library must never see an order that isn't one, it trusts it.
    try:
        data = cache.read_bytes()
    except OSError:
        return None
    if hashlib.sha256(key + data[32:]).digest() != data[:32]:
        _log.warning("road order in %s is damaged or of other roads; computing it anew", cache)
        return None
    order: list[int] = np.frombuffer(data[32:], "<u4").tolist()
    return order


def _write(cache: Path, key: bytes, order: list[int]) -> None:
    content = np.array(order, "<u4").tobytes()
    try:
        cache.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=cache.parent, prefix=cache.name, delete=False) as file:
            try:
                file.write(hashlib.sha256(key + content).digest() + content)
                file.close()
                os.replace(file.name, cache)
            except OSError:
                os.unlink(file.name)
                raise
    except OSError as error:
        _log.warning("cannot keep the road order in %s (%s); the next start computes it again", cache, error)
