"""From what a source has to what a pack needs: what can be reached, and no node where nothing happens."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from jieying.citypack.model import RoadEdge, RoadNode, TurnBan
from jieying.citypack.roadsource.model import Draft, Odd, Roads, place_of, total_m, turned
from jieying.citypack.roadsource.reach import mutually_reachable
from jieying.kit.errors import Invalid


def clean(draft: Draft) -> Roads:
    """Keep the largest part in which every place can be reached from every other, and join the stretches in it.

    Raises Invalid("roads_none") when nothing is left.
    """
    inside = mutually_reachable(draft.edges, draft.turn_bans)
    if not inside:
        raise Invalid("roads_none")
    kept = {number: edge for number, edge in enumerate(draft.edges) if number in inside}
    dropped = tuple(edge for number, edge in enumerate(draft.edges) if number not in inside)
    for island in sorted(_islands(dropped, _nodes(kept.values())), key=total_m, reverse=True):
        draft.odd.note(Odd.ISLAND, f"{place_of(island[0].line[0])} {total_m(island) / 1000:.2f} km")
    joined = _Joined(kept, draft.turn_bans)
    places = {number: place for place, number in enumerate(joined.edges)}
    bans = {TurnBan(places[joined.now(b.from_edge)], b.via, places[joined.now(b.to_edge)]) for b in joined.bans}
    edges = tuple(joined.edges.values())
    used = _nodes(edges)
    return Roads(
        nodes=tuple(RoadNode(number, position) for number, position in draft.nodes.items() if number in used),
        edges=edges,
        turn_bans=tuple(sorted(bans, key=lambda b: (b.from_edge, b.via, b.to_edge))),
        dropped=dropped,
        oddities=tuple(draft.odd.all()),
    )


def _nodes(edges: Iterable[RoadEdge]) -> set[int]:
    return {node for edge in edges for node in (edge.tail, edge.head)}


def _islands(dropped: tuple[RoadEdge, ...], kept: set[int]) -> list[tuple[RoadEdge, ...]]:
    """The dropped edges by what hangs together; two dead ends of the same kept node do not."""
    over: dict[int, int] = {}  # towards the node that stands for its island

    def top(node: int) -> int:
        while over.setdefault(node, node) != node:
            over[node] = node = over[over[node]]
        return node

    def outside(edge: RoadEdge) -> list[int]:
        """Its ends outside; of what is cut off by forbidden turns alone, all of them."""
        return [node for node in (edge.tail, edge.head) if node not in kept] or [edge.tail, edge.head]

    for edge in dropped:
        over[top(outside(edge)[0])] = top(outside(edge)[-1])
    islands: dict[int, list[RoadEdge]] = defaultdict(list)
    for edge in dropped:
        islands[top(outside(edge)[0])].append(edge)
    return [tuple(edges) for edges in islands.values()]


class _Joined:
    """Edges of which two that meet at a node with no other, and are alike, have become one.

    Not where a turn is banned, nor where the result would end at the node that it began at.
    """

    def __init__(self, edges: dict[int, RoadEdge], bans: set[TurnBan]) -> None:
        self.edges = edges
        self.bans = [ban for ban in bans if ban.from_edge in edges and ban.to_edge in edges]
        self._into: dict[int, int] = {}  # which edge a former one became a part of
        at_node: dict[int, set[int]] = defaultdict(set)
        for number, edge in edges.items():
            at_node[edge.tail].add(number)
            at_node[edge.head].add(number)
        banned = {ban.via for ban in self.bans}
        for node, numbers in at_node.items():
            if len(numbers) == 2 and node not in banned:
                first, second = sorted(numbers)
                if joined := _join(edges[first], edges[second], node):
                    gone = edges.pop(second)
                    edges[first] = joined
                    self._into[second] = first
                    far = gone.head if gone.tail == node else gone.tail
                    at_node[far] = at_node[far] - {second} | {first}

    def now(self, number: int) -> int:
        """The edge that a former one is a part of."""
        while number in self._into:
            number = self._into[number]
        return number


def _join(a: RoadEdge, b: RoadEdge, node: int) -> RoadEdge | None:
    """One edge out of two that meet at the node, None where they differ in anything but length and line."""
    if (a.road_class, a.name, a.kmh, a.oneway) != (b.road_class, b.name, b.kmh, b.oneway):
        return None
    if a.oneway:
        if a.tail == node:
            a, b = b, a
        if a.head != node or b.tail != node:
            return None
    else:
        a, b = (a if a.head == node else turned(a)), (b if b.tail == node else turned(b))
    if a.tail == b.head:
        return None
    return replace(a, head=b.head, length_m=a.length_m + b.length_m, line=a.line + b.line[1:])
