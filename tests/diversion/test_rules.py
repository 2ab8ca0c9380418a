"""What a message of the hotline means, when it is tried again, and what it is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.model import HotlineSettings
from jieying.diversion.hotline import rules
from jieying.diversion.hotline.model import TRANSITIONS, HotlineState
from jieying.incidents.model import Channel
from jieying.kit.texts import LANGUAGES, catalogue
from tests.minicity import mini_city

H = HotlineState


@pytest.mark.parametrize(
    ("status", "meant"),
    [
        ("open", H.TAKEN), ("In Progress", H.TAKEN), ("closed", H.DONE), ("rejected", H.REFUSED),
        ("not_councils_responsibility", H.REFUSED), ("", H.SENT), ("submitted", H.SENT), ("待办", H.SENT),
    ],
)  # fmt: skip
def test_a_status_is_understood_and_an_unknown_one_says_only_that_they_have_it(
    status: str, meant: HotlineState
) -> None:
    assert rules.meant(status) is meant


@given(st.sampled_from(HotlineState), st.lists(st.sampled_from([*rules.STATUSES, "submitted"]), max_size=8))
def test_whatever_is_heard_in_whatever_order_nothing_goes_back(state: HotlineState, heard: list[str]) -> None:
    rank = {H.BY_HAND: 0, H.TO_SEND: 0, H.SENT: 1, H.TAKEN: 2, H.DONE: 3, H.REFUSED: 3}
    for status in heard:
        target = rules.step_to(state, status)
        if target is not None:
            assert rank[target] > rank[state]
            state = target


def test_what_has_ended_stays_so() -> None:
    assert {state for state, targets in TRANSITIONS.items() if not targets} == {H.DONE, H.REFUSED}


@given(st.integers(1, 10_000))
def test_tries_become_less_often_and_never_cease(failures: int) -> None:
    assert rules.FIRST_AGAIN_S <= rules.again_after_s(failures) <= rules.again_after_s(failures + 1)
    assert rules.again_after_s(failures + 1) <= rules.LAST_AGAIN_S


@given(st.text(max_size=6000))
def test_the_reference_stands_at_the_end_of_every_description(words: str) -> None:
    found = rules.description(words, "reference-1")
    assert found.endswith("[reference-1]")
    assert len(found) <= rules.DESCRIPTION_MAX


@given(st.text(max_size=2000))
def test_a_note_of_theirs_is_one_line_that_can_be_stored_and_shown(text: str) -> None:
    assert all(char.isprintable() for char in rules.clean(text))
    assert len(rules.clean(text)) <= rules.NOTES_MAX


@pytest.mark.parametrize(
    ("category", "code"), [("utility", "water"), ("hotline", "any"), ("fight", "any"), (None, "any"), ("gone", "any")]
)
def test_a_category_has_its_service_or_the_general_one(category: str | None, code: str) -> None:
    settings = HotlineSettings("", "any", {"utility": "water"})
    assert rules.service_code(settings, mini_city().categories, category) == code


def test_a_category_without_its_own_service_has_that_of_the_one_above() -> None:
    settings = HotlineSettings("", "any", {"hotline": "town-hall"})
    assert rules.service_code(settings, mini_city().categories, "utility") == "town-hall"


@pytest.mark.parametrize(
    ("contact", "sent"), [("13900000000", "13900000000"), ("+86 10 1234-5678", "+86 10 1234-5678"), ("oX7_wechat", "")]
)
def test_only_a_telephone_number_is_sent_as_one(contact: str, sent: str) -> None:
    assert rules.telephone(contact) == sent


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_state_and_every_step_has_its_words(language: str) -> None:
    words = catalogue(language)  # type: ignore[arg-type]
    steps = {*(f"hotline.{state}" for state in H), "hotline.stuck", "hotline.unstuck"}
    assert {*(f"state.{state}" for state in H), *(f"journal.{step}" for step in steps)} <= words.keys()
    assert f"channel.{Channel.HOTLINE_12345}" in words
