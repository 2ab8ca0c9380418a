"""What the models learn from and what they are judged by are two things; nothing stands on both sides."""

from pathlib import Path

import pytest

from jieying.citypack.read_rules import read_categories
from jieying.citypack.source import Source
from jieying.kit.errors import Invalid
from jieying.triage.corpus import Labelled, is_held_out, near_copies, read_jsonl, read_wordings, write_jsonl
from jieying.triage.train import SPLIT, read_calls, read_held_out, read_training

RECIPE = Path(__file__).parents[2] / "packs" / "yunzhou"
CATEGORIES = read_categories(Source(RECIPE))
LEARNT = read_training(RECIPE / "corpus", CATEGORIES)
INDEPENDENT = ("independent_reports", "independent_alarms", "independent_lookalikes")
UNLEARNT = ("unlearnt_alarms", "unlearnt_lookalikes")
JUDGED = {
    name: read_jsonl(RECIPE / "corpus" / f"{name}.jsonl") for name in ("held_back", "late", *INDEPENDENT, *UNLEARNT)
}
JUDGED["hands"] = read_held_out(RECIPE / "corpus", CATEGORIES)
SECOND_TIER = {code for code, one in CATEGORIES.items() if one.parent}


def test_there_are_two_thousand_texts_of_all_categories() -> None:
    long = [one for one in LEARNT if len(one.text) > 10]
    assert len(long) >= 2000
    assert {one.category for one in LEARNT} - {None} == SECOND_TIER


def test_every_category_is_judged() -> None:
    assert {one.category for one in JUDGED["held_back"]} == SECOND_TIER


@pytest.mark.parametrize("name", sorted(JUDGED))
def test_no_near_copy_is_on_both_sides(name: str) -> None:
    judged = [one.text for one in JUDGED[name]]
    assert list(near_copies(judged, sorted({one.text for one in LEARNT if len(one.text) > 10}), limit=0.5)) == []


@pytest.mark.parametrize("name", sorted(JUDGED))
def test_no_whole_wording_that_was_learnt_stands_in_what_is_judged(name: str) -> None:
    learnt = {one.text for one in LEARNT if len(one.text) >= 8}
    assert [(text.text, one) for text in JUDGED[name] for one in learnt if one in text.text] == []


def test_the_same_texts_are_made_every_time() -> None:
    assert read_training(RECIPE / "corpus", CATEGORIES) == LEARNT
    assert read_calls(RECIPE / "corpus", CATEGORIES) == read_calls(RECIPE / "corpus", CATEGORIES)


def test_marks_of_the_notation_are_in_no_text() -> None:
    assert [one.text for one in LEARNT if set("{}|@<>[]") & set(one.text)] == []


def test_what_must_raise_the_alarm_stands_in_the_text() -> None:
    marked = [one for one in (*LEARNT, *JUDGED["held_back"]) if one.alarms]
    assert len(marked) > 100
    assert [one.text for one in marked if not all(alarm in one.text for alarm in one.alarms or ())] == []


def test_of_every_hand_s_wordings_a_fifth_is_held_out() -> None:
    files = sorted((RECIPE / "corpus").glob(f"*{SPLIT}"))
    wordings = [line for file in files for _, _, line in read_wordings(file, CATEGORIES)]
    held_out = sum(map(is_held_out, wordings))
    assert len(files) > 10
    assert 0.15 < held_out / len(wordings) < 0.25
    assert len(JUDGED["hands"]) == held_out


def test_there_are_enough_alarms_and_look_alikes() -> None:
    for kind in ("alarms", "lookalikes"):
        assert len(read_jsonl(RECIPE / "corpus" / f"{kind}_seen.jsonl")) >= 300


def test_labelled_texts_survive_being_written(tmp_path: Path) -> None:
    texts = [Labelled("有人打架", "2001", "orange", ("打架",), "桥头", "police", 1), Labelled("喂", wording=2)]
    write_jsonl(tmp_path / "t.jsonl", texts)
    assert read_jsonl(tmp_path / "t.jsonl") == texts


@pytest.mark.parametrize("line", ["{", "[]", "{}", '{"text": "a", "alarms": 3}'])
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str) -> None:
    (tmp_path / "t.jsonl").write_text('{"text": "a"}\n' + line, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_jsonl(tmp_path / "t.jsonl")
    assert refused.value.params["line"] == 2
