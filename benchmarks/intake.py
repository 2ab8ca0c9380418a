"""Reports over HTTP with durable commits: how many a second are acknowledged, and how soon the steps follow."""

import asyncio
import random
import time
from typing import Any

import asyncpg
import numpy as np
import orjson
from sqlalchemy import text

from benchmarks.common import Connection, Running, made_up_report, percentiles, running, spread, thirds
from jieying.kit.db import Database

CLIENTS = 32
SECONDS = 60.0
SUSTAINED_PER_S = 100
DRAIN_S = 60.0
WINDOW_S = 5.0

# From a report's receipt to the end of the last step: a person has it, it was joined, or its incident is decided.
_FOLLOWED = text(
    """
    SELECT extract(epoch FROM coalesce(decided.at, settled.at) - report.received_at) AS seconds
    FROM report
    LEFT JOIN LATERAL (SELECT min(at) AS at FROM journal WHERE subject_kind = 'report' AND subject = report.id::text
                       AND kind IN ('report.linked', 'report.handed_to_person')) settled ON true
    LEFT JOIN LATERAL (SELECT min(at) AS at FROM journal WHERE journal.incident_id = report.incident_id
                       AND kind IN ('assignment.offered', 'incident.waiting')) decided ON true
    """
)


def run(seconds: float = SECONDS) -> dict[str, Any]:
    """Full speed with 32 clients for a minute, and 100 reports/s for a minute; then shorter with two workers."""
    results: dict[int, dict[str, Any]] = {}
    with running() as system:
        peer = asyncio.run(_bare_commits(system, seconds / 4))
    for workers, lasting in ((1, seconds), (2, seconds / 3)):
        with running(workers) as system:
            full = asyncio.run(_full_speed(system, lasting))
        with running(workers) as system:
            full["sustained"] = asyncio.run(_sustained(system, lasting))
        results[workers] = full
    return {"clients": CLIENTS, "seconds": seconds, **results[1], "workers_2": results[2], "peers": peer}


async def _full_speed(system: Running, seconds: float) -> dict[str, Any]:
    acknowledged: list[str] = []
    at: list[float] = []
    latencies: list[float] = []
    refused: dict[int, int] = {}
    began, used = time.perf_counter(), system.cpu_s()
    rss = 0.0

    async def client(number: int) -> None:
        dice, connection = random.Random(number), Connection(system.address, system.tokens["gateway"])
        while time.perf_counter() - began < seconds:
            report, key = made_up_report(system.pack, dice), f"{number}-{len(latencies)}-{dice.random()}"
            start = time.perf_counter()
            status, body = await connection.post("/api/reports", report, key)
            latencies.append(time.perf_counter() - start)
            if status == 201:
                acknowledged.append(orjson.loads(body)["id"])
                at.append(time.perf_counter() - began)
            else:
                refused[status] = refused.get(status, 0) + 1
        connection.close()

    async def watch() -> None:
        nonlocal rss
        while time.perf_counter() - began < seconds:
            rss = max(rss, system.rss_mb())
            await asyncio.sleep(0.5)

    await asyncio.gather(watch(), *(client(number) for number in range(CLIENTS)))
    lasted = time.perf_counter() - began
    spent = {name: round((cpu - used[name]) / lasted, 2) for name, cpu in system.cpu_s().items()}
    return {
        "acknowledged": len(acknowledged),
        "rate_per_s": round(len(acknowledged) / lasted, 1),
        "rate_per_s_windows": spread(np.histogram(at, bins=int(seconds // WINDOW_S), range=(0, seconds))[0] / WINDOW_S),
        "refused": refused,
        "lost": await _lost(system, acknowledged),
        "rss_mb": round(rss),
        "cores_used": spent,
        **percentiles(latencies),
    }


async def _bare_commits(system: Running, seconds: float) -> dict[str, Any]:
    """The floor beneath it: single rows committed by the bare driver from 32 connections, without HTTP or rules."""
    assert system.service.postgres is not None
    pool = await asyncpg.create_pool(system.service.postgres.dsn, min_size=CLIENTS, max_size=CLIENTS)
    await pool.execute("CREATE TABLE bare (id uuid PRIMARY KEY DEFAULT uuidv7(), body jsonb)")
    body = orjson.dumps(made_up_report(system.pack, random.Random(1))).decode()
    began, committed = time.perf_counter(), 0

    async def client() -> None:
        nonlocal committed
        async with pool.acquire() as connection:
            while time.perf_counter() - began < seconds:
                await connection.execute("INSERT INTO bare (body) VALUES ($1)", body)
                committed += 1

    await asyncio.gather(*(client() for _ in range(CLIENTS)))
    await pool.close()
    return {"bare_driver_commits_per_s": round(committed / seconds, 1)}


async def _lost(system: Running, acknowledged: list[str]) -> int:
    """How many acknowledged reports are not in the database."""
    db = Database(system.service.database_url)
    async with db.transaction() as connection:
        stored = set((await connection.execute(text("SELECT id::text FROM report"))).scalars())
    await db.close()
    return len(set(acknowledged) - stored)


async def _sustained(system: Running, seconds: float) -> dict[str, Any]:
    """Reports arrive at random moments, 100 a second on average, however long the answers take."""
    dice = random.Random(7)
    acknowledged: list[str] = []
    latencies: list[float] = []
    free = [Connection(system.address, system.tokens["gateway"]) for _ in range(CLIENTS)]
    tasks: set[asyncio.Task[None]] = set()

    async def send(number: int) -> None:
        connection = free.pop() if free else Connection(system.address, system.tokens["gateway"])
        start = time.perf_counter()
        status, body = await connection.post("/api/reports", made_up_report(system.pack, dice), f"s{number}")
        latencies.append(time.perf_counter() - start)
        if status == 201:
            acknowledged.append(orjson.loads(body)["id"])
        free.append(connection)

    began, due, number, used = time.perf_counter(), 0.0, 0, system.cpu_s()
    while due < seconds:
        due += dice.expovariate(SUSTAINED_PER_S)
        await asyncio.sleep(max(0.0, began + due - time.perf_counter()))
        tasks.add(task := asyncio.create_task(send(number)))
        task.add_done_callback(tasks.discard)
        number += 1
    lasted = time.perf_counter() - began
    spent = {name: round((cpu - used[name]) / lasted, 2) for name, cpu in system.cpu_s().items()}
    rss = system.rss_mb()
    await asyncio.gather(*tasks)
    followed, unfinished = await _followed(system)
    return {
        "sent": number,
        "rate_per_s": round(len(acknowledged) / lasted, 1),
        "lost": await _lost(system, acknowledged),
        "unfinished": unfinished,
        "cores_used": spent,
        "rss_mb": round(rss),
        **percentiles(latencies, "answer_"),
        **percentiles(followed),
        **thirds(followed),
    }


async def _followed(system: Running) -> tuple[list[float], int]:
    """Seconds from receipt to the last step of every report; waits for the rest up to a minute."""
    db = Database(system.service.database_url)
    deadline = time.perf_counter() + DRAIN_S
    while True:
        async with db.transaction() as connection:
            seconds = list((await connection.execute(_FOLLOWED)).scalars())
        unfinished = sum(value is None for value in seconds)
        if not unfinished or time.perf_counter() > deadline:
            break
        await asyncio.sleep(1)
    await db.close()
    return [float(value) for value in seconds if value is not None], unfinished
