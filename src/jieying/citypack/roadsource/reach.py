"""Which roads can be reached from each other, forbidden turns left out."""

from collections.abc import Collection, Iterator, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jieying.citypack.model import RoadEdge, TurnBan


def mutually_reachable(edges: Sequence[RoadEdge], bans: Collection[TurnBan]) -> set[int]:
    """The places in `edges` of the largest strongly connected part; empty when no two places reach each other.

    One stands at a node, but where a turn is banned at "the node, come by this arc": so no ban is overlooked.
    """
    steps = list(_steps(edges, bans))
    if not steps:
        return set()
    found = np.array(steps)
    places, ends = np.unique(found[:, :2], return_inverse=True)
    tails, heads = ends.reshape(-1, 2).T
    matrix = coo_array((np.ones(len(steps)), (tails, heads)), (len(places), len(places))).tocsr()
    _, part = connected_components(matrix, connection="strong")
    largest = np.bincount(part).argmax()
    inside = (part[tails] == largest) & (part[heads] == largest)
    return set(found[inside, 2].tolist())


def _steps(edges: Sequence[RoadEdge], bans: Collection[TurnBan]) -> Iterator[tuple[int, int, int]]:
    """From where to where an edge leads, and the edge. A place is a node, or -1 - the arc by which one came to it."""
    arcs = [(e.tail, e.head, i) for i, e in enumerate(edges)]
    arcs += [(e.head, e.tail, i) for i, e in enumerate(edges) if not e.oneway]
    forbidden = {(ban.from_edge, ban.via, ban.to_edge) for ban in bans}
    arriving: dict[int, list[int]] = {ban.via: [] for ban in bans}
    for arc, (_, head, _) in enumerate(arcs):
        if head in arriving:
            arriving[head].append(arc)
    for arc, (tail, head, edge) in enumerate(arcs):
        to = -1 - arc if head in arriving else head
        if tail not in arriving:
            yield tail, to, edge
        else:
            for before in arriving[tail]:
                if (arcs[before][2], tail, edge) not in forbidden:
                    yield -1 - before, to, edge
