"""The search: what it finds, when it says that it doesn't know, and that it takes whatever it is given."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jieying.citypack.model import Level
from jieying.knowledge.base import base_entries
from jieying.knowledge.evaluate import evaluate
from jieying.knowledge.model import EXPIRES_SOON_DAYS
from jieying.knowledge.rules import answer_of
from jieying.knowledge.search import Search
from jieying.knowledge.text import Bm25, common_words, grams

TODAY = date(2026, 11, 22)
# What is reached (docs/knowledge.md); the goals are 0.8 and 0.95, the latter not reached on another hand's questions.
REACHED = {
    "test": {"hit_at_1": 0.92, "hit_at_3": 0.98, "falsely_urgent": 0.05},
    "independent": {"hit_at_1": 0.8, "hit_at_3": 0.91, "falsely_urgent": 0.07},
}


@pytest.fixture(scope="module")
def search() -> Search:
    return Search(base_entries())


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return evaluate()


@pytest.mark.parametrize("name", REACHED)
def test_the_figures_of_the_documents_hold_on_questions_that_nothing_was_fitted_to(
    figures: dict[str, Any], name: str
) -> None:
    test, baseline, reached = figures[name], figures["peers"]["bm25_characters"][name], REACHED[name]
    assert test["hit_at_1"] >= reached["hit_at_1"]
    assert test["hit_at_3"] >= reached["hit_at_3"]
    assert test["known"] >= 0.8
    assert test["off_topic_unknown"] >= 0.95
    assert test["off_topic_sure"] == 0
    assert test["sure_and_right"] >= 0.97
    assert baseline["hit_at_1"] < test["hit_at_1"]


@pytest.mark.parametrize("name", REACHED)
def test_few_ordinary_questions_are_taken_for_urgent(figures: dict[str, Any], name: str) -> None:
    assert figures[name]["falsely_urgent"] <= REACHED[name]["falsely_urgent"]


def test_every_cry_for_help_is_noticed(figures: dict[str, Any]) -> None:
    assert figures["test"]["urgent_noticed"] == 1


def test_the_models_take_little_memory(figures: dict[str, Any]) -> None:
    assert figures["memory_mb"] < 250


@pytest.mark.parametrize("words", ["派出所门口那只石狮子是哪一年立的", "食堂里的面条是谁做的", "今天几号"])
def test_a_harmless_odd_question_is_not_known_and_not_urgent(search: Search, words: str) -> None:
    found = search.find(words)
    assert not found.known
    assert not found.urgent


def test_each_question_finds_itself(search: Search) -> None:
    entries = search.entries[::12]
    assert [search.find(entry.question).hits[0].entry.id for entry in entries] == [entry.id for entry in entries]


@pytest.mark.parametrize("words", ["救命", "有人拿刀砍人快来", "我家着火了", "他正在打我", "孩子掉水里了"])
def test_a_cry_for_help_is_never_an_enquiry(search: Search, words: str) -> None:
    found = search.find(words)
    assert not found.known
    assert found.urgent


@pytest.mark.parametrize("words", ["", " ", "？！……", "🎉🎉🎉", "\x00\x01", "啊"])
def test_what_says_nothing_is_not_known(search: Search, words: str) -> None:
    assert not search.find(words).known


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_taken(search: Search, words: str) -> None:
    found = search.find(words)
    assert 0 <= found.certainty <= 1
    assert list(found.hits) == sorted(found.hits, key=lambda hit: -hit.score)


def test_a_hundred_thousand_characters_are_read_no_further_than_a_question_is_long(search: Search) -> None:
    assert not search.find("天气" * 50_000).known


def test_a_sure_answer_is_given_only_while_it_holds_and_never_to_what_is_urgent(search: Search) -> None:
    found = search.find("身份证丢了怎么补办？")
    entry = answer_of(found, Level.WHITE, TODAY)
    assert entry is not None
    assert entry.id == "h35"
    assert answer_of(found, Level.ORANGE, TODAY) is None
    assert answer_of(found, Level.WHITE, entry.valid_until.replace(year=entry.valid_until.year + 1)) is None


def test_an_entry_warns_before_it_is_out_of_date() -> None:
    entry = base_entries()[0]
    days = [date.fromordinal(entry.valid_until.toordinal() - before) for before in (EXPIRES_SOON_DAYS + 1, 1, -1)]
    assert [(entry.expires_soon(day), entry.holds_on(day)) for day in days] == [
        (False, True), (True, True), (True, False),
    ]  # fmt: skip


def test_citizens_words_are_read_as_those_of_the_questions() -> None:
    assert common_words("我驾照丢了") == common_words("駕駛證遺失")


def test_bm25_gives_the_share_of_what_the_query_could_reach() -> None:
    index = Bm25(["身份证到期", "护照到期", "天气"])
    scores = index.score(grams("护照"))
    assert scores.argmax() == 1
    assert scores[2] == 0
    assert index.score(grams("xyz")).tolist() == [0, 0, 0]
