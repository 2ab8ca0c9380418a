"""What is kept and what is joined: nothing that can be driven between kept junctions takes another time."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra

from jieying.citypack.model import RoadEdge, TurnBan
from jieying.citypack.roadsource.clean import clean
from jieying.citypack.roadsource.model import Draft, Oddities
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point
from tests.roads.towns import at

NODES = 12


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    """Towns of a few nodes on a line, with streets like each other, one-way ones and chains among them."""
    nodes = {number: at(number, 0) for number in range(NODES)}
    ends = st.tuples(st.integers(0, NODES - 1), st.integers(0, NODES - 1)).filter(lambda pair: pair[0] != pair[1])
    chains = [list(pairwise(range(start, start + draw(st.integers(2, 5))))) for start in (0, 6)]
    pairs = [pair for chain in chains for pair in chain] + draw(st.lists(ends, max_size=14))
    edges = []
    for tail, head in pairs:
        road_class, oneway = draw(st.sampled_from(["street", "avenue"])), draw(st.booleans())
        kmh = draw(st.sampled_from([None, None, 50.0]))
        line = (nodes[tail], nodes[head])
        edges.append(RoadEdge(tail, head, draw(st.integers(1, 900)), road_class, oneway, "", line, kmh))
    bans = set()
    for _ in range(draw(st.integers(0, 3))):
        first = draw(st.integers(0, len(edges) - 1))
        via = draw(st.sampled_from([edges[first].tail, edges[first].head]))
        others = [i for i, e in enumerate(edges) if via in (e.tail, e.head)]
        bans.add(TurnBan(first, via, draw(st.sampled_from(others))))
    return Draft(nodes, Oddities(), edges, bans)


def times(edges: tuple[RoadEdge, ...] | list[RoadEdge]) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """Seconds between all nodes."""
    direct = np.full((NODES, NODES), np.inf)
    for e in edges:
        seconds = e.length_m * 3.6 / (e.kmh or {"street": 30, "avenue": 60}[e.road_class])
        for a, b in ((e.tail, e.head), *(() if e.oneway else ((e.head, e.tail),))):
            direct[a, b] = min(direct[a, b], seconds)
    found: np.ndarray[tuple[int, int], np.dtype[np.float64]] = dijkstra(np.where(np.isfinite(direct), direct, 0))
    return found


@given(drafts())
def test_between_kept_junctions_every_time_stays_as_it_was(draft: Draft) -> None:
    before = times(draft.edges)
    try:
        roads = clean(draft)
    except Invalid:
        mutual = np.isfinite(before) & np.isfinite(before.T)
        assert mutual.sum() == NODES  # each only with itself
        return
    kept = [node.id for node in roads.nodes]
    after = times(roads.edges)
    assert np.allclose(after[np.ix_(kept, kept)], before[np.ix_(kept, kept)])
    assert np.isfinite(after[np.ix_(kept, kept)]).all()


@given(drafts())
def test_nothing_is_lost_but_what_is_dropped(draft: Draft) -> None:
    read = sum(e.length_m for e in draft.edges)
    try:
        roads = clean(draft)
    except Invalid:
        return
    assert np.isclose(sum(e.length_m for e in (*roads.edges, *roads.dropped)), read)
    assert all(e.tail != e.head for e in roads.edges)
    assert {n for e in roads.edges for n in (e.tail, e.head)} == {node.id for node in roads.nodes}


@given(drafts())
def test_lines_still_lead_from_tail_to_head(draft: Draft) -> None:
    position = dict(draft.nodes)
    try:
        roads = clean(draft)
    except Invalid:
        return
    assert all((e.line[0], e.line[-1]) == (position[e.tail], position[e.head]) for e in roads.edges)


@given(drafts())
def test_each_ban_of_kept_edges_is_still_at_its_node(draft: Draft) -> None:
    try:
        roads = clean(draft)
    except Invalid:
        return
    for ban in roads.turn_bans:
        for number in (ban.from_edge, ban.to_edge):
            assert ban.via in (roads.edges[number].tail, roads.edges[number].head)
    kept = {node.id for node in roads.nodes}
    expected = {ban for ban in draft.turn_bans if _both_kept(draft, ban, kept)}
    assert len(roads.turn_bans) == len(expected)


def _both_kept(draft: Draft, ban: TurnBan, kept: set[int]) -> bool:
    """Whether both edges of a ban lie among what is kept; joined nodes are in between kept ones."""
    mutual = np.isfinite(times(draft.edges)) & np.isfinite(times(draft.edges).T)
    part = set(np.flatnonzero(mutual[next(iter(kept))]).tolist())
    edges = [draft.edges[number] for number in (ban.from_edge, ban.to_edge)]
    return all(e.tail in part and e.head in part for e in edges)


def test_a_long_chain_becomes_one_edge() -> None:
    nodes = {i: at(i, 0) for i in range(500)}
    edges = [RoadEdge(a, b, 10.0, "street", False, "长街", (nodes[a], nodes[b])) for a, b in pairwise(range(500))]
    (edge,) = clean(Draft(nodes, Oddities(), edges)).edges
    assert ({edge.tail, edge.head}, edge.length_m, len(edge.line)) == ({0, 499}, 4990.0, 500)
    assert isinstance(edge.line[0], Point)
