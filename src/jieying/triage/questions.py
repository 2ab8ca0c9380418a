"""What still has to be asked: the key questions of a category that the words have not answered yet.

They stand in the pack's questions.toml. Each answer may change the category and the level.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jieying.citypack.faults import Fault, PackFaults
from jieying.citypack.model import Category, Level, Name
from jieying.kit.normal import plain

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

    def still_open(self, words: str, category: str | None, located: bool) -> list[Question]:
        """At most four. `located`: a place is known already, so that the question for it is left out."""
        text = plain(words[:4000])
        chosen = self._categories.get(category or "")
        parent = chosen.parent if chosen else ""
        return [
            one
            for one in self._questions
            if {"*", category, parent} & set(one.categories)
            and not (located and one.code == "where")
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
