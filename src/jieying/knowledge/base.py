"""The content that comes with the platform: the questions of base/, and what the search learns from."""

import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from jieying.kit.errors import Invalid
from jieying.knowledge.model import Entry, QuestionClass, Scope

_HERE = files("jieying") / "knowledge"


@cache
def base_entries() -> tuple[Entry, ...]:
    """The questions that an installation begins with, class by class. Raises Invalid for a file that is wrong."""
    return tuple(entry for kind in QuestionClass for entry in _read(kind))


def _read(kind: QuestionClass) -> Iterator[Entry]:
    content = tomllib.loads((_HERE / "base" / f"{kind}.toml").read_text(encoding="utf-8"))
    for row in content["question"]:
        try:
            question, *wordings = row["ask"]
            yield Entry(
                row["id"], QuestionClass(content["class"]), question, tuple(wordings), row["answer"], row["source"],
                Scope(row.get("scope", content["scope"])), row.get("valid_until", content["valid_until"]),
            )  # fmt: skip
        except (KeyError, ValueError) as error:
            raise Invalid(
                "knowledge_file", file=f"{kind}.toml", question=row.get("id", "?"), said=str(error)
            ) from error


def labelled(name: str) -> tuple[tuple[str, str], ...]:
    """(label, words) of a table of evaluation/ or learn/; one label may have several words."""
    lines = (_HERE / name).read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return tuple((label, words) for label, *several in rows for words in several)


def synonyms() -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """What words are read as, the words that say nothing of the matter, and those that only cry for help."""
    content = tomllib.loads((_HERE / "synonyms.toml").read_text(encoding="utf-8"))
    same = {word: group[0] for group in content["same"] for word in group}
    return same, tuple(content["idle"]), tuple(content["cries"])
