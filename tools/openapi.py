"""Writes console/openapi.json, the server's own description, of which `npm run api` makes the console's types."""

import json
import tempfile
from pathlib import Path

from jieying.bootstrap import Platform
from jieying.citypack.model import CityPack
from jieying.citypack.read import read_pack
from jieying.kit.clock import SystemClock
from jieying.kit.db import Database
from jieying.settings import Settings
from jieying.web.app import make_app

ROOT = Path(__file__).parents[1]
FILE = ROOT / "console" / "openapi.json"


def described(pack: CityPack) -> str:
    """The file's text; sorted, so that it changes only where the interface does. Any pack will do."""
    nowhere = Database("postgresql+asyncpg://nobody@localhost/none")  # never connected to
    with tempfile.TemporaryDirectory() as folder:
        app = make_app(Platform(nowhere, SystemClock(), pack, Path(folder)), Settings(), run_loops=False)
        return json.dumps(app.openapi(), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


if __name__ == "__main__":
    FILE.write_text(described(read_pack(ROOT / "var" / "packs" / "yunzhou")), encoding="utf-8")
