"""SIGKILL of the web process, of PostgreSQL and of both, 20 times at random moments under load."""

import asyncio
import os
import random
import signal
import threading
import time
from collections import Counter
from typing import Any

import httpx
import orjson
from sqlalchemy import text

from benchmarks.common import Connection, Running, made_up_report, percentiles, running
from jieying.journal.store import verify
from jieying.kit.db import Database

KILLS, CLIENTS, OFFICERS = 20, 8, 6
BETWEEN_S = (1.5, 4.0)
SETTLE_S = 90.0

# Each finds what must never be; the words of docs/words.md as SQL.
IMPOSSIBLE = {
    "unit bound by an assignment that is not running": """
        SELECT count(*) FROM unit u LEFT JOIN assignment a ON a.region = u.region AND a.id = u.active
        WHERE u.active IS NOT NULL AND (a.state IS NULL OR a.state NOT IN ('accepted', 'en_route', 'on_scene')
              OR a.unit <> u.code OR a.state <> u.active_state)""",
    "running assignment that its unit does not know": """
        SELECT count(*) FROM assignment a JOIN unit u ON u.region = a.region AND u.code = a.unit
        WHERE a.state IN ('accepted', 'en_route', 'on_scene') AND u.active IS DISTINCT FROM a.id""",
    "offer that its unit does not know": """
        SELECT count(*) FROM assignment a JOIN unit u ON u.region = a.region AND u.code = a.unit
        WHERE a.state = 'offered' AND u.offered IS DISTINCT FROM a.id""",
    "unit with two running assignments": """
        SELECT count(*) FROM (SELECT 1 FROM assignment WHERE state IN ('accepted', 'en_route', 'on_scene')
                              GROUP BY region, unit HAVING count(*) > 1) twice""",
    "incident active with nobody bound, or open with somebody": """
        SELECT count(*) FROM incident i WHERE (i.state = 'active') <> EXISTS (
            SELECT 1 FROM assignment a WHERE a.region = i.region AND a.incident_id = i.id
            AND a.state IN ('accepted', 'en_route', 'on_scene')) AND i.state IN ('open', 'active')""",
    "incident over with somebody bound": """
        SELECT count(*) FROM incident i JOIN assignment a ON a.region = i.region AND a.incident_id = i.id
        WHERE i.state IN ('resolved', 'closed', 'merged', 'diverted')
          AND a.state IN ('offered', 'accepted', 'en_route', 'on_scene')""",
    "resolved without an outcome": """
        SELECT count(*) FROM incident WHERE state IN ('resolved', 'closed') AND outcome IS NULL""",
    "report linked to nothing, or settled and linked": """
        SELECT count(*) FROM report WHERE (state = 'linked') <> (incident_id IS NOT NULL)""",
    "two incidents opened for one report": """
        SELECT count(*) FROM (SELECT 1 FROM journal WHERE kind = 'incident.opened'
                              GROUP BY data->>'report' HAVING count(*) > 1) twice""",
    "times in the wrong order": """
        SELECT count(*) FROM assignment WHERE accepted_at < offered_at OR en_route_at < accepted_at
           OR on_scene_at < en_route_at OR cleared_at < on_scene_at""",
}


def run(kills: int = KILLS) -> dict[str, Any]:
    """Reports and officers' work go on while processes die; then everything acknowledged is looked for."""
    with running() as system:
        ended = threading.Event()
        watching = threading.Thread(target=system.service.watch, args=(ended.is_set,), daemon=True)
        watching.start()
        result = asyncio.run(_under_fire(system, kills))
        ended.set()
        watching.join()
    return result


async def _under_fire(system: Running, kills: int) -> dict[str, Any]:
    acknowledged: dict[str, str] = {}  # idempotency key → report
    counts: Counter[str] = Counter()
    done = asyncio.Event()
    tasks = [asyncio.create_task(_citizen(system, number, acknowledged, counts, done)) for number in range(CLIENTS)]
    tasks += [asyncio.create_task(_officer(system, number, counts, done)) for number in range(OFFICERS)]
    dice = random.Random(20)
    away: list[float] = []
    for number in range(kills):
        await asyncio.sleep(dice.uniform(*BETWEEN_S))
        away.append(await _kill(system, ("web", "postgres", "both")[number % 3], counts))
    await asyncio.sleep(2)
    done.set()
    await asyncio.gather(*tasks)
    return await _account(system, acknowledged, counts, away)


async def _kill(system: Running, what: str, counts: Counter[str]) -> float:
    """Kill, and the seconds until the system answers again."""
    counts[f"killed_{what}"] += 1
    if what in ("postgres", "both"):
        assert system.service.postgres is not None
        assert system.service.postgres.pid is not None
        os.kill(system.service.postgres.pid, signal.SIGKILL)
    if what in ("web", "both"):
        for pid in system.service.worker_pids:
            os.kill(pid, signal.SIGKILL)
    start = time.perf_counter()
    await asyncio.sleep(0.05)
    async with httpx.AsyncClient(base_url=system.service.url, trust_env=False, timeout=2) as client:
        while True:
            try:
                if (await client.get("/api/health")).status_code == 200:
                    return time.perf_counter() - start
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.02)


async def _citizen(
    system: Running, number: int, acknowledged: dict[str, str], counts: Counter[str], done: asyncio.Event
) -> None:
    """Hands in reports; one that was not acknowledged is sent again under its key until it is."""
    dice, connection = random.Random(number), Connection(system.address, system.tokens["gateway"])
    sent = 0
    while not done.is_set():
        report, key = made_up_report(system.pack, dice), f"{number}-{sent}"
        sent += 1
        while True:
            try:
                status, body = await asyncio.wait_for(connection.post("/api/reports", report, key), 10)
            except (OSError, asyncio.IncompleteReadError, TimeoutError):
                status, body = 0, b""
            if status in (200, 201):
                acknowledged[key] = orjson.loads(body)["id"]
                counts["repeated"] += status == 200
                break
            counts["tries_failed"] += 1
            await asyncio.sleep(0.2)
        await asyncio.sleep(dice.uniform(0, 0.3))


async def _officer(system: Running, number: int, counts: Counter[str], done: asyncio.Event) -> None:
    """Takes random assignments one step further, as the officers of the whole city would."""
    dice = random.Random(1000 + number)
    headers = {"Authorization": f"Bearer {system.tokens['dispatcher']}"}
    steps = {"offered": ["accept", "accept", "decline"], "accepted": ["en-route", "release"],
             "en_route": ["on-scene"], "on_scene": ["clear"]}  # fmt: skip
    outcomes = list(system.pack.outcomes)
    async with httpx.AsyncClient(base_url=system.service.url, trust_env=False, timeout=5, headers=headers) as client:
        while not done.is_set():
            await asyncio.sleep(dice.uniform(0.02, 0.2))
            try:
                found = await client.get("/api/incidents", params={"state": "open,active,resolved", "limit": 60})
                if found.status_code != 200:
                    continue
                incident = dice.choice(found.json()["incidents"] or [None])
                if incident is None:
                    continue
                if incident["state"] == "resolved":
                    answer = await client.post(
                        f"/api/incidents/{incident['id']}/close", json={"call_back": "satisfied"}
                    )
                elif incident["state"] == "active" and dice.random() < 0.2 and not incident["outcome"]:
                    body = {"outcome": dice.choice(outcomes), "notes": ""}
                    answer = await client.post(f"/api/incidents/{incident['id']}/resolve", json=body)
                else:
                    live = [a for a in incident["assignments"] if a["state"] in steps]
                    if not live:
                        continue
                    chosen = dice.choice(live)
                    step = dice.choice(steps[chosen["state"]])
                    answer = await client.post(f"/api/assignments/{chosen['id']}/{step}", json={})
                counts[f"acts_{answer.status_code}"] += 1
            except httpx.TransportError:
                counts["acts_failed"] += 1


async def _account(
    system: Running, acknowledged: dict[str, str], counts: Counter[str], away: list[float]
) -> dict[str, Any]:
    """Wait until the work that is due is done, then look for what was lost and what must not be."""
    db = Database(system.service.database_url)
    deadline, waited = time.perf_counter() + SETTLE_S, time.perf_counter()
    while True:
        async with db.transaction() as connection:
            undone = await connection.scalar(text("SELECT count(*) FROM report WHERE steps_due_at IS NOT NULL"))
        if not undone or time.perf_counter() > deadline:
            break
        await asyncio.sleep(0.5)
    async with db.transaction() as connection:
        stored = set((await connection.execute(text("SELECT id::text FROM report"))).scalars())
        impossible = {
            name: number for name, query in IMPOSSIBLE.items() if (number := await connection.scalar(text(query)))
        }
        entries, faults = await verify(connection)
    await db.close()
    reports = set(acknowledged.values())
    return {
        "kills": sum(number for name, number in counts.items() if name.startswith("killed")),
        **dict(sorted(counts.items())),
        "acknowledged": len(reports),
        "lost": len(reports - stored),
        "twice": len(acknowledged) - len(reports),
        "undone": undone,
        "settled_after_s": round(time.perf_counter() - waited, 1),
        "impossible_states": sum(impossible.values()),
        "impossible": impossible,
        "journal_entries": entries,
        "journal_faults": len(faults),
        "back": percentiles(away),
    }
