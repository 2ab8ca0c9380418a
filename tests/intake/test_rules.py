"""How sure the steps must be of a place to go on without a person, and what is let in at all."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.incidents.model import Channel
from jieying.intake.rules import check_content, check_occurred, check_words, choose_place
from jieying.kit.errors import Invalid
from jieying.kit.reasons import Reason
from jieying.places.locate import PlaceCandidate
from tests.minicity import spot

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def place(name: str, confidence: float, x: float = 1000, org: str | None = "S1") -> PlaceCandidate:
    return PlaceCandidate(name, "place", spot(x, 1000), confidence, "A1" if org else None, org)


@pytest.mark.parametrize(
    ("candidates", "chosen"),
    [
        ([], "place_unknown"),
        ([place("far", 0.9, org=None)], "place_outside"),
        ([place("vague", 0.39)], "place_unsure"),
        ([place("one", 0.8), place("other", 0.78, x=2500)], "place_ambiguous"),
        ([place("one", 0.8), place("other", 0.78, x=1500)], "one"),  # near each other: it does not matter
        ([place("one", 0.8), place("other", 0.7, x=2500)], "one"),
        ([place("far", 0.9, org=None), place("one", 0.8)], "one"),
    ],
)
def test_the_place_to_go_to_or_why_a_person_asks(candidates: list[PlaceCandidate], chosen: str) -> None:
    found = choose_place(candidates)
    assert (found.code if isinstance(found, Reason) else found.name) == chosen


@pytest.mark.parametrize(
    ("ahead_s", "speed", "taken"), [(-1e6, 1, True), (60, 1, True), (61, 1, False), (600, 20, True)]
)
def test_a_device_may_be_a_minute_ahead_by_the_real_clock(ahead_s: float, speed: float, taken: bool) -> None:
    at = NOW + timedelta(seconds=ahead_s)
    if taken:
        check_occurred(at, NOW, speed)
    else:
        with pytest.raises(Invalid, match="time_in_future"):
            check_occurred(at, NOW, speed)


@pytest.mark.parametrize("channel", list(Channel))
def test_only_a_voice_may_say_nothing_yet(channel: Channel) -> None:
    if channel.is_spoken:
        check_content(channel, "", None, ())
    else:
        with pytest.raises(Invalid, match="empty_report"):
            check_content(channel, " \n", None, ())
    check_content(channel, "", spot(1, 1), ())
    check_content(channel, "", None, ("0" * 64,))


@given(st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=200))
def test_any_script_and_any_sign_is_taken(words: str) -> None:
    check_words(words + "\r\n\t🚓")


@given(st.text(max_size=50), st.sampled_from([chr(n) for n in [*range(9), 11, 12, *range(14, 32), *range(127, 160)]]))
def test_a_control_character_is_refused_wherever_it_stands(words: str, control: str) -> None:
    with pytest.raises(Invalid, match="control_character"):
        check_words(words + control)
