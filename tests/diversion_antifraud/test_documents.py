"""docs/antifraud.md says what the program does, and the translation files what it says."""

import re
from collections.abc import Iterator
from pathlib import Path

from jieying.diversion.antifraud.exchange import ANSWER_COLUMNS, REQUEST_COLUMNS
from jieying.diversion.antifraud.model import (
    FIELDS,
    STOP_TRANSITIONS,
    Answer,
    CaseState,
    CloseReason,
    MadeBy,
    Refusal,
    StopState,
)
from jieying.kit.texts import catalogue
from jieying.triage.fraud import METHODS

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "jieying" / "diversion" / "antifraud"
TEXT = (ROOT / "docs" / "antifraud.md").read_text(encoding="utf-8")


def test_it_has_every_transition_and_no_other() -> None:
    section = TEXT.split("## The states of a request\n")[1].split("\n| clock |")[0]
    rows = re.findall(r"^\| ([\w, ]+) \| (\w+) \|", section, re.MULTILINE)
    told = {(one.strip(), target) for sources, target in rows for one in sources.split(",")} - {("from", "to")}
    assert told == {(str(source), str(target)) for source, targets in STOP_TRANSITIONS.items() for target in targets}


def test_it_names_every_column_and_code_of_the_files() -> None:
    named = set(re.findall(r"`(\w+)`", TEXT))
    assert {*REQUEST_COLUMNS, *ANSWER_COLUMNS, *FIELDS, *map(str, Answer), *map(str, Refusal)} - named == set()


def codes() -> Iterator[str]:
    """The keys of everything that the desk says by a code."""
    for prefix, known in (
        ("stop_state", StopState), ("case_state", CaseState), ("close_reason", CloseReason), ("made_by", MadeBy),
        ("refusal", Refusal), ("stop_field", (*FIELDS, "acting_as")), ("fraud", [code for code, _ in METHODS]),
        ("journal.fraud", Answer),
    ):  # fmt: skip
        yield from (f"{prefix}.{code}" for code in known)
    for file in SOURCE.glob("*.py"):
        for kind in re.findall(r'"(fraud\.[a-z_]+)"', file.read_text(encoding="utf-8")):
            yield f"journal.{kind}"
    for file, prefix in (("fields.py", "stop_fault"), ("exchange.py", "answer_fault"), ("rules.py", "answer_fault")):
        source = (SOURCE / file).read_text(encoding="utf-8")
        said = re.findall(r'(?:return|else|RowFault\([^"\n]*|Fault\(\w+,) "([a-z]\w+)"', source)
        yield from (f"{prefix}.{code}" for code in said if code not in ("apply", "repeated", "late"))


def test_every_code_has_its_words() -> None:
    found = set(codes())
    assert len(found) > 80
    assert found - catalogue("zh").keys() == set()


def test_no_words_are_kept_for_a_fault_that_is_never_found() -> None:
    sources = "".join(file.read_text(encoding="utf-8") for file in SOURCE.glob("*.py"))
    kept = {key for key in catalogue("zh") if key.startswith(("stop_fault.", "answer_fault."))}
    assert {key for key in kept if f'"{key.partition(".")[2]}"' not in sources} == set()
