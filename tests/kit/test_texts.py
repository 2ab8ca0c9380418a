"""What people read: the same in both languages, and words instead of codes."""

import re
from pathlib import Path

import pytest

from jieying.kit.texts import LANGUAGES, catalogue, text

SOURCES = "\n".join(path.read_text() for path in Path(__file__).parents[2].glob("src/jieying/**/*.py"))
FOR_CONSOLE = ("reason.", "journal.", "notification.", "state.", "level.", "channel.", "stage.", "role.", "call_back.")
REFUSALS = "NotSignedIn|Forbidden|NotFound|Conflict|TooLarge|UnsupportedType|Invalid|TooMany|Unavailable"


def test_both_languages_say_the_same_things() -> None:
    assert catalogue("zh").keys() == catalogue("en").keys()


def test_both_languages_have_the_same_placeholders() -> None:
    def holes(template: str) -> set[str]:
        return set(re.findall(r"{(\w+)}", template))

    chinese, english = catalogue("zh"), catalogue("en")
    assert [key for key in chinese if holes(chinese[key]) != holes(english[key])] == []


def test_no_text_for_the_console_holds_a_sign_that_it_reads_as_a_command() -> None:
    texts = [(key, words) for one in LANGUAGES for key, words in catalogue(one).items() if key.startswith(FOR_CONSOLE)]
    assert [key for key, words in texts if set("@|") & set(words)] == []


@pytest.mark.parametrize(("raised", "prefix"), [(REFUSALS, "problem"), ("Reason", "reason")])
def test_every_code_written_in_the_source_has_its_words(raised: str, prefix: str) -> None:
    codes = set(re.findall(rf'\b(?:{raised})\(\s*"(\w+)"', SOURCES))
    assert len(codes) > 10
    assert {code for code in codes if f"{prefix}.{code}" not in catalogue("zh")} == set()


def test_a_parameter_may_be_called_key() -> None:
    assert text("no.such.text", "en", key="a") == "no.such.text"


def test_a_state_is_named_in_words_and_not_by_its_code() -> None:
    assert text("problem.illegal_transition", "zh", current="closed", target="active") == (
        "现在是“已办结”，不能变为“处置中”。可能别人已先处理，请刷新后再看。"
    )


def test_a_text_whose_parameter_is_missing_still_says_what_it_can() -> None:
    assert text("problem.incident_ended", "en").startswith("The incident is")
