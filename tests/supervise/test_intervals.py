"""The intervals of NFPA 1225 and 1710: percentiles equal to numpy's, shares by the target of each level."""

import random
from datetime import datetime, timedelta

import httpx
import numpy as np
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.citypack.model import Level
from jieying.incidents import store
from jieying.kit.geo import cell_of
from jieying.kit.ids import new_id
from jieying.supervise.intervals import INTERVALS, intervals
from tests.conftest import NOON, SignIn
from tests.minicity import spot

TIMES = ("received_at", "answered_at", "offered_at", "en_route_at", "on_scene_at")


async def add(platform: Platform, org: str, level: Level, times: dict[str, datetime]) -> None:
    here, path = spot(1000, 1000), platform.site.pack.orgs[org].path
    async with platform.site.db.transaction() as connection:
        await store.add_incident(
            connection, region="mini", id=new_id(times["received_at"]), number="n", state="open", category="fight",
            level=str(level), level_rank=level.rank, summary="", lat=here.lat, lon=here.lon, cell=cell_of(here),
            place="", place_confidence=1.0, area="A1", org=org, org_path=path, org_paths=[path], channel="phone",
            plan="any", units_needed=1, opened_at=times["received_at"], **times,
        )  # fmt: skip


async def made_up(platform: Platform, count: int) -> list[tuple[Level, dict[str, datetime]]]:
    """Incidents of the station S1, each as far along as chance will have it."""
    dice, made = random.Random(7), []
    for _ in range(count):
        moment, times = NOON - timedelta(seconds=dice.uniform(0, 3000)), {}
        for name in TIMES[: dice.randint(1, len(TIMES))]:
            times[name] = moment
            moment += timedelta(seconds=round(dice.expovariate(1 / 90), 3))
        level = dice.choice(list(Level))
        await add(platform, "S1", level, times)
        made.append((level, times))
    return made


@pytest.mark.parametrize("name", list(INTERVALS))
async def test_percentiles_equal_numpys_and_shares_count_what_kept_its_target(platform: Platform, name: str) -> None:
    made = await made_up(platform, 60)
    async with platform.site.db.transaction() as connection:
        found = (await intervals(platform.site, connection, NOON - timedelta(hours=1), "/P/C/"))[name]
    start, end, stage = INTERVALS[name]
    kept = [(level, (t[end] - t[start]).total_seconds()) for level, t in made if start in t and end in t]
    seconds = [s for _, s in kept]
    assert found.n == len(seconds) > 5
    assert [found.p50_s, found.p90_s, found.p95_s] == pytest.approx(np.percentile(seconds, [50, 90, 95]), abs=1e-3)
    if stage is None:
        assert found.within_target is None
    else:
        within = [s <= platform.site.pack.targets.seconds[level][stage] for level, s in kept]
        assert found.within_target == pytest.approx(np.mean(within), abs=1e-4)


async def test_nothing_measured_is_none_not_zero(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    shown = (await client.get("/api/intervals", headers=await sign_in())).json()["intervals"]["response"]
    assert shown == {"n": 0, "p50_s": None, "p90_s": None, "p95_s": None, "within_target": None}


async def test_a_station_is_measured_by_its_own_incidents(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await made_up(platform, 4)
    headers = await sign_in(Role.COMMANDER, "S2")
    shown = (await client.get("/api/intervals", headers=headers)).json()
    assert shown["incidents"] == {}
    assert {one["n"] for one in shown["intervals"].values()} == {0}


async def test_what_came_before_the_hours_asked_for_does_not_count(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    at = NOON - timedelta(hours=2)
    await add(platform, "S1", Level.RED, {"received_at": at, "answered_at": at + timedelta(seconds=2)})
    headers = await sign_in()
    n = [
        (await client.get(f"/api/intervals?hours={hours}", headers=headers)).json()["intervals"]["answer"]["n"]
        for hours in (1, 3)
    ]
    assert n == [0, 1]
