"""The simulated journal: the platform's kinds and data, and the same intervals as the simulator measures."""

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.citypack.model import Level
from jieying.journal import store as journal
from jieying.journal.model import START
from jieying.kit.clock import ManualClock
from tests.conftest import SignIn
from tests.minicity import spot
from tests.simulation.small import Ring, busy_day, city, play


def moments(lines: list[dict[str, Any]]) -> dict[str, dict[str, datetime]]:
    """By incident the moments of its first arrival, as anybody would read them from a journal."""
    found: dict[str, dict[str, datetime]] = defaultdict(dict)
    offered: dict[str, dict[str, datetime]] = defaultdict(dict)
    answered: dict[str, datetime] = {}
    for line in lines:
        at, incident = datetime.fromisoformat(line["at"]), line["incident"]
        match line["kind"]:
            case "report.answered":
                answered[line["subject"]] = at
            case "incident.opened":
                found[incident]["received"] = datetime.fromisoformat(line["data"]["received_at"])
                found[incident]["answered"] = answered[line["data"]["report"]]
            case "assignment.offered" | "assignment.en_route":
                offered[line["data"]["assignment"]][line["kind"]] = at
            case "assignment.on_scene" if "on_scene" not in found[incident]:
                mine = offered[line["data"]["assignment"]]
                found[incident] |= {
                    "offered": mine["assignment.offered"], "en_route": mine["assignment.en_route"], "on_scene": at,
                }  # fmt: skip
    return found


def test_intervals_read_from_the_journal_are_those_of_the_simulator(tmp_path: Path) -> None:
    outcome, written = play(busy_day(80, seed=9), policies=["balanced+relay"])
    written.write(tmp_path / "journal.jsonl")
    lines = [json.loads(line) for line in (tmp_path / "journal.jsonl").read_text(encoding="utf-8").splitlines()]
    read = list(moments(lines).values())
    assert len(read) == 80
    for later, earlier in (
        ("on_scene", "received"), ("on_scene", "en_route"), ("en_route", "offered"), ("offered", "answered"),
    ):  # fmt: skip
        from_journal = [(one[later] - one[earlier]).total_seconds() for one in read]
        own = getattr(outcome, f"{later}_s") - getattr(outcome, f"{earlier}_s")
        np.testing.assert_allclose(from_journal, own, atol=2e-6)


async def test_kinds_and_data_are_those_that_the_platform_writes(
    platform: Platform, client: httpx.AsyncClient, clock: ManualClock, sign_in: SignIn
) -> None:
    """One incident through the real platform, waiting and preempted ones too, against a simulated day."""
    headers = await sign_in(Role.DISPATCHER)
    gateway = await sign_in(Role.GATEWAY)

    async def post(path: str, body: dict[str, Any], by: dict[str, str] = headers) -> Any:
        answer = await client.post(path, json=body, headers=by)
        assert answer.is_success, answer.text
        await platform.run_due()
        return answer.json() if answer.content else None

    place = {"lat": spot(600, 500).lat, "lon": spot(600, 500).lon}
    report = await post("/api/reports", {"channel": "phone", "words": "noise", "position": place}, gateway)
    taker = await sign_in(Role.CALL_TAKER)
    described = {"words": "noise", "position": place, "category": "noise", "level": "white"}
    await post(f"/api/reports/{report['id']}/describe", described, taker)
    (incident,) = (await client.get("/api/incidents", headers=headers)).json()["incidents"]
    shown = (await client.get(f"/api/incidents/{incident['id']}", headers=headers)).json()
    assignment = shown["assignments"][0]["id"]
    for step in ("accept", "en-route", "on-scene"):
        await post(f"/api/assignments/{assignment}/{step}", {})
    await post(f"/api/incidents/{incident['id']}/resolve", {"outcome": "mediated", "notes": ""})
    await post(f"/api/assignments/{assignment}/clear", {})
    await post(f"/api/incidents/{incident['id']}/close", {"call_back": "not_wanted"})
    async with platform.site.db.transaction() as connection:
        entries = await journal.read_after(connection, START, 1000)
    live = {entry.kind: set(entry.data) for entry in entries}

    _, written = play([Ring(0, spot(600, 500))])
    simulated = {entry["kind"]: set(entry["data"]) for entry in written.entries}
    assert set(simulated) <= set(live)
    assert {kind: keys for kind, keys in live.items() if kind in simulated} == simulated


def test_preempted_and_waiting_incidents_are_in_it_too() -> None:
    rings = [Ring(0, spot(2900, 500)), Ring(60, spot(500, 600), "robbery", Level.RED, needed=1)]
    _, written = play(rings, city("U1"))
    kinds = {entry["kind"] for entry in written.entries}
    assert {"assignment.released", "incident.waiting", "incident.waiting_ended"} <= kinds
