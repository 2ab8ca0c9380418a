"""Roads by their names, for the gazetteer: where two of them meet, and where each one runs."""

from collections import defaultdict
from itertools import combinations

import numpy as np

from jieying.kit.geo import Point
from jieying.roads.graph import RoadGraph


def crossings(graph: RoadGraph) -> dict[frozenset[str], tuple[Point, ...]]:
    """The points where two named roads meet, by the pair of names.

    Often several: a road with two carriageways is met twice, and two roads may cross at both ends of a bend.
    Only roads that share a node meet; a bridge over a road doesn't.
    """
    nodes = np.concatenate([graph.tail, graph.head])
    pairs = np.unique(np.column_stack([nodes, np.tile(graph.name, 2)]), axis=0)
    found: dict[frozenset[str], list[Point]] = defaultdict(list)
    for group in np.split(pairs, np.flatnonzero(np.diff(pairs[:, 0])) + 1):
        names = [name for i in group[:, 1].tolist() if (name := graph.names[i])]
        for pair in combinations(names, 2):
            found[frozenset(pair)].append(graph.node(int(group[0, 0])))
    return {pair: tuple(points) for pair, points in found.items()}


def named_lines(graph: RoadGraph) -> dict[str, tuple[list[Point], ...]]:
    """The lines of each named road, one for each of its edges."""
    found: dict[str, list[list[Point]]] = defaultdict(list)
    for edge in range(len(graph.tail)):
        if name := graph.name_of(edge):
            found[name].append(graph.line(edge))
    return {name: tuple(lines) for name, lines in found.items()}
