"""Documents that have gone stale fail the build."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from jieying.cli import app
from jieying.settings import Settings

ROOT = Path(__file__).parents[2]
OPERATIONS = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])

# Registries are the business of the machine's settings. As patterns, so that this file does not hold what it looks for.
UNWANTED = re.compile(r"pypi[.]org|python[h]osted|npmj[s][.]|deb[.]debian|/[w]ork/|/tmp/[b]rief")
LOCKS = ("uv.lock", "console/package-lock.json")


def commands() -> Iterator[str]:
    """`jieying serve`, `jieying pack new`, … as the program knows them."""
    for name, command in typer.main.get_group(app).commands.items():
        below = getattr(command, "commands", None)
        yield from [f"jieying {name} {one}" for one in below] if below else [f"jieying {name}"]


@pytest.mark.parametrize("command", sorted(commands()))
def test_the_documents_show_this_command(command: str) -> None:
    assert any(command in document.read_text(encoding="utf-8") for document in DOCUMENTS)


def test_the_documents_show_no_command_that_does_not_exist() -> None:
    known = {*commands(), *(f"jieying {name}" for name in typer.main.get_group(app).commands)}
    shown = {
        (document.name, found[0], found[1])
        for document in DOCUMENTS
        for found in re.findall(r"(?m)(?:^|[`/]|\$ |run )(jieying ([a-z]+)(?: [a-z]+)?)\b", document.read_text("utf-8"))
    }
    assert len(shown) > 10
    assert [one for one in sorted(shown) if one[1] not in known and f"jieying {one[2]}" not in known] == []


@pytest.mark.parametrize("name", Settings.model_fields)
def test_operations_explain_this_setting(name: str) -> None:
    assert f"`JIEYING_{name.upper()}`" in OPERATIONS


def test_operations_explain_no_setting_that_does_not_exist() -> None:
    known = {f"JIEYING_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"`(JIEYING_[A-Z_]+)`", OPERATIONS)) - known == set()


def test_the_architecture_names_every_folder() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = [path.name for path in (ROOT / "src" / "jieying").iterdir() if path.is_dir() and any(path.iterdir())]
    tops = {file.split("/")[0] for file in tracked() if "/" in file} - {".ci"}
    missing = [name for name in {*parts, *tops} - {"__pycache__", "src"} if f"{name}/" not in architecture]
    assert missing == []


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("this is no git checkout: what is tracked cannot be known")
    return [file for file in done.stdout.split("\0") if file]


def test_no_tracked_file_names_a_registry_or_a_place_of_one_machine() -> None:
    found = []
    for file in tracked():
        if file in LOCKS or not (ROOT / file).is_file():
            continue
        content = (ROOT / file).read_bytes().decode("utf-8", "ignore")
        found += [f"{file}: {word}" for word in UNWANTED.findall(content)]
    assert found == []


def test_every_link_between_documents_leads_somewhere() -> None:
    dead = []
    for document in DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", document.read_text(encoding="utf-8")):
            if not (document.parent / target).exists():
                dead.append(f"{document.relative_to(ROOT)}: {target}")
    assert dead == []
