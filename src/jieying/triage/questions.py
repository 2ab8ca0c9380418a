"""What still has to be asked: the key questions of a category that the words have not answered yet.

They stand in the pack's questions.toml. Each answer may change the category and the level.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jieying.citypack.faults import Fault, PackFaults
from jieying.citypack.model import Category, Level, Name
from jieying.kit.errors import Invalid
from jieying.kit.normal import plain
from jieying.kit.reasons import Reason
from jieying.triage.rules import Understood

FILE = "questions.toml"
_AT_MOST = 4


@dataclass(frozen=True)
class Answer:
    """One answer to a question, and what it makes of the report; empty: nothing changes."""

    say: Name
    category: str = ""
    level: Level | None = None


@dataclass(frozen=True)
class Question:
    """Asked for these categories (codes of either tier) unless one of `known` stands in the words."""

    code: str
    ask: Name
    categories: tuple[str, ...]
    known: tuple[str, ...]
    answers: tuple[Answer, ...]


class Questions:
    """The questions of one pack, in the order of the file: the more urgent first."""

    def __init__(self, questions: Iterable[Question], categories: Mapping[str, Category]) -> None:
        self._questions = tuple(questions)
        self._categories = categories

    def __iter__(self) -> Iterator[Question]:
        return iter(self._questions)

    def check(self, answers: Mapping[str, int]) -> None:
        """Raises Invalid for an answer that the pack does not have."""
        known = {one.code: len(one.answers) for one in self._questions}
        for code, index in answers.items():
            if not 0 <= index < known.get(code, 0):
                raise Invalid("no_such_answer", question=code[:50], answer=index)

    def after(self, found: Understood, answers: Mapping[str, int], *, decided: bool = False) -> Understood:
        """What is made of the report once these answers are known, each with its reason.

        The most urgent answer gives the level, be it lower than before; an alarm word still asks for its own. The
        first answer in the order of the file that names a category gives it, unless a person has (`decided`).
        What the pack has no more is passed over.
        """
        given = [
            (one, answers[one.code], one.answers[answers[one.code]])
            for one in self._questions
            if 0 <= answers.get(one.code, -1) < len(one.answers)
        ]
        if not given:
            return found
        named = next((answer.category for _, _, answer in given if answer.category), "")
        category = self._categories.get("" if decided else named)
        levels = [answer.level for _, _, answer in given if answer.level]
        usual = category.level if category else found.level
        level = min([*(levels or [usual]), *(alarm.level for alarm in found.alarms)], key=lambda one: one.rank)
        told = tuple(Reason("answered", {"answer": f"{one.code}.{index}"}) for one, index, _ in given)
        found = replace(found, level=level, reasons=(*told, *found.reasons))
        return replace(found, category=category.code, ours=category.kind) if category else found  # type: ignore[arg-type]

    def still_open(self, words: str, category: str | None, located: bool) -> list[Question]:
        """At most four. `located`: a place is known already. It is not asked for then, nor of an enquiry."""
        text = plain(words[:4000])
        chosen = self._categories.get(category or "")
        parent = chosen.parent if chosen else ""
        enquiry = chosen is not None and chosen.kind == "enquiry"
        return [
            one
            for one in self._questions
            if {"*", category, parent} & set(one.categories)
            and not ((located or enquiry) and one.code == "where")
            and not any(word in text for word in one.known)
        ][:_AT_MOST]


def read_questions(folder: Path, categories: Mapping[str, Category]) -> Questions:
    """The questions of a pack, none when it has no file of them. Raises PackFaults when the file is not sound."""
    file = folder / FILE
    if not file.is_file():
        return Questions((), categories)
    try:
        rows = tomllib.loads(file.read_text(encoding="utf-8"))["question"]
        return Questions([_question(row, categories) for row in rows], categories)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise PackFaults([Fault(FILE, 0, "toml_syntax", {"reason": repr(error)})]) from error


def _question(row: dict[str, Any], categories: Mapping[str, Category]) -> Question:
    answers = tuple(
        Answer(Name(**one["say"]), one.get("category", ""), Level(one["level"]) if "level" in one else None)
        for one in row.get("answers", ())
    )
    wrong = {*row["categories"], *(one.category for one in answers)} - {"*", "", *categories}
    if wrong:
        raise ValueError(f"{row['code']}: {sorted(wrong)}")
    known = tuple(plain(word) for word in row.get("known", ()))
    return Question(row["code"], Name(**row["ask"]), tuple(row["categories"]), known, answers)
