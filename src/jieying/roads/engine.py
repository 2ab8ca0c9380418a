"""What an engine of shortest paths offers. Nodes and arcs have the TurnGraph's numbers, times are whole ms.

Two engines: `cch` (fast) and `dijkstra` (plain, the oracle of the tests and the fallback).
"""

from collections.abc import Sequence
from typing import Protocol, Self

from jieying.roads.graph import Ints
from jieying.roads.turns import TurnGraph

NO_WAY = 2**31 - 1  # RoutingKit's infinity: what takes 24.8 days or more is out of reach


class Engine(Protocol):
    def to_one(self, sources: Sequence[int], targets: Sequence[tuple[int, int]]) -> Ints:
        """From each source the least time to any `(node, time still to go)`; NO_WAY when there is none."""
        ...

    def with_times(self, arc_ms: Ints) -> Self:
        """Another engine for the same graph with these times; this one goes on as it is."""
        ...

    def path(
        self, sources: Sequence[tuple[int, int]], targets: Sequence[tuple[int, int]]
    ) -> tuple[int, int, list[int]] | None:
        """The fastest way from any `(node, time so far)` to any `(node, time still to go)`, or None.

        Its whole time, its first node and its arcs.
        """
        ...


class MakesEngine(Protocol):
    def __call__(self, graph: TurnGraph, arc_ms: Ints) -> Engine: ...
