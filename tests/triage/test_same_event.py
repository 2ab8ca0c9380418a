"""Two reports of one event are recognised by place, time, kind and words; only a person joins them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from jieying.triage.same_event import Facts, is_resend, similar
from tests.minicity import spot
from tests.said import codes, unsaid

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FIRST = Facts("I1", NOW - timedelta(minutes=2), spot(1000, 1000), "order", "人民医院门口有人打架", "138", "phone")
NEW = Facts("", NOW, spot(1050, 1000), "order", "医院门口两个人打架，快来", "139", "wechat")


def test_a_second_report_of_the_same_fight_is_recognised_with_reasons() -> None:
    (found,) = similar(NEW, [FIRST], NOW)
    assert found.incident == "I1"
    assert found.distance_m == pytest.approx(50, abs=1)
    assert found.age_s == 120
    assert codes(found.reasons) == {
        "same_event_near",
        "same_event_recent",
        "same_event_category",
        "same_event_words",
    }
    assert unsaid(found.reasons) == []


@pytest.mark.parametrize(
    "other",
    [
        replace(FIRST, position=spot(1400, 1000)),
        replace(FIRST, position=None),
        replace(FIRST, received_at=NOW - timedelta(minutes=16)),
        replace(FIRST, category="traffic"),
    ],
    ids=["too far", "nowhere", "too long ago", "another kind"],
)
def test_what_lies_outside_the_window_is_another_event(other: Facts) -> None:
    assert similar(NEW, [other], NOW) == []


def test_an_unknown_category_does_not_rule_it_out() -> None:
    assert similar(replace(NEW, category=None), [FIRST], NOW)


def test_the_most_alike_comes_first() -> None:
    apart = replace(FIRST, incident="I2", words="停车场有人吵闹")
    assert [s.incident for s in similar(NEW, [apart, FIRST], NOW)] == ["I1", "I2"]


def test_an_incident_with_several_reports_is_named_once_by_its_best() -> None:
    vague = replace(FIRST, words="快来")
    (found,) = similar(NEW, [vague, FIRST, vague], NOW)
    assert found == similar(NEW, [FIRST], NOW)[0]


def test_scores_lie_between_none_and_one() -> None:
    twin = replace(FIRST, received_at=NOW, position=NEW.position, words=NEW.words)
    assert similar(NEW, [twin], NOW)[0].score == pytest.approx(1.0)
    assert similar(replace(NEW, words=""), [replace(FIRST, words="")], NOW)[0].score < 0.6


def test_the_same_words_sent_again_are_one_report() -> None:
    again = replace(FIRST, incident="", received_at=NOW, words=" 人民醫院門口有人打架 ")
    assert is_resend(again, FIRST)


@pytest.mark.parametrize(
    "again",
    [
        replace(FIRST, contact="139"),
        replace(FIRST, channel="sms"),
        replace(FIRST, words="人民医院门口有人打架，快"),
        replace(FIRST, received_at=FIRST.received_at + timedelta(minutes=11)),
    ],
    ids=["another reporter", "another channel", "other words", "later"],
)
def test_anything_that_differs_is_no_resend(again: Facts) -> None:
    assert not is_resend(again, FIRST)


def test_without_a_contact_or_without_words_nothing_is_a_resend() -> None:
    assert not is_resend(replace(FIRST, contact=""), replace(FIRST, contact=""))
    assert not is_resend(replace(FIRST, words=""), replace(FIRST, words=""))
