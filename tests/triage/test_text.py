"""Numbers as people say and type them, and sentences around a word."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.kit.normal import normalise, plain
from jieying.triage.text import model_text, number, numbers, sentence_around


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("128", 128), ("3,500", 3500), ("4.6万", 46_000), ("12万8千", 128_000), ("一百二十八万", 1_280_000),
        ("两千三", 2_300), ("一万二", 12_000), ("一百五", 150), ("一百零五", 105), ("十五", 15), ("二十", 20),
        ("三百六十五", 365), ("5w", 50_000), ("3k", 3_000), ("一亿两千万", 120_000_000), ("二零二六", 2026),
        ("1万2500", 12_500), ("八万六千四百", 86_400),
    ],
)  # fmt: skip
def test_a_spoken_number_has_its_value(said: str, value: float) -> None:
    assert number(said) == pytest.approx(value)


@pytest.mark.parametrize("said", ["", "号", "三号楼", "1.2.3"])
def test_what_is_no_number_has_none(said: str) -> None:
    assert number(said) is None


def test_numbers_are_found_where_they_stand() -> None:
    text = "转了12万8千，又转三千，门牌3号楼"
    assert [(text[n.start : n.end], n.value) for n in numbers(text)] == [
        ("12万8千", 128_000),
        ("三千", 3_000),
        ("3", 3),
    ]


def test_a_unit_alone_is_no_number() -> None:
    assert list(numbers("千万别去，百般劝说")) == []


@given(st.integers(1, 99_999_999))
def test_figures_are_read_as_they_are(value: int) -> None:
    assert number(str(value)) == value


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    assert all(0 <= n.start < n.end <= len(plain(text)) for n in numbers(plain(text)))


@given(st.text() | st.text("12 　a着火"))
def test_models_read_figures_as_0_and_no_spaces_and_know_where_it_stood(text: str) -> None:
    said = normalise(text)
    read = model_text(said)
    assert read.text == re.sub(r"\d+", "0", said.text.replace(" ", ""))
    assert all(text[at] and 0 <= at < len(text) for at in read.offsets)


def test_a_sentence_ends_at_its_mark() -> None:
    text = "没事了。家里着火了!快来"
    at = text.index("着火")
    assert sentence_around(text, at, at + 2) == ("家里", "了!")
