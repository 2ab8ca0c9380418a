"""Names that are said, heard or typed nearly right."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.model import Place
from jieying.places.likeness import likeness
from jieying.places.locate import Locator, PlaceCandidate
from jieying.places.nearnames import NearNames, gain, weights
from jieying.places.spoken import number
from tests.minicity import crossings, road_lines, spot
from tests.places.test_locate import PACK, is_at
from tests.said import unsaid

LOCATOR = Locator(PACK, crossings(), road_lines())


def best(words: str) -> PlaceCandidate:
    return LOCATOR.locate(words)[0]


@pytest.mark.parametrize(
    ("words", "road"),
    [
        ("在文仓路20号有人打架", "sounds alike"),
        ("在文唱路20号有人打架", "sounds alike"),
        ("在文冒路20号有人打架", "looks alike"),
        ("在文昌昌路20号有人打架", "doubled"),
        ("在昌文路20号有人打架", "swapped"),
        ("在文昌街20号有人打架", "街 for 路"),
    ],
)
def test_a_misspelled_road_is_found(words: str, road: str) -> None:
    found = best(words)
    assert found.name == "文昌路20号", road
    assert is_at(found, 1000, 1510, within_m=2)


def test_a_name_that_is_nearly_right_is_less_sure_and_says_what_was_said() -> None:
    exact, nearly = best("在文昌路20号"), best("在文仓路20号")
    assert nearly.confidence < exact.confidence
    (reason,) = [r for r in nearly.reasons if r.code == "name_nearly"]
    assert reason.params == {"said": "文仓路", "name": "文昌路"}
    assert unsaid(nearly.reasons) == []


@pytest.mark.parametrize("words", ["文唱路与夏何街交叉口", "文昌路和夏荷接路口", "文路与夏荷街路口", "昌文路夏荷街口"])
def test_a_crossing_is_found_through_errors_because_the_two_roads_meet(words: str) -> None:
    found = best(words)
    assert found.kind == "crossing"
    assert is_at(found, 500, 1500)


def test_two_names_that_are_written_right_but_do_not_cross_are_not_changed_for_surer_ones() -> None:
    found = LOCATOR.locate("文昌路与和平路路口")
    assert {c.name for c in found} >= {"文昌路", "和平路"}
    assert found[0].confidence < 0.5


@pytest.mark.parametrize("words", ["我在人名医院门口", "人民医远对面有人打架"])
def test_a_misspelled_place_is_found(words: str) -> None:
    assert best(words).name == "人民医院"


def test_plain_speech_is_no_place() -> None:
    assert LOCATOR.locate("快点来啊有人打架，孩子也在，我不知道怎么办，他们说要等很久") == []


def test_names_that_are_equally_near_share_the_chance() -> None:
    twins = [Place("东平里", (), "estate", spot(100, 100)), Place("东屏里", (), "estate", spot(2900, 2900))]
    found = Locator(replace(PACK, places=tuple(twins)), {}, {}).locate("我在东萍里门口")
    assert {c.name for c in found[:2]} == {"东平里", "东屏里"}
    assert all(c.confidence < 0.5 for c in found[:2])


@pytest.mark.parametrize(
    ("one", "other", "order"),
    [("明", "鸣", "same sound"), ("山", "三", "near sound"), ("士", "土", "same look"), ("山", "水", "nothing")],
)
def test_characters_are_alike_by_sound_and_by_look(one: str, other: str, order: str) -> None:
    assert likeness(one, one) == 1
    assert 0 <= likeness(one, other) < 1
    assert likeness(one, other) == likeness(other, one)
    assert (likeness(one, other) == 0) == (order == "nothing")


def test_a_name_earns_most_when_it_is_said_right() -> None:
    said = ["文昌路", "文仓路", "文路", "昌文路", "文昌昌路", "文昌", "武汉路"]
    earned = [gain("文昌路", weights("文昌路"), one) for one in said]
    assert max(earned) == earned[0] == pytest.approx(2.3)
    assert min(earned) == earned[-1]


names = st.text(st.sampled_from("文昌路明月山水街小区"), min_size=3, max_size=8)


@given(names, st.data())
def test_a_name_with_one_character_changed_is_always_filed_with_itself(name: str, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, len(name) - 1))
    wrong = name[:k] + data.draw(st.sampled_from("文昌路")) + name[k + 1 :]
    filed = NearNames([name])
    hits = [near for near in filed.find(wrong) if near.name == name]
    left = sum(weight for i, weight in enumerate(weights(name)) if i != k)
    if gain(name, weights(name), wrong) >= 0.7 and left >= 0.5 * sum(weights(name)):
        assert hits


@pytest.mark.parametrize(
    ("said", "value"),
    [
        *(("两百", 200), ("一百五", 150), ("二十二", 22), ("一二八", 128), ("3百", 300)),
        *(("一千零五", 1005), ("半", 0.5), ("一万二", 12000), ("十", 10)),
    ],
)
def test_spoken_numbers_are_read(said: str, value: float) -> None:
    assert number(said) == value


@given(st.text(max_size=9))
def test_any_text_is_a_number_or_none(said: str) -> None:
    assert number(said) is None or isinstance(number(said), float)
