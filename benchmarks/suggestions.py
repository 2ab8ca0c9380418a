"""What a call-taker sees while she types: processor time of the whole answer to POST /api/understand, one core.

The real app and a real PostgreSQL in this process, the held-back texts typed in three pieces each, at places of the
sample city, with incidents running there. Processor time counts every thread of this process, the client's share too.
"""

import asyncio
import gc
import json
import random
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx
import psutil

from benchmarks.common import PACK, PASSWORD, made_up_report, percentiles
from jieying.access.actions import add_account
from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.citypack.read import read_pack
from jieying.intake.actions import take_report
from jieying.intake.api import ReportIn
from jieying.kit.clock import SystemClock
from jieying.kit.db import Database
from jieying.kit.postgres import EmbeddedPostgres
from jieying.migrations import upgrade
from jieying.settings import Settings
from jieying.web.app import make_app

TEXTS = Path("packs/yunzhou/corpus/held_back.jsonl")
TYPED = (0.3, 0.6, 1.0)  # how much of a sentence is there when the platform is asked
INCIDENTS = 200
TYPING = 5  # call-takers who type at the same time


def run() -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        with EmbeddedPostgres(folder / "data") as server:
            return asyncio.run(_measure(server.url, folder))


async def _measure(url: str, folder: Path) -> dict[str, Any]:
    db = Database(url)
    await upgrade(db)
    platform = Platform(db, SystemClock(), read_pack(PACK), folder)
    app = make_app(platform, Settings(data_dir=folder), run_loops=False)
    async with app.router.lifespan_context(app):
        await _prepare(platform)
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://bench", timeout=60) as client:
            answer = await client.post("/api/session", json={"username": "taker", "password": PASSWORD})
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            client.cookies.clear()
            found = await _ask(client, _typed(platform))
    await db.close()
    return found


async def _prepare(platform: Platform) -> None:
    city = next(iter(platform.site.pack.orgs))
    await add_account(platform.site, username="taker", name="Taker", password=PASSWORD, role=Role.DISPATCHER, org=city)
    dice = random.Random(3)
    for _ in range(INCIDENTS):
        report = ReportIn(**made_up_report(platform.site.pack, dice)).new()
        await take_report(platform.site, platform.city, report, "benchmark", None)
    await platform.run_due()


def _typed(platform: Platform) -> list[str]:
    dice = random.Random(4)
    texts = [json.loads(line)["text"] for line in TEXTS.open(encoding="utf-8")]
    whole = [f"{dice.choice(platform.site.pack.places).name}{text}" for text in texts]
    return [text[: max(2, round(len(text) * part))] for text in whole for part in TYPED]


async def _ask(client: httpx.AsyncClient, texts: list[str]) -> dict[str, Any]:
    async def ask(text: str) -> tuple[float, float, dict[str, Any]]:
        began, used = time.perf_counter(), time.process_time()
        answer = await client.post("/api/understand", json={"words": text})
        seconds = time.perf_counter() - began, time.process_time() - used
        return (*seconds, answer.raise_for_status().json())

    for text in texts[:20]:
        await ask(text)
    gc.collect()
    asked = [await ask(text) for text in texts]
    began, used = time.perf_counter(), time.process_time()
    chunks = [texts[i::TYPING] for i in range(TYPING)]

    async def types(mine: list[str]) -> None:
        for text in mine:
            await ask(text)

    await asyncio.gather(*(types(mine) for mine in chunks))
    several = {"asked_per_s": round(len(texts) / (time.perf_counter() - began), 1),
               "processor_ms_each": round(1000 * (time.process_time() - used) / len(texts), 2)}  # fmt: skip
    return {
        "sentences": len(texts),
        **percentiles([processor for _, processor, _ in asked], "processor_"),
        **percentiles([wall for wall, _, _ in asked], "wall_"),
        "processor_max_ms": round(1000 * max(processor for _, processor, _ in asked), 1),
        "with_places": sum(bool(answer["places"]) for *_, answer in asked),
        "with_questions": sum(bool(answer["questions"]) for *_, answer in asked),
        "with_similar": sum(bool(answer["similar"]) for *_, answer in asked),
        "with_answers": sum(bool(answer["knowledge"]["hits"]) for *_, answer in asked),
        f"typing_at_once_{TYPING}": several,
        "memory_of_all_this_mb": round(psutil.Process().memory_info().rss / 1e6),
    }
