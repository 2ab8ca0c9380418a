"""The content that comes with the platform is whole, and the questions it is judged by are not near to it."""

from collections import Counter

import pytest

from jieying.knowledge.base import base_entries, labelled
from jieying.knowledge.model import QuestionClass
from jieying.knowledge.search import RIVALS, SPOKEN, spoken_wordings
from jieying.knowledge.text import grams, is_cry

OTHERS = {"off", "urgent"}
TESTS = ("evaluation/test.tsv", "evaluation/independent.tsv")
NEAR = 0.5  # share of common pairs of characters (Jaccard)


def pairs(text: str) -> set[str]:
    return {gram for gram in grams(text) if len(gram) == 2}


def test_seven_classes_hold_at_least_361_questions() -> None:
    counts = Counter(entry.class_ for entry in base_entries())
    assert set(counts) == set(QuestionClass)
    assert sum(counts.values()) >= 361
    assert min(counts.values()) >= 30


def test_every_entry_says_its_question_in_other_words_too_and_names_its_source() -> None:
    for entry in base_entries():
        assert 1 <= len(entry.wordings) <= 3, entry.id
        assert len(entry.answer) >= 30, entry.id
        assert entry.source, entry.id


def test_no_question_is_there_twice() -> None:
    entries = base_entries()
    assert len({entry.id for entry in entries}) == len(entries)
    wordings = Counter(text for entry in entries for text in (entry.question, *entry.wordings))
    assert [text for text, count in wordings.items() if count > 1] == []


@pytest.mark.parametrize("name", ["evaluation/dev.tsv", *TESTS, *SPOKEN])
def test_every_label_is_an_entry(name: str) -> None:
    ids = {entry.id for entry in base_entries()}
    assert {label for label, _ in labelled(name)} <= ids | OTHERS


@pytest.mark.parametrize("name", TESTS)
def test_the_test_questions_are_many(name: str) -> None:
    counts = Counter(label if label in OTHERS else "ours" for label, _ in labelled(name))
    assert counts["ours"] >= 300
    assert counts["off"] + counts["urgent"] >= 100


def test_nothing_that_the_search_learns_from_is_near_to_a_test_question() -> None:
    known = [text for entry in base_entries() for text in (entry.question, *entry.wordings)]
    known += [text for name in (*SPOKEN, RIVALS) for _, text in labelled(name)]
    learned = [(text, pairs(text)) for text in known]
    near = [
        (asked, text)
        for name in TESTS
        for _, asked in labelled(name)
        for text, held in learned
        if asked == text or len(pairs(asked) & held) >= NEAR * max(1, len(pairs(asked) | held))
    ]
    assert near == []


def test_no_question_of_the_base_is_a_cry_for_help() -> None:
    asked = [text for entry in base_entries() for text in (entry.question, *entry.wordings)]
    asked += [text for _, text in spoken_wordings()]
    assert [text for text in asked if is_cry(text)] == []
