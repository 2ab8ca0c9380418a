"""The tables of the documents are those of the program."""

import re
from pathlib import Path

from jieying.citypack.model import DispatchSettings
from jieying.incidents.model import TRANSITIONS, Channel

ROOT = Path(__file__).parents[2]


def test_words_has_every_transition_and_no_other() -> None:
    text = (ROOT / "docs" / "words.md").read_text(encoding="utf-8")
    titles = {"ReportState": "Report", "IncidentState": "Incident", "AssignmentState": "Assignment"}
    for kind, table in TRANSITIONS.items():
        section = text.split(f"### {titles[kind.__name__]}\n")[1].split("\n### ")[0]
        rows = re.findall(r"^\| ([\w, ]+) \| (\w+) \|", section, re.MULTILINE)
        said = {(one.strip(), target) for sources, target in rows for one in sources.split(",")} - {("from", "to")}
        assert said == {(str(source), str(target)) for source, targets in table.items() for target in targets}


def test_the_interface_names_every_channel() -> None:
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    row = next(line for line in text.splitlines() if line.startswith("| `channel` |"))
    assert {str(channel) for channel in Channel} == set(row.split("|")[2].strip().split(", "))


def test_the_city_packs_page_names_every_dispatch_setting() -> None:
    text = (ROOT / "docs" / "city-pack.md").read_text(encoding="utf-8")
    assert [name for name in DispatchSettings.__dataclass_fields__ if f"{name} = " not in text] == []


def test_every_chinese_readme_row_stands_in_the_english_one_too() -> None:
    def rows(name: str) -> set[int]:
        found = set()
        for line in (ROOT / name).read_text(encoding="utf-8").splitlines():
            if match := re.match(r"\| (R\d+(?:[–、]R\d+)?) \|", line):
                first, *last = [int(number) for number in re.findall(r"\d+", match[1])]
                found |= set(range(first, (last[0] if last else first) + 1))
        return found

    assert rows("README.md") == rows("README.zh-CN.md") == set(range(1, 37))
