"""An administrator changes the speeds of a running system."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from tests.conftest import NOON, SignIn
from tests.incidents import acts
from tests.minicity import mini_city, spot

HOUR = 6 * 24 + 12  # NOON in the mini city
SPEEDS = "/api/roads/speeds"


def eta(platform: Platform) -> float | None:
    """Along a street of the mini city, 1000 m, where the pack says 30 km/h."""
    return platform.city.roads.etas([spot(100, 0)], spot(1100, 0), HOUR)[0]


async def send(client: httpx.AsyncClient, sign_in: SignIn, body: dict[str, Any]) -> httpx.Response:
    return await client.post(SPEEDS, json=body, headers=await sign_in(Role.ADMINISTRATOR))


async def test_until_somebody_sets_others_the_speeds_are_those_of_the_pack(
    client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    answer = await client.get(SPEEDS, headers=await sign_in(Role.CALL_TAKER))
    assert answer.json() == {
        "version": 0,
        "at": None,
        "by": None,
        "kmh": {"arterial": 50.0, "street": 30.0},
        "default_kmh": 30.0,
        "hour_factor": [1.0] * 168,
        "area_factor": {},
    }


async def test_new_speeds_change_etas_and_stand_in_the_journal(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    assert eta(platform) == pytest.approx(120, abs=1)
    answer = await send(client, sign_in, {"kmh": {"street": 60}, "hour_factor": [0.5] * 24})
    assert answer.status_code == 200, answer.text
    await platform.run_due()
    assert eta(platform) == pytest.approx(120, abs=1), "twice the speed, half of it at this hour"
    answer = await send(client, sign_in, {"area_factor": {"A1": 0.25}})
    await platform.run_due()
    assert eta(platform) == pytest.approx(480, abs=2), "what is left out is the pack's again"
    assert answer.json() | {"hour_factor": []} == {
        "version": 2,
        "at": NOON.isoformat().replace("+00:00", "Z"),
        "by": "account:administrator-c-2",
        "kmh": {"arterial": 50.0, "street": 30.0},
        "default_kmh": 30.0,
        "hour_factor": [],
        "area_factor": {"A1": 0.25},
    }
    assert (await client.get(SPEEDS, headers=await sign_in(Role.AUDITOR))).json() == answer.json()
    entries = await acts.fetch(
        platform, "SELECT actor, data FROM journal WHERE kind = 'roads.speeds_changed' ORDER BY number"
    )
    told = [(actor, data["version"], data["kmh"]["street"], data["area_factor"]) for actor, data in entries]
    assert told == [
        ("account:administrator-c-1", 1, 60.0, {}),
        ("account:administrator-c-2", 2, 30.0, {"A1": 0.25}),
    ]


async def test_the_ranking_of_candidates_goes_by_the_new_speeds(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    before = platform.city.decider
    await send(client, sign_in, {"default_kmh": 10, "kmh": {"street": 10, "arterial": 10}})
    await platform.run_due()
    assert platform.city.decider is not before
    assert platform.city.decider.roads is platform.city.roads


async def test_speeds_that_cannot_be_are_refused_and_change_nothing(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"kmh": {"street": 0}}, "invalid_field"),
        ({"kmh": {"street": 301}}, "invalid_field"),
        ({"kmh": {"street": "fast"}}, "invalid_field"),
        ({"kmh": {"canal": 5}}, "no_such_road_class"),
        ({"default_kmh": -1}, "invalid_field"),
        ({"hour_factor": []}, "invalid_field"),
        ({"hour_factor": [1.0] * 25}, "invalid_field"),
        ({"hour_factor": [1.0] * 23 + [0.0]}, "invalid_field"),
        ({"area_factor": {"A1": 21}}, "invalid_field"),
        ({"area_factor": {"Z9": 0.5}}, "no_such_area"),
        ({"speed": 5}, "invalid_field"),
    ]
    headers = await sign_in(Role.ADMINISTRATOR)
    answers = [await client.post(SPEEDS, json=body, headers=headers) for body, _ in wrong]
    assert [(a.status_code, a.json()["code"]) for a in answers] == [(422, code) for _, code in wrong]
    assert (await client.get(SPEEDS, headers=headers)).json()["version"] == 0


@pytest.fixture
async def another(platform: Platform, own_database_url: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Any]:
    """Start further processes of the service on the same database, with their loops."""
    running: list[Platform] = []

    async def start() -> Platform:
        made = Platform(Database(own_database_url, pool=16), clock, mini_city(), tmp_path)
        running.append(await made.__aenter__())
        return made

    yield start
    for made in running:
        await made.__aexit__()


async def test_another_process_changes_over_too_and_one_started_later_begins_with_them(
    client: httpx.AsyncClient, sign_in: SignIn, another: Any
) -> None:
    running = await another()
    asked, failed = 0, []

    async def ask() -> None:
        nonlocal asked
        while eta(running) == pytest.approx(120, abs=1):
            asked += 1
            await asyncio.sleep(0.01)
        if eta(running) != pytest.approx(60, abs=1):
            failed.append(eta(running))

    readers = asyncio.gather(ask(), ask())
    await send(client, sign_in, {"kmh": {"street": 60}})
    await asyncio.wait_for(readers, 20)
    assert asked
    assert failed == []
    assert eta(await another()) == pytest.approx(60, abs=1)
