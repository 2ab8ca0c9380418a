"""From words and position to ranked units with reasons, in one process without the database."""

import random
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from benchmarks.common import PACK, made_up_report, percentiles, thirds
from jieying.citypack.read import read_pack
from jieying.dispatch.rules import CallFacts, UnitFacts, plan_for, skills_needed
from jieying.intake.city import City
from jieying.intake.rules import choose_place
from jieying.kit.geo import Point
from jieying.kit.reasons import Reason

DECISIONS, MOVING = 3_000, 10
NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def run() -> dict[str, Any]:
    """Each decision: understand the words, find the place, rank all 120 units by road; ten units move before each."""
    pack = read_pack(PACK)
    with tempfile.TemporaryDirectory() as folder:
        city = City(pack, Path(folder) / "roads.cache")
    dice = random.Random(2026)
    posts = {unit.code: unit.post for unit in pack.units.values()}
    units = {
        unit.code: UnitFacts(unit.code, pack.orgs[unit.org].path, unit.skills, "available", unit.post, 20.0)
        for unit in pack.units.values()
    }
    seconds, decided, ranked = [], 0, 0
    for _ in range(DECISIONS):
        for code in dice.sample(list(units), MOVING):
            moved = Point(posts[code].lat + dice.gauss(0, 0.01), posts[code].lon + dice.gauss(0, 0.01))
            units[code] = UnitFacts(code, units[code].org_path, units[code].skills, "available", moved, 5.0)
        report = made_up_report(pack, dice)
        start = time.perf_counter()
        candidates = decide(city, report, list(units.values()))
        seconds.append(time.perf_counter() - start)
        decided += bool(candidates)
        ranked += len(candidates)
    return {
        "decisions": DECISIONS,
        "units": len(units),
        "road_nodes": len(pack.road_nodes),
        "decided": decided,
        "ranked_per_decision": round(ranked / max(1, decided), 1),
        "rss_mb": round(psutil.Process().memory_info().rss / 1e6),
        **percentiles(seconds),
        **thirds(seconds),
    }


def decide(city: City, report: dict[str, Any], units: list[UnitFacts]) -> list[Any]:
    """The very functions that the live steps call, one after the other."""
    pack, position = city.pack, report.get("position")
    understood = city.understanding.understand(report["words"])
    device = Point(position["lat"], position["lon"]) if position else None
    place = choose_place(city.locator.locate(report["words"], device, position and position["accuracy_m"]))
    if isinstance(place, Reason) or place.org is None or understood.category is None:
        return []  # a person decides; the time until here counts all the same
    plan = plan_for(pack, understood.category, understood.level)
    skills = skills_needed(pack.categories[understood.category], plan)
    call = CallFacts(place.position, understood.level, pack.orgs[place.org].path, skills)
    return city.decider.rank(call, plan, units, NOW)
