"""Where it happened, by words and device: best first, contradictions said, nothing thrown away."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.model import Address
from jieying.kit.geo import Point, distance_m
from jieying.places.locate import Locator, PlaceCandidate
from tests.minicity import ROADS, STREETS, crossings, mini_city, road_lines, spot
from tests.said import codes, unsaid

PACK = mini_city()
LOCATOR = Locator(PACK, crossings(), road_lines())
locate = LOCATOR.locate


def best(words: str, device: Point | None = None, accuracy_m: float | None = None) -> PlaceCandidate:
    return locate(words, device, accuracy_m)[0]


def is_at(one: PlaceCandidate, x: float, y: float, within_m: float = 1) -> bool:
    return distance_m(one.position, spot(x, y)) <= within_m


@pytest.mark.parametrize(
    "words",
    [
        "文昌路与夏荷街交叉口有人打架",
        "我在夏荷街和文昌路路口",
        "文昌路夏荷街路口",
        "夏荷街文昌路口附近",
        "文昌路、夏荷街交汇的地方",
        "文昌路/夏荷街",
    ],
)
def test_a_crossing_is_found_however_it_is_said(words: str) -> None:
    found = best(words)
    assert (found.kind, found.area, found.org) == ("crossing", "A1", "S1")
    assert is_at(found, 500, 1500)


def test_two_roads_that_cross_are_only_a_hint_when_not_joined() -> None:
    said, hinted = best("文昌路与夏荷街路口"), best("文昌路附近的那个夏荷街")
    assert hinted.kind == "crossing"
    assert hinted.confidence < said.confidence


def test_two_roads_that_do_not_cross_are_both_kept() -> None:
    assert {c.name for c in locate("文昌路与和平路路口")} == {"文昌路", "和平路"}


def test_a_pair_of_roads_that_meets_twice_gives_both_crossings() -> None:
    pair = frozenset({"文昌路", "夏荷街"})
    near, far = spot(520, 1500), spot(2500, 1500)
    twice = Locator(PACK, {**crossings(), pair: [spot(500, 1500), near, far]}, road_lines())
    found = [c for c in twice.locate("文昌路与夏荷街路口") if c.kind == "crossing"]
    assert len(found) == 2
    assert all("one_of_several" in codes(c.reasons) and c.confidence < 0.5 for c in found)


@pytest.mark.parametrize(
    ("words", "x", "y", "code"),
    [
        ("文昌路22号", 1100, 1510, "house_number_known"),
        ("文昌路２２號三楼", 1100, 1510, "house_number_known"),
        ("文昌路 20-3号", 1000, 1510, "house_number_between"),
        ("文昌路19号", 1000, 1490, "house_number_between"),
        ("文昌路999号", 2900, 1500, "house_number_beyond"),
    ],
)
def test_a_house_number_is_found_or_worked_out(words: str, x: float, y: float, code: str) -> None:
    found = best(words)
    assert found.kind == "address"
    assert code in codes(found.reasons)
    assert is_at(found, x, y, within_m=11)


def test_the_same_side_is_preferred_to_the_other() -> None:
    road = [("单行路", n, spot(n * 10, 0 if n % 2 else 20)) for n in (1, 9, 2, 4)]
    one_sided = Locator(replace(PACK, addresses=tuple(Address(*a) for a in road)), {}, {})
    odd, even = one_sided.locate("单行路3号")[0], one_sided.locate("单行路6号")[0]
    assert codes(odd.reasons) == {"house_number_between"}
    assert codes(even.reasons) == {"house_number_other_side"}
    assert even.confidence < odd.confidence


@pytest.mark.parametrize("words", ["文昌路3号楼", "文昌路5号线", "文昌路2号门", "文昌路13800001111", "文昌路"])
def test_other_numbers_are_no_house_numbers(words: str) -> None:
    (found,) = locate(words)
    assert (found.kind, found.name) == ("road", "文昌路")
    assert found.confidence < 0.5


def test_a_road_alone_is_taken_in_its_middle_or_where_the_device_is_near() -> None:
    assert is_at(best("在文昌路上"), 1500, 1500)
    (road,) = [c for c in locate("在文昌路上", spot(2200, 1700), 50) if c.kind == "road"]
    assert is_at(road, 2200, 1500)


@pytest.mark.parametrize("words", ["人民医院门口", "縣醫院對面", "在 县医院"])
def test_a_place_is_found_by_name_alias_and_traditional_characters(words: str) -> None:
    assert best(words).name == "人民医院"


def test_one_name_for_two_places_gives_both_and_the_device_decides() -> None:
    unsure = [c for c in locate("华联超市有小偷") if c.kind == "place"]
    assert len(unsure) == 2
    assert all(c.confidence < 0.5 for c in unsure)
    near, far = (c for c in locate("华联超市有小偷", spot(600, 2400), 800) if c.kind == "place")
    assert is_at(near, 520, 2480)
    assert near.confidence > 0.6 > far.confidence


def test_a_place_on_a_road_also_named_is_likelier() -> None:
    assert best("文昌路的人民医院").confidence > best("人民医院").confidence


def test_mentions_near_each_other_strengthen_each_other() -> None:
    found = best("人民医院，文昌路10号")
    assert found.confidence > best("文昌路10号").confidence
    assert "near_other_mention" in codes(found.reasons)


def test_mentions_far_apart_are_both_kept_and_say_so() -> None:
    found = locate("人民医院，不对，火车站")
    assert {c.name for c in found} == {"人民医院", "火车站"}
    assert all("far_from_other_mention" in codes(c.reasons) for c in found)


@pytest.mark.parametrize(("accuracy_m", "at_least"), [(10, 0.9), (80, 0.8), (400, 0.5), (5000, 0.1), (None, 0.7)])
def test_a_device_is_trusted_by_its_accuracy(accuracy_m: float | None, at_least: float) -> None:
    found = best("", spot(700, 700), accuracy_m)
    assert (found.kind, found.area) == ("device", "A1")
    assert at_least <= found.confidence < at_least + 0.1


def test_words_and_device_that_contradict_each_other_are_both_kept() -> None:
    words, device = locate("火车站有人打架", spot(100, 2900), 20)
    assert (words.name, device.kind) == ("火车站", "device")
    assert "device_is_far" in codes(words.reasons)
    assert "words_name_another_place" in codes(device.reasons)


def test_words_that_the_device_confirms_are_surer() -> None:
    assert best("人民医院", spot(560, 1500), 20).confidence > best("人民医院").confidence


def test_outside_the_city_the_candidate_stays_without_area() -> None:
    found = best("", spot(-4000, 0), 20)
    assert (found.area, found.org) == (None, None)
    assert "outside_city" in codes(found.reasons)


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ("fight at Market St and 6th Street", "crossing"),
        ("MARKET ST/6TH ST", "crossing"),
        ("Market & 6th at Market Street & 6th St", "crossing"),
        ("I am at 128 market street", "address"),
        ("1200 Block of MARKET ST", "address"),
        ("call 555-0128 Market St", "road"),
        ("South Market St", "road"),
    ],
)
def test_english_names_are_found_short_and_long(words: str, kind: str) -> None:
    market = "Market St"
    english = Locator(
        replace(PACK, addresses=tuple(Address(market, n, spot(n, 0)) for n in (100, 128, 1300))),
        {frozenset({market, "6th St"}): [spot(600, 0)]},
        {market: [[spot(0, 0), spot(3000, 0)]], "6th St": [[spot(600, 0), spot(600, 900)]]},
    )
    assert english.locate(words)[0].kind == kind


def test_no_words_and_no_device_give_nothing() -> None:
    assert locate("") == []
    assert locate("我不知道我在哪里") == []
    assert locate("", Point(math.nan, 200.0)) == []


FRAGMENTS = sorted(
    {*ROADS, *STREETS, *(p.name for p in PACK.places), "与", "路口", "20号", "999号", "3号楼", "，", " ", "12 "}
)
speech = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=4), max_size=10).map("".join)
devices = st.none() | st.builds(spot, st.floats(-9000, 9000), st.floats(-9000, 9000))


@given(speech, devices, st.none() | st.floats())
def test_any_words_and_device_give_ordered_candidates_with_readable_reasons(
    words: str, device: Point | None, accuracy_m: float | None
) -> None:
    found = locate(words, device, accuracy_m)
    assert len(found) <= 10
    assert [c.confidence for c in found] == sorted((c.confidence for c in found), reverse=True)
    for one in found:
        assert 0 < one.confidence <= 1
        assert one.reasons
        assert unsaid(one.reasons) == []
        assert (one.area is None) == ("outside_city" in codes(one.reasons))


def test_a_flood_of_names_is_bounded() -> None:
    assert len(locate("".join(ROADS) * 2000)) <= 10
