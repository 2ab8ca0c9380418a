"""Forbidden turns are never taken. (Against an oracle, with bans at random: test_network.py.)"""

import pytest

from jieying.roads.cch import CchEngine
from jieying.roads.dijkstra import DijkstraEngine
from jieying.roads.engine import MakesEngine
from jieying.roads.network import RoadNetwork
from jieying.roads.turns import TurnGraph

from .towns import WALK, on, road, seconds, town

both_engines = pytest.mark.parametrize("engine", [CchEngine, DijkstraEngine])

# A square block with a street that leads to it:   3 ─ 2
#                                                  │   │
#                                              4 ─ 0 ─ 1
CORNERS: list[tuple[float, float]] = [(0, 0), (1, 0), (1, 1), (0, 1), (-1, 0)]
BLOCK = [road(i, (i + 1) % 4) for i in range(4)] + [road(4, 0)]
EAST, NORTH, STREET = 0, 3, 4


@both_engines
def test_a_forbidden_turn_is_driven_round(engine: MakesEngine) -> None:
    free, banned = town(CORNERS, BLOCK), town(CORNERS, BLOCK, [(STREET, 0, NORTH), (EAST, 1, EAST)])
    start, end = on(free, STREET, 0.5), on(free, NORTH, 0.5)
    assert seconds(RoadNetwork(free, WALK, engine=engine), start, end) == 10.0
    network = RoadNetwork(banned, WALK, engine=engine)
    assert seconds(network, start, end) == 40.0, "round the block"
    route = network.route(start, end, 0)
    assert route
    assert (route.seconds, route.length_m) == (40.0, 400.0)


def test_it_is_forbidden_in_that_direction_and_from_that_street_only() -> None:
    graph = town(CORNERS, BLOCK, [(STREET, 0, NORTH)])
    network = RoadNetwork(graph, WALK)
    assert seconds(network, on(graph, NORTH, 0.5), on(graph, STREET, 0.5)) == 10.0
    assert seconds(network, on(graph, EAST, 0.5), on(graph, NORTH, 0.5)) == 10.0
    assert seconds(network, on(graph, STREET, 0.5), on(graph, EAST, 0.5)) == 10.0


def test_who_must_not_turn_round_drives_on_to_where_he_may() -> None:
    street = town([(0, 0), (1, 0), (2, 0), (0, 1)], [road(0, 1), road(1, 2), road(3, 0)], [(0, 1, 0)])
    network = RoadNetwork(street, WALK)
    side = on(street, 2, 0.5)
    assert seconds(network, on(street, 0, 0.9), side) == 14.0, "he turns round before the junction"
    one_way = town(
        [(0, 0), (1, 0), (2, 0)],
        [road(0, 1, oneway=True), road(1, 0, oneway=True), road(1, 2)],
        [(0, 1, 1)],
    )
    assert seconds(RoadNetwork(one_way, WALK), on(one_way, 0, 0.5), on(one_way, 1, 0.5)) == 5 + 20 + 5


def test_a_dead_end_of_bans_is_left_by_nobody_but_may_be_gone_to() -> None:
    lane = town([(0, 0), (1, 0), (2, 0)], [road(0, 1, oneway=True), road(1, 2)], [(0, 1, 1)])
    network = RoadNetwork(lane, WALK)
    assert seconds(network, on(lane, 0, 0.5), on(lane, 1, 0.5)) is None
    assert network.route(on(lane, 0, 0.5), on(lane, 1, 0.5), 0) is None
    assert seconds(network, on(lane, 0, 0.5), on(lane, 1, 0.0)) == 5.0, "the junction itself"


def test_who_stands_at_a_junction_came_by_no_street() -> None:
    graph = town(CORNERS, BLOCK, [(STREET, 0, NORTH)])
    assert seconds(RoadNetwork(graph, WALK), on(graph, STREET, 1.0), on(graph, NORTH, 0.5)) == 5.0


def test_only_junctions_with_a_ban_are_split() -> None:
    plain, banned = TurnGraph(town(CORNERS, BLOCK)), TurnGraph(town(CORNERS, BLOCK, [(STREET, 0, NORTH)]))
    assert (len(plain.node), len(plain.arc_of)) == (5, 10)
    assert len(banned.node) == 5 + 1, "a copy for those who come from the street"
    assert len(banned.arc_of) == 10 + 2, "they may drive on to the east and turn round"


@pytest.mark.parametrize("ban", [(0, 2, 1), (9, 1, 0), (0, 1, -1), (0, 7, 1)])
def test_a_ban_on_edges_that_do_not_meet_there_is_refused(ban: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="ban"):
        town([(0, 0), (1, 0), (2, 0)], [road(0, 1), road(1, 2)], [ban])
