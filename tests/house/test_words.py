"""What people read stands in the translation files, and only there. (Codes of refusals: tests/kit/test_texts.py.)"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

from jieying.kit.texts import catalogue

SOURCE = Path(__file__).parents[2] / "src" / "jieying"
CHINESE = re.compile(r"[\u3400-\u9fff]")

# Chinese that is no message: what the program looks for in what people say, and names that data are made of.
CHINESE_IS_DATA = {
    "knowledge/text.py": "what makes a sentence a question",
    "places/finder.py": "words by which people join two roads to a crossing",
    "places/addresses.py": "how a house number is written",
    "places/districts.py": "what people call a part of a city",
    "places/gazetteer.py": "words that are in no name of a place",
    "places/mentions.py": "how people move and count, for made-up mentions",
    "places/elsewhere.py": "how people say that they are in a city",
    "places/locate.py": "what names of a city begin with",
    "places/nearnames.py": "what names of places end with",
    "places/relations.py": "how people tell a place by another",
    "places/spoken.py": "how numbers are spoken",
    "triage/alarms.py": "how Chinese negates and quotes",
    "triage/same_event.py": "how buildings and floors are counted",
    "triage/bursts.py": "how invented witnesses begin and end, and name a place",
    "triage/text.py": "how numbers are spoken",
    "triage/fraud.py": "how victims name banks, sums and tricks",
    "kit/masking.py": "how numbers and plates are written and said",
    "kit/masking_names.py": "what stands before and behind a person's name",
    "diversion/antifraud/when.py": "how victims name a time",
    "diversion/antifraud/fields.py": "names of payment services",
    "citypack/new.py": "street names of the starter pack",
    "demo/citizens.py": "how citizens name a place",
    "web/app.py": "the product's name",
}
SPOKEN = re.compile(r"(cli|help|column|doctor|start|journal_fault)(\.[a-z_]+)+")
KIND = re.compile(r"(account|report|incident|assignment|unit|clock|notification)\.[a-z_]+")


def _constants(*patterns: str) -> Iterator[tuple[Path, str]]:
    for file in sorted({file for pattern in patterns for file in SOURCE.glob(pattern)}):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield file, node.value


def _chinese_strings(file: Path) -> list[str]:
    """Where a string that is no docstring holds Chinese."""
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        node.body[0].lineno
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and ast.get_docstring(node) is not None
    }
    kinds = {tokenize.STRING, getattr(tokenize, "FSTRING_MIDDLE", tokenize.STRING)}
    return [
        f"{file.relative_to(SOURCE)}:{token.start[0]} {token.string}"
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type in kinds and CHINESE.search(token.string) and token.start[0] not in docstrings
    ]


def test_no_chinese_message_stands_in_the_code() -> None:
    files = [file for file in SOURCE.rglob("*.py") if str(file.relative_to(SOURCE)) not in CHINESE_IS_DATA]
    assert [found for file in sorted(files) for found in _chinese_strings(file)] == []


def test_every_exemption_from_that_is_still_needed() -> None:
    assert [file for file in CHINESE_IS_DATA if not _chinese_strings(SOURCE / file)] == []


def test_every_message_of_a_command_has_its_words() -> None:
    said = {value for _, value in _constants("commands/*.py", "cli.py", "web/serve.py") if SPOKEN.fullmatch(value)}
    assert len(said) > 50
    assert said - catalogue("zh").keys() == set()


def test_no_words_are_kept_for_a_command_that_no_longer_says_them() -> None:
    said = {value for _, value in _constants("**/*.py")}
    kept = {key for key in catalogue("zh") if re.match(r"(cli|help|start)\.", key)}
    assert kept - said == set()


def test_every_kind_of_journal_entry_has_its_words() -> None:
    kinds = {value for _, value in _constants("*/actions.py", "*/steps.py") if KIND.fullmatch(value)}
    assert len(kinds) > 20
    assert {f"journal.{kind}" for kind in kinds} - catalogue("zh").keys() == set()
