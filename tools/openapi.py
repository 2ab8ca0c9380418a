"""Writes console/openapi.json, the server's own description, of which `npm run api` makes the console's types."""

import json
import tempfile
from pathlib import Path
from typing import Any

from jieying.bootstrap import Platform
from jieying.citypack.read import read_pack
from jieying.kit.clock import SystemClock
from jieying.kit.db import Database
from jieying.settings import Settings
from jieying.web.app import make_app

ROOT = Path(__file__).parents[1]
FILE = ROOT / "console" / "openapi.json"


def text(described: dict[str, Any]) -> str:
    """The file's text; sorted, so that it changes only where the interface does."""
    return json.dumps(described, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        pack = read_pack(ROOT / "var" / "packs" / "yunzhou")
        nowhere = Database("postgresql+asyncpg://nobody@localhost/none")  # never connected to
        app = make_app(Platform(nowhere, SystemClock(), pack, Path(folder)), Settings(), run_loops=False)
        FILE.write_text(text(app.openapi()), encoding="utf-8")


if __name__ == "__main__":
    main()
