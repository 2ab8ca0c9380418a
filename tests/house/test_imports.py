"""Who may import whom: only downward, so that each part can be read without what comes after it."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "jieying"

# Each may import from those before it. The last four are one program: the command starts demo, replay and simulation,
# which say things the way commands do; the simulation reads the record of calls that the replay reads.
ORDER = (
    *("kit", "settings", "citypack", "journal", "access", "vault", "incidents", "places", "roads", "speeds"),
    *(
        "knowledge",
        "rosters",
        "units",
        "triage",
        "dispatch",
        "diversion",
        "intake",
        "supervise",
        "allocation",
        "migrations",
        "bootstrap",
        "web",
    ),
)
PROGRAM = {"commands", "demo", "replay", "simulation"}
TOP = "cli"
# These are told everything they need, and could be packages of their own.
ALONE = {"places", "roads", "triage", "rosters"}
GROUND = {"kit", "citypack"}


def imports() -> Iterator[tuple[str, str, str]]:
    """(part, part that it imports, where) for every import from one part of the house in another."""
    for file in sorted(SOURCE.rglob("*.py")):
        part = file.relative_to(SOURCE).parts[0].removesuffix(".py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            for module in _modules(node):
                path = module.split(".")
                if path[0] == "jieying" and len(path) > 1 and path[1] not in (part, "__version__"):
                    yield part, path[1], f"{file.relative_to(SOURCE)}:{node.lineno} imports {module}"  # type: ignore[attr-defined]


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
        return [f"{node.module}.{name.name}" for name in node.names]
    return []


def may_import(part: str, other: str) -> bool:
    if part == TOP:
        return True
    if part in PROGRAM:
        return other in ORDER or other in PROGRAM
    return other in ORDER and ORDER.index(other) < ORDER.index(part)


def test_every_import_goes_downward() -> None:
    assert [where for part, other, where in imports() if not may_import(part, other)] == []


@pytest.mark.parametrize("part", sorted(ALONE))
def test_this_part_knows_only_the_ground_it_stands_on(part: str) -> None:
    assert [where for one, other, where in imports() if one == part and other not in GROUND] == []


def test_every_part_has_its_place_in_the_order() -> None:
    folders = {path.name for path in SOURCE.iterdir() if path.is_dir() and any(path.glob("*.py"))}
    files = {path.stem for path in SOURCE.glob("*.py")} - {"__init__"}
    assert folders | files == {*ORDER, *PROGRAM, TOP}
