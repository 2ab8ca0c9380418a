"""What is kept and what is joined: nothing that can be driven between kept junctions takes another time."""

import heapq
from collections import defaultdict
from collections.abc import Collection, Mapping
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jieying.citypack.model import RoadEdge, TurnBan
from jieying.citypack.roadsource.clean import clean
from jieying.citypack.roadsource.model import Draft, Oddities, Roads
from jieying.citypack.roadsource.reach import mutually_reachable
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


def times(nodes: set[int], edges: Mapping[int, RoadEdge], bans: Collection[TurnBan]) -> dict[tuple[int, int], float]:
    """Seconds between these nodes without a forbidden turn: a plain search over (node, edge by which one came)."""
    arcs: dict[int, list[tuple[int, int, float]]] = defaultdict(list)
    for number, edge in edges.items():
        seconds = edge.length_m * 3.6 / (edge.kmh or {"street": 30, "avenue": 60}[edge.road_class])
        for a, b in [(edge.tail, edge.head)] + [(edge.head, edge.tail)] * (not edge.oneway):
            arcs[a].append((b, number, seconds))
    forbidden = {(ban.from_edge, ban.via, ban.to_edge) for ban in bans}
    found: dict[tuple[int, int], float] = {}
    for start in nodes:
        queue, done = [(0.0, start, -1)], set()
        while queue:
            time, node, came = heapq.heappop(queue)
            if (node, came) in done:
                continue
            done.add((node, came))
            found[start, node] = min(time, found.get((start, node), time))
            for to, number, more in arcs[node]:
                if (came, node, number) not in forbidden:
                    heapq.heappush(queue, (time + more, to, number))
    return {pair: time for pair, time in found.items() if pair[1] in nodes}


def cleaned(draft: Draft) -> Roads | None:
    """None when there is nothing to keep."""
    try:
        return clean(draft)
    except Invalid:
        return None


@settings(max_examples=50)
@given(drafts())
def test_between_kept_junctions_every_time_stays_as_it_was(draft: Draft) -> None:
    if roads := cleaned(draft):
        kept = {node.id for node in roads.nodes}
        inside = mutually_reachable(draft.edges, draft.turn_bans)
        before = times(kept, {i: draft.edges[i] for i in inside}, draft.turn_bans)
        after = times(kept, dict(enumerate(roads.edges)), roads.turn_bans)
        assert after == pytest.approx(before)
        assert len(after) == len(kept) ** 2


@settings(max_examples=50)
@given(drafts())
def test_without_bans_nothing_is_kept_only_where_nothing_reaches_another(draft: Draft) -> None:
    draft.turn_bans = set()
    found = times(set(draft.nodes), dict(enumerate(draft.edges)), ())
    mutual = [pair for pair in found if pair[0] != pair[1] and pair[::-1] in found]
    assert (cleaned(draft) is None) == (not mutual)


@settings(max_examples=50)
@given(drafts())
def test_nothing_is_lost_but_what_is_dropped(draft: Draft) -> None:
    read = sum(e.length_m for e in draft.edges)
    roads = cleaned(draft)
    if roads is None:
        return
    assert sum(e.length_m for e in (*roads.edges, *roads.dropped)) == pytest.approx(read)
    assert all(e.tail != e.head for e in roads.edges)
    assert {n for e in roads.edges for n in (e.tail, e.head)} == {node.id for node in roads.nodes}


@settings(max_examples=50)
@given(drafts())
def test_lines_still_lead_from_tail_to_head(draft: Draft) -> None:
    position = dict(draft.nodes)
    roads = cleaned(draft)
    if roads is None:
        return
    assert all((e.line[0], e.line[-1]) == (position[e.tail], position[e.head]) for e in roads.edges)


def test_what_forbidden_turns_alone_cut_off_is_dropped_too() -> None:
    """At node 1, nobody may drive on."""
    nodes = {i: at(i, 0) for i in range(4)}
    edges = [RoadEdge(i, i + 1, 100.0, "street", False, str(i), (nodes[i], nodes[i + 1])) for i in range(3)]
    roads = clean(Draft(nodes, Oddities(), edges, {TurnBan(0, 1, 1), TurnBan(1, 1, 0)}))
    assert {e.name for e in roads.edges} == {"1", "2"}
    assert [e.name for e in roads.dropped] == ["0"]


@settings(max_examples=50)
@given(drafts())
def test_each_ban_of_kept_edges_is_still_at_its_node(draft: Draft) -> None:
    roads = cleaned(draft)
    if roads is None:
        return
    for ban in roads.turn_bans:
        for number in (ban.from_edge, ban.to_edge):
            assert ban.via in (roads.edges[number].tail, roads.edges[number].head)


def test_a_long_chain_becomes_one_edge() -> None:
    nodes = {i: at(i, 0) for i in range(500)}
    edges = [RoadEdge(a, b, 10.0, "street", False, "长街", (nodes[a], nodes[b])) for a, b in pairwise(range(500))]
    (edge,) = clean(Draft(nodes, Oddities(), edges)).edges
    assert ({edge.tail, edge.head}, edge.length_m, len(edge.line)) == ({0, 499}, 4990.0, 500)
    assert isinstance(edge.line[0], Point)
