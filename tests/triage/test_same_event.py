"""Two reports of one event are recognised by place, time, kind, words and meaning; only a person joins them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm

from jieying.citypack.read import read_pack
from jieying.kit.encoder import encoder
from jieying.kit.normal import normalise
from jieying.triage.rules import Understanding
from jieying.triage.same_event import Facts, Projection, features, is_resend, keep, projection, similar
from jieying.triage.text import model_text
from tests.minicity import spot
from tests.said import codes, unsaid

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def vector(words: str, code: str = "") -> bytes:
    """What is kept of words; with a code, of words that are surely of that category."""
    codes = projection().codes if code else ()
    chances = [(one, float(one == code)) for one in codes]
    return keep(encoder().vector(model_text(normalise(words)).text), chances)


FIRST = Facts(
    "I1", NOW - timedelta(minutes=2), spot(1000, 1000), "fight", "order", "人民医院门口有人打架", "138", "phone",
    vector("人民医院门口有人打架", "2001"),
)  # fmt: skip
NEW = Facts(
    "", NOW, spot(1050, 1000), "fight", "order", "医院门口两个人打架，快来", "139", "wechat",
    vector("医院门口两个人打架，快来", "2001"),
)  # fmt: skip
OTHER = replace(
    FIRST,
    incident="I2",
    category="theft",
    top="crime",
    words="停车场有人偷电瓶",
    vector=vector("停车场有人偷电瓶", "1008"),
)


def test_a_second_report_of_the_same_fight_is_recognised_with_reasons() -> None:
    (found,) = similar(NEW, [FIRST])
    assert found.incident == "I1"
    assert found.distance_m == pytest.approx(50, abs=1)
    assert found.age_s == 120
    assert codes(found.reasons) == {
        "same_event_near",
        "same_event_recent",
        "same_event_category",
        "same_event_meaning",
        "same_event_words",
    }
    assert unsaid(found.reasons) == []


def test_another_event_beside_it_is_not_suggested(yunzhou: Path) -> None:
    understanding = Understanding(read_pack(yunzhou))
    new, first, other = (replace(one, vector=understanding.understand(one.words).vector) for one in (NEW, FIRST, OTHER))
    assert [one.incident for one in similar(new, [other, first])] == ["I1"]
    assert similar(new, [other]) == []


@pytest.mark.parametrize(
    "other",
    [replace(FIRST, position=spot(1700, 1000)), replace(FIRST, received_at=NOW - timedelta(minutes=31))],
    ids=["too far", "too long ago"],
)
def test_what_lies_outside_the_window_is_another_event(other: Facts) -> None:
    assert similar(NEW, [other]) == []


def test_a_category_understood_differently_does_not_rule_it_out() -> None:
    assert similar(replace(NEW, category="noise"), [FIRST])


def test_every_report_of_an_incident_speaks_for_it() -> None:
    vague = replace(FIRST, words="快来", vector=vector("快来"))
    alone, together = similar(NEW, [vague]), similar(NEW, [vague, FIRST])
    assert [one.incident for one in together] == ["I1"]
    assert together[0].score > max((one.score for one in alone), default=0.0)


def test_without_a_position_words_and_time_decide_and_weigh_less() -> None:
    (found,) = similar(replace(NEW, position=None), [FIRST])
    assert found.distance_m is None
    assert found.score < similar(NEW, [FIRST])[0].score
    assert "same_event_near" not in codes(found.reasons)


def test_a_place_that_may_be_meant_speaks_for_what_happens_there() -> None:
    lost = replace(NEW, position=None)
    (near,) = similar(replace(lost, guesses=(spot(1020, 1000),)), [FIRST])
    (far,) = similar(replace(lost, guesses=(spot(2900, 2900),)), [FIRST])
    assert near.score > far.score


def test_another_building_is_another_event() -> None:
    third, seventh = replace(FIRST, words="3号楼着火了"), replace(NEW, words="七栋着火了，快来")
    same = replace(NEW, words="三栋着火了，快来")
    assert similar(same, [third])
    found = similar(seventh, [third])
    assert not found or found[0].score < similar(same, [third])[0].score


def test_without_vectors_place_time_and_words_are_compared() -> None:
    (found,) = similar(replace(NEW, vector=None), [replace(FIRST, vector=None)])
    assert "same_event_meaning" not in codes(found.reasons)


def test_what_another_projection_made_is_not_compared() -> None:
    (found,) = similar(replace(NEW, vector=bytes(len(NEW.vector or b""))), [FIRST])
    assert found == similar(replace(NEW, vector=None), [FIRST])[0]


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


def test_reports_of_one_event_are_likelier_told_of_one_than_those_of_two() -> None:
    by = projection()
    fire, smoke, theft = (
        by.row(features(encoder().vector(words), [], by.codes))
        for words in ("六楼厨房着火了窗户往外冒黑烟", "楼上起火了好大的烟呛得睁不开眼", "我的电瓶车被偷了锁被剪断")
    )
    of_smoke, of_theft = by.log_odds(fire, np.stack([smoke, theft]))
    assert of_smoke > 0 > of_theft


def test_the_log_odds_are_those_of_two_normal_distributions() -> None:
    by = Projection((), np.zeros(2, np.float32), np.eye(2, dtype=np.float32), np.array([3.0, 0.5], np.float32))
    one, other = np.array([1.0, -0.5], np.float32), np.array([0.4, 2.0], np.float32)
    together = sum(
        multivariate_normal(cov=np.array([[1 + e, e], [e, 1 + e]])).logpdf([a, b])
        for e, a, b in zip(by.spread, one, other, strict=True)
    )
    apart = sum(
        norm(scale=np.sqrt(1 + e)).logpdf(a) + norm(scale=np.sqrt(1 + e)).logpdf(b)
        for e, a, b in zip(by.spread, one, other, strict=True)
    )
    assert by.log_odds(one, other[None])[0] == pytest.approx(together - apart, rel=1e-5)
