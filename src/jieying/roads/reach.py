"""Where one gets to in time: the streets and H3 cells within reach, and how many units reach each cell.

By scipy's Dijkstra, ended at the limit; the cells stand in its graph as nodes that only lead in.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import h3.api.numpy_int as h3
import numpy as np
from numpy.typing import NDArray

from jieying.kit.geo import H3_RESOLUTION
from jieying.roads.graph import Bools, Floats, Ints
from jieying.roads.network import RoadNetwork
from jieying.roads.snapping import Snap

Cells = NDArray[np.uint64]

STEP_M = 100.0
TOGETHER = 16  # starts of one search: it needs a number for each of them and each node


@dataclass(frozen=True, eq=False)
class StreetCells:
    """The H3 cells that the streets run through, looked up at least every 100 m; they depend on the streets alone.

    In row i, the cell `cells[cell[i]]` holds places of the edge `edge[i]`, the first of them at the fraction
    `low[i]`, the last at `high[i]`. Rows are in the order of the edges.
    """

    cells: Cells
    edge: Ints
    cell: Ints
    low: Floats
    high: Floats

    @classmethod
    def of(cls, network: RoadNetwork) -> "StreetCells":
        pieces = np.maximum(1, np.ceil(network.graph.length_m / STEP_M)).astype(np.int64)
        edge = np.repeat(np.arange(len(pieces)), pieces)
        number = np.arange(len(edge)) - np.repeat(np.cumsum(pieces) - pieces, pieces)
        middle = (number + 0.5) / pieces[edge]
        places = network.snapper.points(edge, middle).tolist()
        found = np.array([h3.latlng_to_cell(lat, lon, H3_RESOLUTION) for lat, lon in places], np.uint64)
        cells, cell = np.unique(found, return_inverse=True)
        rows, row = np.unique(edge * len(cells) + cell, return_inverse=True)
        low, high = np.ones(len(rows)), np.zeros(len(rows))
        np.minimum.at(low, row, middle)
        np.maximum.at(high, row, middle)
        return cls(cells, rows // len(cells), rows % len(cells), low, high)

    def on(self, edges: Bools) -> Bools:
        """Which of the cells hold a place of one of these edges."""
        held = np.zeros(len(self.cells), bool)
        held[self.cell[edges[self.edge]]] = True
        return held


@dataclass(frozen=True, eq=False)
class Reach:
    """What is reached within so many seconds: cells, metres of road, and the names of the streets they are of."""

    seconds: float
    cells: Cells
    road_m: float
    streets: list[str]


class Reacher:
    """Searches on the roads of one network. Safe to use from many threads; new speeds mean a new one."""

    def __init__(self, network: RoadNetwork, streets: StreetCells | None = None) -> None:
        self.network = network
        self.streets = rows = streets or StreetCells.of(network)
        turns, arc_ms = network.turns, network.edge_ms[network.turns.arc_edge]
        self._nodes = len(turns.node)
        names = network.graph.names
        self._by_name = np.array(sorted((i for i, name in enumerate(names) if name), key=names.__getitem__), np.int64)
        self._row_of = np.searchsorted(rows.edge, np.arange(len(network.graph.tail) + 1))
        # A link is a way from the beginning of an arc to a cell that the arc runs through.
        links = np.diff(self._row_of)[turns.arc_edge]
        arc = np.repeat(np.arange(len(links)), links)
        row = self._row_of[turns.arc_edge[arc]] + np.arange(len(arc)) - np.repeat(np.cumsum(links) - links, links)
        along = turns.arc_of[arc] < len(network.graph.tail)
        share = np.where(along, rows.low[row], 1 - rows.high[row])
        tails = np.concatenate([turns.arc_tail, turns.arc_tail[arc]])
        order = np.argsort(tails, kind="stable")
        self._heads = np.concatenate([turns.arc_head, self._nodes + rows.cell[row]])[order]
        self._ms = np.concatenate([arc_ms, share * arc_ms[arc]])[order]
        self._first = np.searchsorted(tails, np.arange(self._nodes + len(rows.cells) + 1), sorter=order)

    def reach(self, place: Snap, limits_s: Sequence[float], hour: int) -> list[Reach]:
        """What is reached from a place within each of these times, in that hour of the week (0–167)."""
        factor = 1000 * self.network.speeds.hour_factor[hour]
        (times,) = self._search([place], max(limits_s) * factor)
        return [self._within(place, times, seconds, seconds * factor) for seconds in limits_s]

    def cover(self, places: Sequence[Snap], limit_s: float, hour: int) -> Ints:
        """For each of `streets.cells`, from how many of these places it is reached within that time."""
        limit_ms = limit_s * 1000 * self.network.speeds.hour_factor[hour]
        counts = np.zeros(len(self.streets.cells), np.int64)
        waiting = iter(Counter(places).items())
        while some := dict(islice(waiting, TOGETHER)):
            times = self._search(list(some), limit_ms)[:, self._nodes :]
            counts += np.array(list(some.values())) @ (times <= limit_ms)
        return counts

    def _search(self, places: Sequence[Snap], limit_ms: float) -> Floats:
        """Milliseconds from each place to all nodes and cells; infinite beyond the limit. Places are nodes too."""
        # Imported only when needed: scipy takes longer to load than all the rest.
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        ways = [self._ways_from(place) for place in places]
        first = self._first[-1] + np.cumsum([len(heads) for heads, _ in ways])
        size = len(self._first) - 1
        graph = csr_array(
            (
                np.concatenate([self._ms, *(ms for _, ms in ways)]),
                np.concatenate([self._heads, *(heads for heads, _ in ways)]).astype(np.int32),
                np.concatenate([self._first, first]).astype(np.int32),
            ),
            shape=(size + len(places), size + len(places)),
        )
        times: Floats = dijkstra(graph, indices=size + np.arange(len(places)), limit=limit_ms)
        return times[:, :size]

    def _ways_from(self, place: Snap) -> tuple[Ints, Floats]:
        """The nodes at the ends of its road, and the cells that it gets to before them."""
        exits = self.network.exits(place)
        rows = slice(*self._row_of[place.edge : place.edge + 2])
        low, high = self.streets.low[rows], self.streets.high[rows]
        before = high < place.fraction
        gap = np.where(before, place.fraction - high, np.maximum(0, low - place.fraction))
        may = ~before | ~self.network.graph.oneway[place.edge]
        return (
            np.concatenate([[*exits], self._nodes + self.streets.cell[rows][may]]),
            np.concatenate([[ms for ms, _ in exits.values()], gap[may] * self.network.edge_ms[place.edge]]),
        )

    def _within(self, place: Snap, times: Floats, seconds: float, limit_ms: float) -> Reach:
        graph = self.network.graph
        share = self._shares(place, times, limit_ms)
        named = np.zeros(len(graph.names), bool)
        named[graph.name[share > 0]] = True
        return Reach(
            seconds,
            self.streets.cells[times[self._nodes :] <= limit_ms],
            float(share @ graph.length_m),
            [graph.names[name] for name in self._by_name[named[self._by_name]].tolist()],
        )

    def _shares(self, place: Snap, times: Floats, limit_ms: float) -> Floats:
        """Which share of each edge is reached, from either end and on the place's own edge straight away."""
        graph, turns, edge_ms = self.network.graph, self.network.turns, self.network.edge_ms
        arcs = len(graph.arc_tail)
        begun = times[turns.arc_tail]
        np.minimum.at(begun, turns.arc_of[arcs:], begun[arcs:])
        gone = np.clip((limit_ms - begun[:arcs]) / edge_ms[graph.arc_edge], 0, 1)
        share = gone[: len(graph.tail)]
        share[graph.two_way] += gone[len(graph.tail) :]
        edge, most = place.edge, limit_ms / edge_ms[place.edge]
        back = 0.0 if graph.oneway[edge] else min(place.fraction, most)
        share[edge] = max(share[edge], min(1 - place.fraction, most) + back)
        whole: Floats = np.minimum(share, 1)
        return whole


def outline(cells: Cells) -> dict[str, Any]:
    """The ground of these cells as a GeoJSON geometry."""
    geometry: dict[str, Any] = h3.cells_to_geo(cells)
    return geometry


def area_km2(cells: Cells) -> float:
    """The area of these cells together."""
    return float(sum(h3.cell_area(cell, "km^2") for cell in cells.tolist()))
