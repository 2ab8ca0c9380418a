"""Spelling must not decide whether a word is found."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.kit.normal import WordFinder, normalise, plain


@pytest.mark.parametrize(
    ("written", "matched"),
    [
        ("ＧＵＮ", "gun"),
        ("人民醫院", "人民医院"),
        ("128號", "128号"),
        ("  a \t\n b  ", "a b"),
        ("杀\u200b人\x00", "杀人"),
        ("Café", "cafe"),
        ("Cafe\u0301", "cafe"),
        ("", ""),
        ("\ud800", ""),
    ],
)
def test_spellings_of_one_word_come_out_alike(written: str, matched: str) -> None:
    assert plain(written) == matched


def test_what_was_found_is_highlighted_in_the_original() -> None:
    words = "  有人\u200b受　傷了"
    normal = normalise(words)
    start = normal.text.index("受 伤")
    begin, end = normal.span(start, start + 3)
    assert words[begin:end] == "受　傷"


@given(st.text())
def test_every_character_knows_where_it_came_from(words: str) -> None:
    normal = normalise(words)
    assert len(normal.offsets) == len(normal.text)
    assert list(normal.offsets) == sorted(normal.offsets)
    assert all(0 <= offset < len(words) for offset in normal.offsets)


@given(st.text())
def test_normalising_twice_changes_nothing_more(words: str) -> None:
    assert plain(plain(words)) == plain(words)


@given(st.text(), st.text(), st.text(alphabet="杀殺人醫號Ａbé"))
def test_a_word_is_found_in_any_text_that_contains_it(before: str, after: str, word: str) -> None:
    assert plain(word) in plain(before + word + after)


def test_latin_words_count_only_as_a_whole() -> None:
    finder = WordFinder(["gun"])
    found = {text: [hit[1] for hit in finder.find(text)] for text in ("a gun", "guns!", "begun", "gunther", "有gun吗")}
    assert found == {"a gun": [2], "guns!": [0], "begun": [], "gunther": [], "有gun吗": [1]}


def test_words_inside_words_are_all_found() -> None:
    assert [hit[0] for hit in WordFinder(["打", "打人", "人"]).find("打人")] == ["打", "打人", "人"]
