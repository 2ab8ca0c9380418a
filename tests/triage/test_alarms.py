"""Every alarm is raised; what merely sounds like one is lowered, and stays visible."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.citypack.model import Level
from jieying.citypack.read_rules import read_alarm_words, read_categories
from jieying.citypack.source import Source
from jieying.kit.normal import normalise
from jieying.triage.alarms import AlarmFinder, AlarmHit
from jieying.triage.corpus import read_jsonl

RECIPE = Path(__file__).parents[2] / "packs" / "yunzhou"
SOURCE = Source(RECIPE)
FINDER = AlarmFinder(read_alarm_words(SOURCE, read_categories(SOURCE)))


def hits(words: str) -> list[AlarmHit]:
    return FINDER.find(normalise(words))[1]


def raised(words: str) -> bool:
    return any(hit.level.rank <= Level.ORANGE.rank for hit in hits(words))


def texts(name: str) -> list[str]:
    return [one.text for one in read_jsonl(RECIPE / "corpus" / f"{name}.jsonl")]


def test_almost_every_alarm_text_that_the_words_were_tuned_on_is_raised_by_them_alone() -> None:
    every = texts("alarms_seen")
    assert sum(raised(text) for text in every) / len(every) >= 0.99


def test_few_look_alikes_are_raised() -> None:
    every = texts("lookalikes_seen")
    assert sum(raised(text) for text in every) / len(every) < 0.05


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("商场跳楼价甩卖", "alarm_word_idiom"),
        ("没有人被绑架", "alarm_word_negated"),
        ("小说里写抢银行", "alarm_word_fiction"),
        ("《抢劫》这部戏", "alarm_word_fiction"),
        ("听说有人贩子，是谣言吧", "alarm_word_hearsay"),
        ("如果着火了应该怎么办", "alarm_word_supposed"),
        ("请问抢劫判几年", "alarm_word_supposed"),
    ],
)
def test_what_is_not_meant_is_lowered_and_stays_visible(words: str, reason: str) -> None:
    alarms, found = FINDER.find(normalise(words))
    assert found
    assert reason in {alarm.why for alarm in alarms}
    assert all(alarm.level.rank >= Level.YELLOW.rank for alarm in alarms)


@pytest.mark.parametrize(
    "words",
    [
        "电影院着火了",
        "游戏厅有人持刀",
        "不是演习，真的有人开枪",
        "请问你们快来，有人被捅了",
        "没有报假警，这里杀人了",
        "他说“我要杀了你”，手里有刀",
        "你们再不来就要死人了",
        "沙人了",
        "有人把他老婆给砍了一刀",
    ],
)
def test_what_is_meant_is_raised_whatever_stands_around_it(words: str) -> None:
    assert raised(words)


def test_a_word_with_a_gap_is_found_within_one_sentence() -> None:
    assert raised("刀子就那样捅了进去")
    assert not any("捅" in hit.word for hit in hits("刀在桌上。后来捅炉子"))


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(["杀人", "着火", "绑架", "跳楼"]))
def test_nothing_around_it_silences_an_alarm(before: str, after: str, word: str) -> None:
    assert any(hit.word == word for hit in hits(f"{before} {word} {after}"))


def test_a_hundred_kilobytes_are_read_with_a_bounded_answer() -> None:
    assert 0 < len(hits("没有着火，" * 20_000)) <= 100
