"""2,000 units that send their position every five seconds: what it costs, and how fresh a console is."""

import asyncio
import csv
import random
import shutil
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import websockets

from benchmarks.common import PACK, Connection, Running, percentiles, running, thirds

UNITS, EVERY_S, SECONDS = 2_000, 5.0, 60.0
BATCH = 50  # a gateway sends what arrived in an eighth of a second


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """A gateway sends 400 positions a second in batches of 50; one console listens."""
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "pack"
        shutil.copytree(PACK, pack)
        more_units(pack)
        with running(pack=pack) as system:
            return asyncio.run(_measure(system, seconds))


def more_units(pack: Path) -> None:
    """Copies of the sample city's units until there are 2,000; one without a duty is always on."""
    file = pack / "units.csv"
    with file.open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    more = [
        row
        | {
            "code": f"{row['code']}-{n}",
            "name_zh": f"{row['name_zh']}{n}",
            "name_en": f"{row['name_en']} {n}",
            "plate": "",
        }
        for n in range(UNITS // len(rows) + 1)
        for row in rows
    ]
    with file.open("w", encoding="utf-8", newline="") as target:
        writer = csv.DictWriter(target, rows[0].keys())
        writer.writeheader()
        writer.writerows((rows + more)[:UNITS])


async def _measure(system: Running, seconds: float) -> dict[str, Any]:
    dice = random.Random(5)
    where = {unit.code: [unit.post.lat, unit.post.lon] for unit in system.pack.units.values()}
    codes = list(where)
    latencies: list[float] = []
    fresh: list[float] = []
    seen: set[str] = set()
    url = system.service.url.replace("http", "ws") + "/api/live"
    headers = {"Authorization": f"Bearer {system.tokens['dispatcher']}"}
    async with websockets.connect(url, additional_headers=headers, max_size=None, proxy=None) as console:
        listening = asyncio.create_task(_listen(console, fresh, seen))
        connection = Connection(system.address, system.tokens["gateway"])
        batches = [codes[start : start + BATCH] for start in range(0, len(codes), BATCH)]
        used, began, sent = system.cpu_s(), time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            batch = batches[sent % len(batches)]
            body = {"positions": [moved(code, where[code], dice) for code in batch]}
            start = time.perf_counter()
            status, _ = await connection.post("/api/positions", body)
            latencies.append(time.perf_counter() - start)
            assert status == 200, status
            sent += 1
            await asyncio.sleep(max(0.0, began + sent * EVERY_S / len(batches) - time.perf_counter()))
        lasted = time.perf_counter() - began
        cores = {name: round((cpu - used[name]) / lasted, 3) for name, cpu in system.cpu_s().items()}
        listening.cancel()
    return {
        "units": len(codes),
        "rate_per_s": round(sent * BATCH / lasted, 1),
        "cores_used": cores | {"together": round(sum(cores.values()), 3)},
        "rss_mb": round(system.rss_mb()),
        "units_seen_by_console": len(seen),
        **percentiles(latencies),
        **thirds(latencies),
        **percentiles(fresh, "console_"),
    }


def moved(code: str, place: list[float], dice: random.Random) -> dict[str, Any]:
    place[0] += dice.gauss(0, 0.0003)
    place[1] += dice.gauss(0, 0.0003)
    return {"unit": code, "lat": place[0], "lon": place[1], "at": datetime.now(UTC).isoformat()}


async def _listen(console: Any, fresh: list[float], seen: set[str]) -> None:
    """Seconds from a position's own time to its arrival at the console."""
    async for text in console:
        message = orjson.loads(text)
        if message["type"] != "positions":
            continue
        now = datetime.now(UTC)
        for unit in message["units"]:
            fresh.append((now - datetime.fromisoformat(unit["at"])).total_seconds())
            seen.add(unit["code"])
