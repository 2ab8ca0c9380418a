"""The invented city that other tests stand on is what it says it is."""

from jieying.kit.geo import distance_m
from tests.minicity import BLOCK_M, crossings, mini_city, road_lines


def test_blocks_are_as_long_as_said() -> None:
    for edge in mini_city().road_edges:
        assert abs(distance_m(edge.line[0], edge.line[-1]) - BLOCK_M) < 1


def test_references_inside_the_pack_hold() -> None:
    pack = mini_city()
    assert {a.org for a in pack.areas} <= pack.orgs.keys()
    assert {u.org for u in pack.units.values()} <= pack.orgs.keys()
    assert {d.unit for d in pack.duties} == pack.units.keys()
    assert {c.parent for c in pack.categories.values()} - {""} <= pack.categories.keys()
    assert {w.category for w in pack.alarm_words} - {""} <= pack.categories.keys()
    assert [o.code for o in pack.orgs_above("S1")] == ["S1", "K", "C", "P"]


def test_crossings_lie_on_both_roads() -> None:
    ends = {name: {p for line in lines for p in line} for name, lines in road_lines().items()}
    for names, points in crossings().items():
        for name in names:
            assert set(points) <= ends[name]
