"""One console in a real browser while 2,000 units move and reports come in: how busy it is, and how soon it shows."""

import asyncio
import random
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
from playwright.async_api import Page, ViewportSize, async_playwright

from benchmarks.common import PACK, Connection, Running, made_up_report, percentiles, running
from benchmarks.positions import BATCH, EVERY_S, more_units, moved
from tools.chromium import find

SECONDS = 20.0
REPORTS_PER_S = 4
SETTLED_S = 8.0  # until the page stands and the map is drawn
SIZE = ViewportSize(width=1440, height=900)
ARGUMENTS = [
    "--no-sandbox",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
]
# The number of running incidents that the list shows, with the time of the frame that paints it; and frames.
WATCH = """() => {
    window.seen = []
    window.frames = 0
    const count = document.querySelector('.incidents .views b')
    const look = () => {
        const n = Number(count.innerText)
        requestAnimationFrame(() => window.seen.push([n, Date.now()]))
    }
    new MutationObserver(look).observe(count, { characterData: true, childList: true, subtree: true })
    const frame = () => { window.frames += 1; requestAnimationFrame(frame) }
    requestAnimationFrame(frame)
}"""


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """Rendered in software: with a graphics card the machine has more left for everything measured here."""
    chromium = find()
    if chromium is None:
        raise SystemExit("No Chromium on this machine. Run: python tools/chromium.py install")
    with tempfile.TemporaryDirectory() as folder:
        pack = Path(folder) / "pack"
        shutil.copytree(PACK, pack)
        more_units(pack)
        with running(pack=pack) as system:
            return asyncio.run(_measure(system, chromium, seconds))


async def _measure(system: Running, chromium: str, seconds: float) -> dict[str, Any]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        page = await browser.new_page(viewport=SIZE)
        token = system.tokens["dispatcher"]
        await page.context.add_cookies([{"name": "jieying_session", "value": token, "url": system.service.url}])
        await page.goto(system.service.url)
        await page.wait_for_selector(".connection.live")
        moving = asyncio.create_task(_move(system))
        await asyncio.sleep(SETTLED_S)
        quiet = await _busy(page, lambda: asyncio.sleep(seconds))
        # Reports only after the quiet measurement: their incidents are counted from none.
        await page.evaluate(WATCH)
        reporting = await _busy(page, lambda: _report(system, seconds))
        frames, seen = await page.evaluate("() => [window.frames, window.seen]")
        moving.cancel()
        await browser.close()
    return {
        "rendering": "software (SwiftShader)",
        "units": len(system.pack.units),
        "main_thread_busy": quiet,
        "main_thread_busy_with_reports": reporting,
        "frames_per_s": round(frames / seconds, 1),
        **await _latencies(system, seen),
    }


async def _busy(page: Page, meanwhile: Callable[[], Awaitable[None]]) -> float:
    """Share of the time in which the page's main thread had work."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")

    async def figures() -> dict[str, float]:
        got = await session.send("Performance.getMetrics")
        return {one["name"]: one["value"] for one in got["metrics"]}

    before = await figures()
    await meanwhile()
    after = await figures()
    return round((after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"]), 3)


async def _move(system: Running) -> None:
    dice, connection = random.Random(5), Connection(system.address, system.tokens["gateway"])
    where = {unit.code: [unit.post.lat, unit.post.lon] for unit in system.pack.units.values()}
    codes, began, sent = list(where), time.perf_counter(), 0
    while True:
        start = sent * BATCH % len(codes)
        positions = [moved(code, where[code], dice) for code in codes[start : start + BATCH]]
        await connection.post("/api/positions", {"positions": positions})
        sent += 1
        await asyncio.sleep(max(0.0, began + sent * BATCH * EVERY_S / len(codes) - time.perf_counter()))


async def _report(system: Running, seconds: float) -> None:
    dice, connection = random.Random(3), Connection(system.address, system.tokens["gateway"])
    began, sent = time.perf_counter(), 0
    while time.perf_counter() - began < seconds:
        await connection.post("/api/reports", made_up_report(system.pack, dice), f"browser-{sent}")
        sent += 1
        await asyncio.sleep(max(0.0, began + sent / REPORTS_PER_S - time.perf_counter()))


async def _latencies(system: Running, seen: list[tuple[int, float]]) -> dict[str, Any]:
    """From a report's receipt, and from its incident's opening, to the frame in which the list counts the incident."""
    async with httpx.AsyncClient(base_url=system.service.url, trust_env=False) as client:
        client.headers["Authorization"] = f"Bearer {system.tokens['dispatcher']}"
        answer = await client.get("/api/incidents?limit=500")
    incidents = sorted(answer.raise_for_status().json()["incidents"], key=lambda one: str(one["opened_at"]))
    shown = [next((at for count, at in seen if count >= n), None) for n in range(1, len(incidents) + 1)]
    pairs = [(one, at / 1000) for one, at in zip(incidents, shown, strict=True) if at is not None]

    def since(name: str) -> list[float]:
        return [at - datetime.fromisoformat(one[name]).timestamp() for one, at in pairs]

    return {
        "incidents": len(incidents),
        "shown": len(pairs),
        **percentiles(since("received_at")),
        **percentiles(since("opened_at"), "opened_"),
    }
