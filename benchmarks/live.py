"""From the commit of a change to 50 consoles that listen."""

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import Any

import orjson
import websockets

from benchmarks.common import Connection, Running, made_up_report, percentiles, running, thirds
from jieying.journal.model import Position

CONSOLES, CHANGES_PER_S, SECONDS = 50, 10, 60.0


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """Ten reports a second make about sixty journal entries; each console gets each. Latency is counted from the
    entry's own time, which is a little before its commit, to the message's arrival: an upper bound."""
    with running() as system:
        return asyncio.run(_measure(system, seconds))


async def _measure(system: Running, seconds: float) -> dict[str, Any]:
    url = system.service.url.replace("http", "ws") + "/api/live"
    headers = {"Authorization": f"Bearer {system.tokens['dispatcher']}"}
    latencies: list[float] = []
    heard: list[list[Position]] = [[] for _ in range(CONSOLES)]
    consoles = [
        await websockets.connect(url, additional_headers=headers, max_size=None, proxy=None) for _ in range(CONSOLES)
    ]
    begins = max([Position.parse(orjson.loads(await console.recv())["position"]) for console in consoles])
    listening = [asyncio.create_task(_listen(c, own, latencies)) for c, own in zip(consoles, heard, strict=True)]
    connection = Connection(system.address, system.tokens["gateway"])
    dice, used, began, sent = random.Random(3), system.cpu_s(), time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        await connection.post("/api/reports", made_up_report(system.pack, dice), f"live-{sent}")
        sent += 1
        await asyncio.sleep(max(0.0, began + sent / CHANGES_PER_S - time.perf_counter()))
    lasted = time.perf_counter() - began
    cores = {name: round((cpu - used[name]) / lasted, 2) for name, cpu in system.cpu_s().items()}
    await _all_heard(heard)
    for task, console in zip(listening, consoles, strict=True):
        task.cancel()
        await console.close()
    heard = [[position for position in own if position > begins] for own in heard]
    entries = set().union(*heard)
    return {
        "consoles": CONSOLES,
        "reports": sent,
        "entries": len(entries),
        "missed": sum(len(entries - set(own)) for own in heard),
        "repeated": sum(len(own) - len(set(own)) for own in heard),
        "out_of_order": sum(own != sorted(own) for own in heard),
        "rate_per_s": round(len(entries) / lasted, 1),
        "cores_used": cores,
        "rss_mb": round(system.rss_mb()),
        **percentiles(latencies),
        **thirds(latencies),
    }


async def _all_heard(heard: list[list[Position]]) -> None:
    """Wait until nothing has come for a second: what has not come then is missed."""
    count = -1
    while count != (count := sum(map(len, heard))):  # noqa: ASYNC110 - what is awaited is silence
        await asyncio.sleep(1)


async def _listen(console: Any, heard: list[Position], latencies: list[float]) -> None:
    async for text in console:
        message = orjson.loads(text)
        if message["type"] == "entries":
            now = datetime.now(UTC)
            latencies.extend((now - datetime.fromisoformat(e["at"])).total_seconds() for e in message["entries"])
            heard.extend(Position.parse(entry["position"]) for entry in message["entries"])
