"""`python -m benchmarks NAME [--json FILE]`: measure, print a table, write what was measured."""

import argparse
import importlib
import json
import sys
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.common import machine

NAMES = (
    "decision",
    "roads",
    "reach",
    "intake",
    "positions",
    "live",
    "browser",
    "crash",
    "start",
    "simulator",
    "understanding",
    "suggestions",
    "same_event",
    "places",
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", type=Path, help="file for the figures, one JSON object")
    chosen = parser.parse_args()
    before = machine()
    result = importlib.import_module(f"benchmarks.{chosen.name}").run() | {"machine": before}
    table = Table("figure", "value", title=chosen.name)
    for name, value in _flat(result):
        table.add_row(name, str(value))
    Console().print(table)
    if chosen.json:
        chosen.json.write_text(json.dumps(result, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 0


def _flat(values: dict[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    rows: list[tuple[str, Any]] = []
    for name, value in values.items():
        rows += _flat(value, f"{prefix}{name}.") if isinstance(value, dict) else [(prefix + name, value)]
    return rows


if __name__ == "__main__":
    sys.exit(main())
