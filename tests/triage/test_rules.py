"""Category and level by words: alarms raise, negation weakens but never silences, doubt goes to a person."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.model import AlarmWord, Level
from jieying.triage.rules import Understanding
from tests.minicity import mini_city
from tests.said import codes, unsaid

PACK = mini_city()
UNDERSTANDING = Understanding(PACK)
understand = UNDERSTANDING.understand


@pytest.mark.parametrize(
    ("words", "category", "level", "ours"),
    [
        ("楼下有人打架", "fight", Level.YELLOW, "police"),
        ("我的手机被偷了", "theft", Level.BLUE, "police"),
        ("路口發生車禍", "crash", Level.BLUE, "police"),
        ("There is a fight outside", "fight", Level.YELLOW, "police"),
        ("身份证丢了怎么补办", "papers", Level.WHITE, "enquiry"),
        ("小区停水两天了", "utility", Level.WHITE, "hotline"),
    ],
)
def test_the_words_of_the_pack_decide_the_category(words: str, category: str, level: Level, ours: str) -> None:
    understood = understand(words)
    assert (understood.category, understood.level, understood.ours) == (category, level, ours)


def test_the_word_that_decided_is_shown() -> None:
    reason = understand("楼下有人打架").reasons[0]
    assert (reason.code, reason.params) == ("category_word", {"word": "打架", "category": "fight"})


def test_an_alarm_word_raises_the_level() -> None:
    assert understand("有人打架").level is Level.YELLOW
    assert understand("有人持刀打架").level is Level.ORANGE
    assert understand("有人打架，有枪").level is Level.RED


def test_an_alarm_word_never_lowers_the_level() -> None:
    mild = Understanding(replace(PACK, alarm_words=(AlarmWord("吵架", Level.WHITE),)))
    assert mild.understand("吵架后打架").level is Level.YELLOW


def test_an_alarm_word_raises_even_what_is_not_understood() -> None:
    understood = understand("这里爆炸了")
    assert (understood.category, understood.level, understood.ours) == (None, Level.RED, "police")
    assert "alarm_without_category" in codes(understood.reasons)


def test_an_alarm_word_makes_an_enquiry_a_matter_for_police() -> None:
    assert understand("我来问身份证，这里有枪").ours == "police"


def test_an_alarm_word_is_marked_in_the_reporters_own_spelling() -> None:
    words = "😀 有人受傷"
    (hit,) = understand(words).alarms
    assert (hit.word, words[hit.start : hit.end], hit.level) == ("受伤", "受傷", Level.ORANGE)


@pytest.mark.parametrize(
    "words",
    ["没有人受伤", "无人受伤", "沒有受傷", "并没有人受伤", "nobody was injured", "no one is injured"],
)
def test_a_plain_negation_weakens_the_raise_but_stays_visible(words: str) -> None:
    understood = understand(words)
    assert understood.level is Level.YELLOW
    assert codes(understood.reasons) >= {"alarm_word_negated"}
    assert understood.ours == "police"


@pytest.mark.parametrize(
    "words",
    [
        "是不是抢劫",  # a question
        "不是没有抢劫",  # a double negation
        "没人管，抢劫了",  # the negation belongs to something else
        "还没抢劫",  # not yet
        "不是抢劫，不对，就是抢劫",  # said plainly once
        "救命不要抢劫我",  # a plea
    ],
)
def test_what_is_no_plain_negation_raises_fully(words: str) -> None:
    assert understand(words).level is Level.RED


def test_longer_words_weigh_more() -> None:
    assert understand("打人的交通事故").category == "crash"


def test_more_words_weigh_more() -> None:
    assert understand("车祸，他打人，还说要打架").category == "fight"


def test_between_equals_the_order_of_the_pack_decides() -> None:
    assert understand("打架和车祸").category == "fight"
    assert understand("车祸和打架").category == "fight"


def test_a_police_category_goes_before_an_enquiry() -> None:
    assert understand("身份证身份证户口，被偷了").category == "theft"


def test_what_a_person_chose_stays_chosen_and_alarms_still_raise() -> None:
    understood = understand("有人打架，有枪", hint_category="noise")
    assert (understood.category, understood.level) == ("noise", Level.RED)
    assert understand("有人打架", hint_category="no such").category == "fight"


@pytest.mark.parametrize("words", ["", "   ", "😀😀", "嗯嗯", "\x00\x01", "\ud800"])
def test_what_nobody_understands_goes_to_a_person(words: str) -> None:
    understood = understand(words)
    assert (understood.category, understood.ours) == (None, "unclear")
    assert codes(understood.reasons) == {"not_understood"}


def test_a_hundred_kilobytes_of_one_word_give_a_bounded_answer() -> None:
    understood = understand("没有人受伤，抢劫" * 5000)
    assert understood.level is Level.RED
    assert len(understood.alarms) <= 40
    assert len(understood.reasons) <= 10


FRAGMENTS = sorted(
    {word for c in PACK.categories.values() for word in c.words}
    | {a.word for a in PACK.alarm_words}
    | {"没有", "不是", "人", "，", " ", "no ", "有"}
)
speech = st.lists(st.sampled_from(FRAGMENTS) | st.text(max_size=5), max_size=12).map("".join)


@given(speech)
def test_any_words_are_taken_and_every_reason_can_be_read(words: str) -> None:
    understood = understand(words)
    assert unsaid(understood.reasons) == []
    assert 0 <= understood.confidence <= 1
    assert (understood.ours == "unclear") == (understood.category is None and not understood.alarms)


@given(speech, st.sampled_from([a.word for a in PACK.alarm_words]))
def test_no_words_around_it_silence_an_alarm(words: str, alarm: str) -> None:
    understood = understand(f"{words}，{alarm}！")
    assert {"alarm_word", "alarm_word_negated"} & codes(understood.reasons)
    assert understood.level.rank <= Level.YELLOW.rank
