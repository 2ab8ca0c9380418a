"""Who goes: nearness, territory and business as the pack weighs them, with the reasons said in both languages."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.model import DispatchSettings, Level
from jieying.dispatch.rules import (
    CallFacts,
    Candidate,
    UnitFacts,
    choose,
    may_go,
    plan_for,
    rank,
    skills_needed,
)
from jieying.kit.errors import Invalid
from jieying.kit.texts import LANGUAGES, catalogue, text
from tests.minicity import mini_city, spot

PACK = mini_city()
SETTINGS = DispatchSettings()
CALL = CallFacts(spot(1000, 1000), Level.ORANGE, "/P/C/K/S1/", frozenset())
UNIT = UnitFacts("U1", "/P/C/K/S1/", frozenset({"patrol"}), "available", spot(500, 500), 10.0)
RED, ANY = PACK.plans[0], PACK.plans[-1]


def codes(candidate: Candidate) -> list[str]:
    return [reason.code for reason in candidate.reasons]


def ranked(
    call: CallFacts, units: Sequence[UnitFacts], etas: Sequence[float | None], settings: DispatchSettings = SETTINGS
) -> list[Candidate]:
    pairs = sorted(zip(units, etas, strict=True), key=lambda pair: pair[0].code)
    eta_s = np.array([np.inf if eta is None else eta for _, eta in pairs])
    return rank(call, [unit for unit, _ in pairs], eta_s, settings)


def order(call: CallFacts, *units: tuple[UnitFacts, float | None], settings: DispatchSettings = SETTINGS) -> list[str]:
    return [c.unit for c in ranked(call, [unit for unit, _ in units], [eta for _, eta in units], settings)]


def weigh(call: CallFacts, unit: UnitFacts, eta_s: float, settings: DispatchSettings = SETTINGS) -> Candidate:
    return ranked(call, [unit], [eta_s], settings)[0]


def test_of_two_alike_the_nearer_by_road_goes() -> None:
    assert order(CALL, (replace(UNIT, code="far"), 300.0), (replace(UNIT, code="near"), 60.0)) == ["near", "far"]


def test_the_own_station_goes_before_another_that_is_a_little_nearer() -> None:
    other = replace(UNIT, code="other", org_path="/P/C/K/S2/")
    assert order(CALL, (other, 100.0), (UNIT, 130.0)) == ["U1", "other"]


def test_a_much_nearer_unit_goes_before_the_own_station() -> None:
    other = replace(UNIT, code="other", org_path="/P/C/K/S2/")
    assert order(CALL, (other, 60.0), (UNIT, 600.0)) == ["other", "U1"]


@pytest.mark.parametrize(
    ("path", "share", "code"),
    [("/P/C/K/S1/", 1.0, "own_station"), ("/P/C/K/S2/", 0.5, "same_county"), ("/P/C/K/", 0.5, "same_county"),
     ("/P/C/L/S9/", 0.2, "other_county"), ("/P/D/M/S7/", 0.0, "other_county")],
)  # fmt: skip
def test_territory_counts_less_for_each_level_of_the_tree_between(path: str, share: float, code: str) -> None:
    candidate = weigh(CALL, replace(UNIT, org_path=path), 60.0, SETTINGS)
    assert candidate.territory == share
    assert code in codes(candidate)


@pytest.mark.parametrize(
    ("held", "share", "code"),
    [({"traffic", "swat"}, 1.0, "skills_all"), ({"swat"}, 0.5, "skills_some"), (set(), 0.0, "skills_none")],
)
def test_business_is_the_share_of_the_skills_asked_for(held: set[str], share: float, code: str) -> None:
    call = replace(CALL, skills=frozenset({"traffic", "swat"}))
    candidate = weigh(call, replace(UNIT, skills=frozenset(held)), 60.0, SETTINGS)
    assert candidate.business == share
    assert code in codes(candidate)


def test_who_has_the_skill_goes_before_who_is_a_little_nearer() -> None:
    call = replace(CALL, skills=frozenset({"traffic"}))
    able = replace(UNIT, code="able", skills=frozenset({"traffic"}))
    assert order(call, (UNIT, 60.0), (able, 100.0)) == ["able", "U1"]


def test_a_stale_position_counts_as_farther_away_and_says_so() -> None:
    fresh = replace(UNIT, code="fresh")
    stale = replace(UNIT, code="stale", position_age_s=SETTINGS.stale_position_s + 400.0)
    assert order(CALL, (stale, 60.0), (fresh, 120.0)) == ["fresh", "stale"]
    assert "position_stale" in codes(weigh(CALL, stale, 60.0, SETTINGS))
    assert "position_stale" not in codes(weigh(CALL, fresh, 60.0, SETTINGS))
    assert "position_never" in codes(weigh(CALL, replace(UNIT, position_age_s=None), 60.0, SETTINGS))


def test_units_that_no_road_leads_from_and_those_too_far_are_left_out() -> None:
    units = [replace(UNIT, code=code) for code in ("cut off", "too far", "far")]
    etas = [None, SETTINGS.max_eta_s + 1.0, float(SETTINGS.max_eta_s)]
    assert order(CALL, *zip(units, etas, strict=True)) == ["far"]


def test_a_tie_is_broken_by_eta_and_then_by_code_whatever_the_order_they_come_in() -> None:
    a, b = replace(UNIT, code="A"), replace(UNIT, code="B")
    assert order(CALL, (b, 60.0), (a, 60.0)) == order(CALL, (a, 60.0), (b, 60.0)) == ["A", "B"]


def test_the_pack_may_ask_for_the_nearest_by_road_alone() -> None:
    settings = replace(SETTINGS, policy="nearest_by_road")
    other = replace(UNIT, code="other", org_path="/P/D/M/S7/")
    assert order(CALL, (UNIT, 61.0), (other, 60.0), settings=settings) == ["other", "U1"]


@pytest.mark.parametrize(
    ("status", "level", "plan", "may"),
    [
        ("available", None, ANY, True),
        ("en_route", Level.BLUE, RED, True),
        ("committed", Level.BLUE, RED, True),
        ("on_scene", Level.BLUE, RED, False),  # whoever has arrived stays
        ("en_route", Level.ORANGE, RED, False),  # not from something as urgent
        ("en_route", Level.RED, RED, False),
        ("en_route", Level.BLUE, ANY, False),  # only where the plan allows it
        ("offered", Level.BLUE, RED, False),
    ],
)
def test_who_may_be_taken_from_something_else(status: str, level: Level | None, plan: object, may: bool) -> None:
    unit = replace(UNIT, status=status, level_rank=level.rank if level else None, incident="i" if level else None)
    assert may_go(CALL, unit, plan) is may  # type: ignore[arg-type]


def test_a_free_unit_goes_before_one_that_would_be_taken_from_elsewhere() -> None:
    busy = replace(UNIT, code="busy", status="en_route", incident="i", level_rank=Level.BLUE.rank)
    assert order(CALL, (busy, 60.0), (UNIT, 70.0)) == ["U1", "busy"]
    taken = weigh(CALL, busy, 60.0, SETTINGS)
    assert taken.preempts == "i"
    assert "preempts_less_urgent" in codes(taken)


def test_the_first_plan_that_fits_is_taken_and_none_is_an_error() -> None:
    assert plan_for(PACK, "robbery", Level.RED).code == "red"
    assert plan_for(PACK, "robbery", Level.ORANGE).code == "crime"  # by the parent
    assert plan_for(PACK, "crash", Level.BLUE).code == "crash"
    assert plan_for(PACK, "noise", Level.WHITE).code == "any"
    with pytest.raises(Invalid, match="no_plan"):
        plan_for(replace(PACK, plans=(PACK.plans[1],)), "noise", Level.WHITE)


def test_skills_come_from_the_category_and_from_the_plan() -> None:
    assert skills_needed(PACK.categories["crash"], RED) == {"traffic", "swat"}
    assert skills_needed(None, ANY) == frozenset()


def test_who_has_said_no_is_not_chosen_again() -> None:
    found = ranked(CALL, [replace(UNIT, code=c) for c in "ABC"], [1.0, 2.0, 3.0])
    assert [c.unit for c in choose(found, 2, {"A"})] == ["B", "C"]
    assert choose(found, 0, set()) == []


@given(
    etas=st.lists(st.one_of(st.none(), st.floats(0, 7200)), min_size=1, max_size=8),
    ages=st.lists(st.one_of(st.none(), st.floats(0, 1e6)), min_size=8, max_size=8),
    nearness=st.floats(0, 1), territory=st.floats(0, 1),
)  # fmt: skip
def test_whatever_the_weights_each_reachable_unit_is_ranked_once_best_first(
    etas: list[float | None], ages: list[float | None], nearness: float, territory: float
) -> None:
    settings = replace(SETTINGS, nearness=nearness, territory=territory)
    units = [replace(UNIT, code=f"U{n}", position_age_s=ages[n]) for n in range(len(etas))]
    found = ranked(CALL, units, etas, settings)
    reachable = [u.code for u, eta in zip(units, etas, strict=True) if eta is not None and eta <= settings.max_eta_s]
    assert sorted(c.unit for c in found) == sorted(reachable)
    assert [c.score for c in found] == sorted((c.score for c in found), reverse=True)
    for c in found:
        assert 0 <= min(c.nearness, c.territory, c.business) <= max(c.nearness, c.territory, c.business) <= 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_reason_of_a_ranking_is_said_in_words(language: str) -> None:
    call = replace(CALL, skills=frozenset({"traffic", "swat"}))
    units = [
        replace(UNIT, position_age_s=None),
        replace(UNIT, position_age_s=1e4, skills=frozenset({"swat"}), org_path="/P/C/K/S2/"),
        replace(UNIT, skills=frozenset({"swat", "traffic"}), org_path="/P/D/M/S7/"),
        replace(UNIT, status="en_route", incident="i", level_rank=4),
    ]
    reasons = [reason for unit in units for reason in weigh(call, unit, 61.5, SETTINGS).reasons]
    assert len({reason.code for reason in reasons}) >= 9
    for reason in reasons:
        assert f"reason.{reason.code}" in catalogue(language), reason.code  # type: ignore[arg-type]
        said = text(f"reason.{reason.code}", language, **reason.params)  # type: ignore[arg-type]
        assert "{" not in said, said
