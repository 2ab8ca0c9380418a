"""Same events: F1 on invented bursts of held-back events beside plain baselines, and time with 10,000 open reports.

The reports lie as bursts in the whole city, all of the last 25 minutes: the hardest case, as every one of them is
within the window of time. One suggestion is the query, the comparison, and nothing else: the sentence vector comes
from understanding.
"""

import asyncio
import random
import tempfile
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.common import PACK, percentiles
from jieying.bootstrap import Platform
from jieying.citypack.model import CityPack
from jieying.citypack.read import read_pack
from jieying.incidents.actions import Opening, link_report, open_incident
from jieying.incidents.model import ReportState
from jieying.incidents.store import add_report, get_report
from jieying.intake.same import similar_incidents
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.kit.ids import new_id
from jieying.kit.postgres import EmbeddedPostgres
from jieying.migrations import upgrade
from jieying.triage.bursts import Bursts, Report, read_events
from jieying.triage.rules import Understanding
from jieying.triage.same_event import Facts
from jieying.triage.same_event_fit import evaluate

OPEN_REPORTS = 10_000
WORDINGS = 400  # reports that are understood; the others are these again at other places
ASKED = 500
NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)


def run() -> dict[str, Any]:
    """The figures at the top are those of the platform."""
    city = read_pack(PACK)
    found = evaluate(city)
    return {**found, **found["platform"], "with_10000_open_reports": asyncio.run(_times(city))}


def _reports(city: CityPack) -> list[Report]:
    def top(code: str | None) -> str | None:
        category = city.categories.get(code or "")
        return None if category is None else category.parent or category.code

    bursts = Bursts(read_events(), city.places, Understanding(city).understand, top, 3)
    told: list[Report] = []
    while len(told) < WORDINGS:
        told += [one for one in bursts.one() if one.facts.position is not None]
    return told[:WORDINGS]


async def _times(city: CityPack) -> dict[str, Any]:
    dice, told = random.Random(5), _reports(city)
    with tempfile.TemporaryDirectory() as folder, EmbeddedPostgres(Path(folder), durable=False) as server:
        db, clock = Database(server.url, pool=2), ManualClock(NOON)
        await upgrade(db)
        platform = Platform(db, clock, city, Path(folder))
        await platform.prepare()
        await _fill(platform, clock, dice, told)
        result: dict[str, Any] = {}
        for name in ("placed", "placeless"):
            ours, theirs = [], []
            for _ in range(ASKED):
                facts = replace(dice.choice(told).facts, received_at=clock.now())
                place = dice.choice(city.places).position
                facts = replace(facts, position=place if name == "placed" else None, guesses=())
                spent, used = await _ask(platform, facts)
                ours.append(spent)
                theirs.append(used)
            both = [a + b for a, b in zip(ours, theirs, strict=True)]
            result |= percentiles(ours, f"{name}_python_") | percentiles(both, f"{name}_with_database_")
        await db.close()
        return result | {"open_reports": OPEN_REPORTS}


async def _ask(platform: Platform, facts: Facts) -> tuple[float, float]:
    """Processor seconds of one suggestion, here and in PostgreSQL (Linux tells them to the nanosecond)."""
    async with platform.site.db.transaction() as connection:
        backend = int(await connection.scalar(text("SELECT pg_backend_pid()")) or 0)
        before, began = _ran_s(backend), time.process_time()
        await similar_incidents(platform.site, platform.city, connection, facts)
        spent = time.process_time() - began
        return spent, _ran_s(backend) - before


def _ran_s(pid: int) -> float:
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


async def _fill(platform: Platform, clock: ManualClock, dice: random.Random, told: list[Report]) -> None:
    """Incidents of one to four reports each, all over the city."""
    site, city = platform.site, platform.site.pack
    made = 0
    while made < OPEN_REPORTS:
        place = dice.choice(city.places)
        located = platform.city.areas.area_of(place.position)
        if located is None:
            continue
        received = NOON - timedelta(seconds=dice.uniform(0, 1500))
        incident = None
        async with site.db.transaction() as connection:
            for _ in range(dice.randint(1, 4)):
                facts, id_ = dice.choice(told).facts, new_id(received)
                clock.moment = received
                await add_report(
                    connection, region=site.region, id=id_, channel=facts.channel, state=str(ReportState.ANSWERED),
                    received_at=received, answered_at=received, words=facts.words, reporter_contact=facts.contact,
                    category=facts.category, vector=facts.vector, handed_in_by="b",
                )  # fmt: skip
                report = await get_report(connection, site.region, id_)
                if incident is None:
                    category = facts.category or next(iter(city.categories))
                    level = city.categories[category].level
                    opening = Opening(
                        category, level, (), place.position, place.name, 1.0, located.code, located.org, "p", 1
                    )
                    incident = await open_incident(site, connection, report, opening)
                else:
                    await link_report(site, connection, report, incident)
                made += 1
    clock.moment = NOON
