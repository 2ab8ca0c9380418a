"""Turn restrictions of OpenStreetMap as turn bans. https://wiki.openstreetmap.org/wiki/Relation:restriction

What is forbidden to everybody is not driven, though the law may free a police car with lights and siren: where a
turn is forbidden there is often a kerb. Restrictions that except emergency vehicles or motor vehicles are passed over.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import NamedTuple

from jieying.citypack.model import RoadEdge, TurnBan
from jieying.citypack.roadsource.model import Odd, Oddities

_EXCEPTED = frozenset({"emergency", "motorcar", "motor_vehicle", "vehicle"})


class Restriction(NamedTuple):
    """From one of the ways over the node into one of the others: forbidden, or the only way to go."""

    id: int
    only: bool
    from_ways: tuple[int, ...]
    via: int
    to_ways: tuple[int, ...]


def read_restriction(
    number: int, tags: Mapping[str, str], members: Sequence[tuple[str, int, str]], odd: Oddities
) -> Restriction | None:
    """From the tags and the members (type, id, role) of a relation; None, and an oddity, where it is of no use."""
    place = f"relation/{number}"
    kind = tags.get("restriction", "")
    if not kind:
        odd.note(Odd.TURN_CONDITIONAL, place)  # in force at certain hours only
        return None
    if _EXCEPTED & {word.strip() for word in tags.get("except", "").split(";")}:
        return None
    if not kind.startswith(("no_", "only_")):
        odd.note(Odd.TURN_UNKNOWN, f"{place} {kind}")
        return None
    of_role: dict[tuple[str, str], list[int]] = defaultdict(list)
    for member, ref, role in members:
        of_role[role, member].append(ref)
    via = of_role["via", "n"]
    if of_role["via", "w"]:
        odd.note(Odd.TURN_VIA_WAY, place)
        return None
    if len(via) != 1:
        odd.note(Odd.TURN_UNPLACED, place)
        return None
    from_ways, to_ways = tuple(of_role["from", "w"]), tuple(of_role["to", "w"])
    return Restriction(number, kind.startswith("only_"), from_ways, via[0], to_ways)


def turn_bans(
    restrictions: Iterable[Restriction], edges: Sequence[RoadEdge], of_way: Mapping[int, list[int]], odd: Oddities
) -> set[TurnBan]:
    """The bans that the restrictions mean for these edges. `of_way`: which edges each way became."""
    at_node: dict[int, list[int]] = defaultdict(list)
    for number, edge in enumerate(edges):
        at_node[edge.tail].append(number)
        at_node[edge.head].append(number)
    bans = set()
    for one in restrictions:
        arriving = {way: [e for e in of_way.get(way, ()) if _arrives(edges[e], one.via)] for way in one.from_ways}
        leaving = {way: [e for e in of_way.get(way, ()) if _leaves(edges[e], one.via)] for way in one.to_ways}
        if not all(arriving.values()) or not all(leaving.values()) or not arriving or not leaving:
            odd.note(Odd.TURN_UNPLACED, f"relation/{one.id}")
        elif one.from_ways == one.to_ways and not one.only:  # turning round
            bans |= {TurnBan(e, one.via, e) for e in _all(arriving) & _all(leaving)}
        elif any(len(found) > 1 for found in (*arriving.values(), *leaving.values())):
            odd.note(Odd.TURN_AMBIGUOUS, f"relation/{one.id}")
        elif one.only:
            others = {e for e in at_node[one.via] if _leaves(edges[e], one.via)} - _all(leaving)
            bans |= {TurnBan(e, one.via, other) for e, other in product(_all(arriving), others)}
        else:
            bans |= {TurnBan(e, one.via, other) for e, other in product(_all(arriving), _all(leaving))}
    return bans


def _all(found: Mapping[int, list[int]]) -> set[int]:
    return {edge for edges in found.values() for edge in edges}


def _arrives(edge: RoadEdge, node: int) -> bool:
    return edge.head == node or (not edge.oneway and edge.tail == node)


def _leaves(edge: RoadEdge, node: int) -> bool:
    return edge.tail == node or (not edge.oneway and edge.head == node)
