"""Turn restrictions become bans between edges, or are counted with their relation."""

from pathlib import Path

import pytest

from jieying.citypack.roadsource.model import Odd, Roads
from jieying.citypack.roadsource.read import read_roads
from tests.citypack.roadsource.drawn import grid, oddities, osm, relation, turn, way

#      3 N
#      │
# W 1 ─ 2 ─ 4 E
#      │
#      5 S
CROSS = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (2, 0), 5: (1, -1)}
ARMS = (way(1, [1, 2], name="W"), way(2, [2, 3], name="N"), way(3, [2, 4], name="E"), way(4, [2, 5], name="S"))
FROM_W = ("from", "way", 1)
LEFT = (FROM_W, ("via", "node", 2), ("to", "way", 2))


def read(folder: Path, *parts: str, ways: tuple[str, ...] = ARMS) -> Roads:
    return read_roads(osm(folder / "cross.osm", *grid(CROSS), *ways, *parts))


def bans(roads: Roads) -> set[tuple[str, int, str]]:
    """By the names of the roads."""
    return {(roads.edges[b.from_edge].name, b.via, roads.edges[b.to_edge].name) for b in roads.turn_bans}


def test_a_forbidden_turn_is_a_ban(tmp_path: Path) -> None:
    assert bans(read(tmp_path, turn(9, "no_left_turn", 1, 2, 2))) == {("W", 2, "N")}


def test_an_only_turn_bans_all_others_and_turning_round(tmp_path: Path) -> None:
    found = bans(read(tmp_path, turn(9, "only_straight_on", 1, 2, 3)))
    assert found == {("W", 2, "N"), ("W", 2, "S"), ("W", 2, "W")}


def test_an_only_turn_says_nothing_of_roads_that_one_may_not_enter(tmp_path: Path) -> None:
    ways = (*ARMS[:3], way(4, [5, 2], name="S", oneway="yes"), way(5, [4, 5], name="back"))
    found = bans(read(tmp_path, turn(9, "only_straight_on", 1, 2, 3), ways=ways))
    assert found == {("W", 2, "N"), ("W", 2, "W")}


def test_turning_round_is_banned_on_the_edge_itself(tmp_path: Path) -> None:
    assert bans(read(tmp_path, turn(9, "no_u_turn", 1, 2, 1))) == {("W", 2, "W")}


def test_no_entry_bans_from_every_road_that_it_names(tmp_path: Path) -> None:
    members = (("from", "way", 1), ("from", "way", 2), ("via", "node", 2), ("to", "way", 4))
    found = bans(read(tmp_path, relation(9, members, restriction="no_entry")))
    assert found == {("W", 2, "S"), ("N", 2, "S")}


def test_a_turn_that_police_cars_are_excepted_from_is_allowed(tmp_path: Path) -> None:
    roads = read(tmp_path, turn(9, "no_left_turn", 1, 2, 2, **{"except": "psv;emergency"}))
    assert not roads.turn_bans
    assert not roads.oddities


def test_a_ban_keeps_two_parts_of_a_road_apart(tmp_path: Path) -> None:
    """Without it, they would be joined: a ban needs its node."""
    ways = (way(1, [1, 2], name="A"), way(2, [2, 4], name="A"))
    assert len(read(tmp_path, ways=ways).edges) == 1
    roads = read(tmp_path, turn(9, "no_u_turn", 1, 2, 1), ways=ways)
    assert len(roads.edges) == 2
    assert bans(roads) == {("A", 2, "A")}


def test_a_ban_follows_its_edge_when_that_is_joined_at_the_other_end(tmp_path: Path) -> None:
    more = {6: (0, 1)}
    ways = (way(8, [6, 1], name="W"), *ARMS)
    file = osm(tmp_path / "cross.osm", *grid(CROSS | more), *ways, turn(9, "no_left_turn", 1, 2, 2))
    roads = read_roads(file)
    assert {frozenset((e.tail, e.head)) for e in roads.edges if e.name == "W"} == {frozenset((6, 2))}
    assert bans(roads) == {("W", 2, "N")}


@pytest.mark.parametrize(
    ("parts", "code"),
    [
        ((relation(9, (FROM_W, ("via", "way", 2), ("to", "way", 3)), restriction="no_u_turn"),), Odd.TURN_VIA_WAY),
        ((relation(9, (FROM_W, ("to", "way", 3)), restriction="no_u_turn"),), Odd.TURN_UNPLACED),
        ((turn(9, "no_left_turn", 1, 2, 77),), Odd.TURN_UNPLACED),
        ((turn(9, "no_left_turn", 1, 3, 2),), Odd.TURN_UNPLACED),
        ((turn(9, "left_turn_perhaps", 1, 2, 2),), Odd.TURN_UNKNOWN),
        ((relation(9, LEFT, restriction__conditional="no_left_turn @ (07:00-09:00)"),), Odd.TURN_CONDITIONAL),
        ((way(6, [3, 2, 5], name="through"), turn(9, "no_left_turn", 6, 2, 3)), Odd.TURN_AMBIGUOUS),
    ],
)
def test_a_restriction_that_cannot_be_used_is_counted(tmp_path: Path, parts: tuple[str, ...], code: Odd) -> None:
    roads = read(tmp_path, *parts)
    assert not roads.turn_bans
    assert oddities(roads) == {code: [next(e for e in oddities(roads)[code] if e.startswith("relation/9"))]}


def test_restrictions_for_others_are_passed_over(tmp_path: Path) -> None:
    roads = read(tmp_path, relation(9, LEFT, restriction__hgv="no_left_turn"))
    assert not roads.turn_bans
    assert not roads.oddities
