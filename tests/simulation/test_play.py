"""One replication followed by hand: who goes when, who waits, and what duties, breaks and breakdowns change."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from jieying.citypack.model import Duty, Level
from jieying.roads.graph import from_pack
from jieying.roads.network import RoadNetwork
from jieying.simulation.model import Conditions
from tests.minicity import mini_city, spot
from tests.simulation.small import Ring, busy_day, city, play

# Received at 0, answered after 5 s, described after 40: an officer is wanted at 45, sets out at 75.
WANTED_S, SET_OUT_S = 45.0, 75.0
EVERY_DAY = frozenset(range(1, 8))


def drive_s(a: Any, b: Any) -> float:
    pack = mini_city()
    eta = RoadNetwork(from_pack(pack), pack.speeds).etas([a], b, 6 * 24 + 12)[0]
    assert eta is not None
    return eta


def post(unit: str) -> Any:
    return mini_city().units[unit].post


def steps(journal: Any, step: str) -> list[tuple[str, str]]:
    """(time after noon, unit) of a step of assignments."""
    found = [e for e in journal.entries if e["kind"] == f"assignment.{step}"]
    return [(e["at"][11:19], e["data"]["unit"]) for e in sorted(found, key=lambda e: e["at"])]


def test_a_call_goes_through_all_its_stages_in_their_times() -> None:
    outcome, _ = play([Ring(0, spot(600, 500))])
    assert (outcome.answered_s[0], outcome.opened_s[0], outcome.offered_s[0]) == (5.0, WANTED_S, WANTED_S)
    assert outcome.en_route_s[0] == SET_OUT_S
    assert outcome.on_scene_s[0] == SET_OUT_S + drive_s(post("U1"), spot(600, 500))
    assert outcome.busy_s[0] == pytest.approx(outcome.on_scene_s[0] + 600 - WANTED_S)


def test_the_relay_step_delays_the_offer_and_nothing_before_it() -> None:
    outcome, _ = play([Ring(0, spot(600, 500))], policies=["nearest_by_road+relay"])
    assert (outcome.opened_s[0], outcome.offered_s[0]) == (WANTED_S, WANTED_S + 60)


def test_as_many_units_go_as_the_response_plan_says() -> None:
    _, journal = play([Ring(0, spot(600, 500), "robbery", Level.ORANGE)])
    assert {unit for _, unit in steps(journal, "on_scene")} == {"U1", "U3"}


def test_a_recorded_number_of_units_stands_above_the_plan() -> None:
    _, journal = play([Ring(0, spot(600, 500), "robbery", Level.ORANGE, needed=1)])
    assert [unit for _, unit in steps(journal, "on_scene")] == ["U1"]


def test_a_call_waits_until_a_unit_is_free_again() -> None:
    outcome, _ = play([Ring(0, spot(600, 500)), Ring(10, spot(600, 500))], city("U1"))
    free_s = outcome.on_scene_s[0] + 600
    assert outcome.waited.tolist() == [False, True]
    assert outcome.offered_s[1] == free_s


def test_of_those_who_wait_the_most_urgent_is_served_first() -> None:
    rings = [Ring(0, spot(600, 500)), Ring(10, spot(600, 500)), Ring(20, spot(600, 500), "fight", Level.YELLOW)]
    outcome, _ = play(rings, city("U1"))
    assert outcome.on_scene_s[2] < outcome.on_scene_s[1]


def test_who_is_on_the_way_to_something_less_urgent_is_taken_from_it_where_the_plan_says_so() -> None:
    rings = [Ring(0, spot(2900, 500)), Ring(60, spot(500, 600), "robbery", Level.RED, needed=1)]
    outcome, journal = play(rings, city("U1"))
    assert [e["data"]["reason"] for e in journal.entries if e["kind"] == "assignment.released"] == ["preempted"]
    assert outcome.on_scene_s[1] < outcome.on_scene_s[0]
    assert outcome.waited.tolist() == [True, False]


def test_a_unit_taken_on_its_way_drives_on_from_where_it_was() -> None:
    rings = [Ring(0, spot(2900, 500)), Ring(60, spot(500, 600), "robbery", Level.RED, needed=1)]
    outcome, _ = play(rings, city("U1"))
    driven_s = 60 + WANTED_S - SET_OUT_S
    there = spot(500 + driven_s * 30 / 3.6, 500)  # at 30 km/h along 长乐路
    assert outcome.on_scene_s[1] - outcome.en_route_s[1] == pytest.approx(drive_s(there, spot(500, 600)), abs=0.1)


def test_a_free_unit_is_sent_on_from_its_way_home() -> None:
    first, second = spot(2900, 500), spot(2900, 600)
    alone, _ = play([Ring(0, first)], city("U1"))
    home_s = alone.on_scene_s[0] + 600 + 40
    outcome, _ = play([Ring(0, first), Ring(home_s - WANTED_S, second)], city("U1"))
    there = spot(2900 - 40 * 30 / 3.6, 500)
    assert outcome.on_scene_s[1] - outcome.en_route_s[1] == pytest.approx(drive_s(there, second), abs=0.1)


def test_a_unit_off_duty_is_not_sent_and_one_whose_duty_ends_finishes_its_work() -> None:
    pack = city("U1", "U2", duties=(Duty("U1", EVERY_DAY, 8 * 60, 12 * 60 + 2), Duty("U2", EVERY_DAY, 14 * 60, 0)))
    outcome, _ = play([Ring(0, spot(600, 500)), Ring(180, spot(600, 500))], pack)
    assert np.isfinite(outcome.on_scene_s[0])
    assert outcome.unit.tolist() == [0, 1]
    assert outcome.offered_s[1] == 2 * 3600


def test_nobody_is_sent_during_a_break() -> None:
    duties = (Duty("U1", EVERY_DAY, 12 * 60, 14 * 60),)  # its middle is 13:00
    outcome, _ = play([Ring(3600, spot(600, 500))], city("U1", duties=duties), conditions=Conditions(break_s=1200))
    assert outcome.offered_s[0] == 3600 + 600


def test_a_break_waits_until_the_work_is_done() -> None:
    duties = (Duty("U1", EVERY_DAY, 12 * 60, 14 * 60),)
    rings = [Ring(2800, spot(600, 500)), Ring(3300, spot(600, 500))]
    outcome, _ = play(rings, city("U1", duties=duties), conditions=Conditions(break_s=1200))
    assert outcome.on_scene_s[0] > 2800
    assert outcome.offered_s[1] == outcome.on_scene_s[0] + 600 + 1200


def test_when_a_unit_breaks_down_on_its_way_another_goes() -> None:
    rings = [Ring(60 * minute, spot(600, 500), stay_s=1.0) for minute in range(300)]
    often = Conditions(breakdowns_per_day=200.0, repair_s=600.0)
    outcome, journal = play(rings, city("U1", "U3"), conditions=often)
    broken = [e for e in journal.entries if e["data"].get("reason") == "broken_down"]
    assert broken
    for entry in broken:
        offers = [
            e for e in journal.entries if e["incident"] == entry["incident"] and e["kind"] == "assignment.offered"
        ]
        assert any(e["at"] >= entry["at"] for e in offers)
    assert np.isfinite(outcome.on_scene_s).all()


def test_a_unit_is_never_at_two_incidents_at_once() -> None:
    _, journal = play(busy_day(120, seed=3), policies=["balanced"])
    bound: dict[str, list[tuple[str, str]]] = {}
    for entry in sorted(journal.entries, key=lambda e: e["at"]):
        step = entry["kind"].removeprefix("assignment.")
        if step in ("offered", "cleared", "released"):
            bound.setdefault(entry["data"]["unit"], []).append((step, entry["data"]["assignment"]))
    for of_unit in bound.values():
        assert [step == "offered" for step, _ in of_unit] == [i % 2 == 0 for i in range(len(of_unit))]
        assert all(a[1] == b[1] for a, b in list(pairwise(of_unit))[::2])


def test_calls_that_no_unit_can_ever_reach_are_counted_as_unserved() -> None:
    pack = city("U1", duties=(Duty("U1", frozenset({3}), 0, 60),))
    outcome, _ = play([Ring(0, spot(600, 500))], pack)
    assert np.isnan(outcome.on_scene_s[0])
    assert outcome.unit[0] == -1
    assert outcome.waited[0]


def test_move_up_sends_units_to_other_posts_and_they_are_there_when_they_are_called() -> None:
    pack = city()
    pack = replace(pack, dispatch=replace(pack.dispatch, cover_s=90))
    rings = busy_day(80, seed=5)
    moved, _ = play(rings, pack, policies=["nearest_by_road+move_up"])
    stayed, _ = play(rings, pack, policies=["nearest_by_road"])
    assert moved.moves > 0
    assert stayed.moves == 0
    assert np.isfinite(moved.on_scene_s).all()
