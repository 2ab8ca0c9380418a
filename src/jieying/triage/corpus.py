"""Labelled texts: wordings written by hand in a short notation, what a small grammar makes of them, and JSONL.

The notation (packs/*/corpus/*.txt): `== code` begins a category; a line is a wording; `{a|b}` one of these; `@` any
place; `[place]` this place; `<words>` what must raise the alarm; `red:` in front the level where it is not that of
the category. JSONL has one object a line: {text, category, level, alarms, place, ours}; what is not labelled is left
out or null.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import orjson
from scipy.sparse import csr_matrix

from jieying.citypack.model import Category, Level
from jieying.kit.errors import Invalid

SEED = 110
VARIANTS = 4  # texts made from each wording, the plain one included
_HELD_OUT = 5  # one wording in so many

_CHOICE = re.compile(r"\{([^{}]*)\}")
_PLACE = re.compile(r"\[([^\[\]]*)\]")
_ALARM = re.compile(r"<([^<>]*)>")
_LEVEL = re.compile(rf"({'|'.join(Level)}):")
_SPLIT = re.compile(r"[，。！？,!?]")


@dataclass(frozen=True)
class Labelled:
    """A text and what it is. None: not labelled. `wording`: texts of one number come from one wording. `weight`: what
    it counts for category and fraud beside others."""

    text: str
    category: str | None = None
    level: str | None = None
    alarms: tuple[str, ...] | None = None
    place: str | None = None
    ours: str | None = None
    wording: int = 0
    weight: float = 1.0

    def as_json(self) -> dict[str, Any]:
        labels = {"text": self.text, "category": self.category, "level": self.level}
        return labels | {"alarms": self.alarms, "place": self.place, "ours": self.ours}


def read_wordings(file: Path, categories: Mapping[str, Category]) -> list[tuple[str, str, str]]:
    """(category, level, wording) of each line, with its marks. Raises Invalid on a category that is not known."""
    code, found = "", []
    for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("== "):
            code = line[3:].strip()
            if code not in categories:
                raise Invalid("corpus_line", file=str(file), line=number, value=code)
        elif line.strip() and not line.startswith("# "):
            level = _LEVEL.match(line)
            default = str(categories[code].level) if code else ""
            found.append((code, level[1] if level else default, line[level.end() :] if level else line))
    return found


def read_jsonl(file: Path) -> list[Labelled]:
    """Anybody's labelled texts. Raises Invalid with the line that can't be read."""
    found = []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            row = orjson.loads(line)
            alarms = None if row.get("alarms") is None else tuple(str(one) for one in row["alarms"])
            labels = {key: row.get(key) for key in ("category", "level", "place", "ours")}
            found.append(Labelled(str(row["text"]), alarms=alarms, wording=number, **labels))
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise Invalid("corpus_line", file=str(file), line=number, value=repr(error)) from error
    return found


def write_jsonl(file: Path, texts: Sequence[Labelled]) -> None:
    file.write_bytes(b"".join(orjson.dumps(one.as_json()) + b"\n" for one in texts))


def is_held_out(wording: str) -> bool:
    """Whether a wording of a file that is split is to judge by, not to learn from: a fifth, by its own characters."""
    return crc32(wording.encode()) % _HELD_OUT == 0


def expand(
    file: Path,
    speech: Mapping[str, Any],
    categories: Mapping[str, Category],
    variants: int = VARIANTS,
    wanted: Callable[[str], bool] = lambda wording: True,
) -> list[Labelled]:
    """Several texts of each wording: choices made, a place, an opening and an end, and slips. The same every time.

    What stands under a category that others stand under is of no category: it teaches danger, not what it is.
    """
    above = {category.parent for category in categories.values()}
    return [
        replace(one, category=None) if code in above else one
        for number, (code, level, wording) in enumerate(read_wordings(file, categories))
        if wanted(wording)
        for one in _variants(wording, code, level, categories, number, speech, variants)
    ]


def _variants(
    wording: str,
    code: str,
    level: str,
    categories: Mapping[str, Category],
    number: int,
    speech: Mapping[str, Any],
    count: int,
) -> list[Labelled]:
    dice = random.Random(SEED + number)  # noqa: S311 -- dice for texts
    found: dict[str, Labelled] = {}
    for i in range(count):
        made = _CHOICE.sub(lambda choice: dice.choice(choice[1].split("|")), wording)
        made = made.replace("@", f"[{dice.choice(speech['places'])}]")
        one = _labelled(made if i == 0 else _spoken(made, speech, dice), code, level, categories, number)
        found.setdefault(one.text, one)
    return list(found.values())


def _labelled(
    marked: str, code: str | None, level: str | None, categories: Mapping[str, Category], number: int
) -> Labelled:
    alarms = tuple(found[1] for found in _ALARM.finditer(_PLACE.sub(r"\1", marked)))
    place = _PLACE.search(marked)
    text = _PLACE.sub(r"\1", _ALARM.sub(r"\1", marked)).strip(" ，,")
    ours = categories[code].kind if code else None
    return Labelled(text, code, level, alarms, _ALARM.sub(r"\1", place[1]) if place else None, ours, number)


def _spoken(text: str, speech: Mapping[str, Any], dice: random.Random) -> str:
    """As somebody says or types it: an opening, an end, words doubled, characters mistaken, marks left out."""
    if dice.random() < 0.5:
        text = dice.choice(speech["openings"]) + text
    if dice.random() < 0.5:
        text += dice.choice(speech["ends"])
    if dice.random() < 0.3:
        parts = _SPLIT.split(text)
        at = dice.randrange(len(parts))
        parts.insert(at, dice.choice(speech["fillers"]))
        text = "，".join(part for part in parts if part)
    slips: dict[str, str] = speech["slips"]
    text = "".join(dice.choice(slips[c]) if c in slips and dice.random() < 0.12 else c for c in text)
    if dice.random() < 0.25:
        text = _SPLIT.sub(lambda _: dice.choice(["", " "]), text)
    return text


def near_copies(some: Sequence[str], others: Sequence[str], limit: float) -> Iterator[tuple[str, str, float]]:
    """Pairs whose sets of three characters in a row overlap (Jaccard) by more than `limit`."""
    sets = [_triples(text) for text in (*some, *others)]
    column = {triple: i for i, triple in enumerate(sorted(set().union(*sets)))}
    ends = np.cumsum([0] + [len(one) for one in sets])
    columns = np.fromiter((column[triple] for one in sets for triple in one), np.int64)
    table = csr_matrix((np.ones(len(columns), np.int32), columns, ends), (len(sets), len(column)))
    both = (table[: len(some)] @ table[len(some) :].T).tocoo()
    for i, j, shared in zip(both.row.tolist(), both.col.tolist(), both.data.tolist(), strict=True):
        alike = shared / (len(sets[i]) + len(sets[len(some) + j]) - shared)
        if alike > limit:
            yield some[i], others[j], float(alike)


def _triples(text: str) -> set[str]:
    return {text[i : i + 3] for i in range(max(1, len(text) - 2))}
