"""docs/antifraud.md says what the program does."""

import re
from pathlib import Path

from jieying.diversion.antifraud.exchange import ANSWER_COLUMNS, REQUEST_COLUMNS
from jieying.diversion.antifraud.model import FIELDS, STOP_TRANSITIONS, Answer, Refusal

TEXT = (Path(__file__).parents[2] / "docs" / "antifraud.md").read_text(encoding="utf-8")


def test_it_has_every_transition_and_no_other() -> None:
    section = TEXT.split("## The states of a request\n")[1].split("\n| clock |")[0]
    rows = re.findall(r"^\| ([\w, ]+) \| (\w+) \|", section, re.MULTILINE)
    told = {(one.strip(), target) for sources, target in rows for one in sources.split(",")} - {("from", "to")}
    assert told == {(str(source), str(target)) for source, targets in STOP_TRANSITIONS.items() for target in targets}


def test_it_names_every_column_and_code_of_the_files() -> None:
    named = set(re.findall(r"`(\w+)`", TEXT))
    assert {*REQUEST_COLUMNS, *ANSWER_COLUMNS, *FIELDS, *map(str, Answer), *map(str, Refusal)} - named == set()
