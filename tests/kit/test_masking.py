"""What tells who somebody is becomes stars; what an event is told by stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.kit.masking import mask


@pytest.mark.parametrize(
    "secret",
    [
        "13912345678", "139 1234 5678", "+8613912345678", "0991-2345678", "01088881234", "11010119900307001X",
        "110101900307001", "6222020200112233445", "6222 0202 0011 2233", "鲁A12345", "京AD12345", "粤B1234警",
    ],
)  # fmt: skip
def test_a_number_that_names_somebody_is_masked_whole(secret: str) -> None:
    assert mask(f"我是{secret}，快来") == f"我是{'*' * len(secret)}，快来"


@pytest.mark.parametrize(
    "words", ["3号楼2单元501", "被骗了128000元", "110", "G1234次列车", "国道G107", "2026年11月22日12时"]
)
def test_what_an_event_is_told_by_stays(words: str) -> None:
    assert mask(words) == words


@given(st.text())
def test_any_text_keeps_its_length(words: str) -> None:
    assert len(mask(words)) == len(words)
