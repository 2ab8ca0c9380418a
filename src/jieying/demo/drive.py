"""The people of the demo brought together, kept at work, and sent home when the time is over."""

import asyncio
import random
import signal
import tomllib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from functools import cache, partial
from importlib.resources import files
from typing import Any

import httpx
from rich.console import Console

from jieying.citypack.model import CityPack
from jieying.demo.account import give_account
from jieying.demo.call_takers import CallTakers
from jieying.demo.citizens import Citizens
from jieying.demo.client import Client
from jieying.demo.dispatchers import Dispatchers
from jieying.demo.feed import Feed
from jieying.demo.fleet import Fleet
from jieying.demo.fraud_desk import FraudDesk
from jieying.demo.officers import Officers
from jieying.demo.options import DemoOptions
from jieying.demo.people import PASSWORD, PLAYED
from jieying.demo.screen import show
from jieying.demo.world import World
from jieying.kit.clock import ScaledClock
from jieying.roads.graph import from_pack
from jieying.roads.network import RoadNetwork
from jieying.web.serve import Service

# In the last part of the time nobody reports any more; after it, what still runs may take so many real seconds.
LAST_PART, DRAIN_S = 0.3, 50.0
WATCH_S = 0.5


async def drive(
    options: DemoOptions, service: Service, clock: ScaledClock, pack: CityPack, console: Console
) -> dict[str, Any] | None:
    """Play until the time is over and give the account of it; None when told to end before."""
    stop = _stop_on_signal()
    limits = httpx.Limits(max_connections=30)
    async with httpx.AsyncClient(base_url=service.url, trust_env=False, timeout=30, limits=limits) as http:
        account = cache(partial(_account, http))
        roads = await asyncio.to_thread(RoadNetwork, from_pack(pack), pack.speeds, options.data_dir / "roads.cache")
        feed = Feed(account("desk"), service.url)
        world = World(clock, pack, roads, random.Random(options.seed), words(), feed, account)  # noqa: S311
        async with _at_work(world, service, options, console):
            if not await _play(world, options.seconds, stop):
                return None
        given = await give_account(account("auditor"), service.database_url, set(world.said))
        return given | {"demo_faults": world.faults}


def _account(http: httpx.AsyncClient, username: str) -> Client:
    return Client(http, username, PASSWORD if username == "auditor" else PLAYED)


def words() -> dict[str, list[str]]:
    """What the people of the demo say, by occasion."""
    return tomllib.loads((files("jieying.demo") / "words.toml").read_text(encoding="utf-8"))


def _stop_on_signal() -> asyncio.Event:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return stop


@asynccontextmanager
async def _at_work(world: World, service: Service, options: DemoOptions, console: Console) -> AsyncIterator[None]:
    fleet = Fleet(world)
    Officers(world, fleet)
    CallTakers(world)
    Dispatchers(world)
    for work in (world.feed.run, fleet.run, Citizens(world).live, FraudDesk(world).work, partial(_watch, service)):
        world.start(work())
    world.start(show(world, service.url, options, console))
    try:
        yield
    finally:
        await world.end()


async def _watch(service: Service) -> None:
    """Start again whatever part of the service dies."""
    while True:
        await asyncio.to_thread(service.watch_once)
        await asyncio.sleep(WATCH_S)


async def _play(world: World, seconds: float | None, stop: asyncio.Event) -> bool:
    """Until the time is over and the work done; False when told to end before."""
    if seconds is None:
        await stop.wait()
        return False
    if await _set_within(stop, seconds * (1 - LAST_PART)):
        return False
    world.closing.set()
    if await _set_within(stop, seconds * LAST_PART):
        return False
    world.hurry.set()
    for _ in range(int(DRAIN_S / WATCH_S)):
        if not world.feed.reports and not world.feed.incidents:
            break
        if await _set_within(stop, WATCH_S):
            return False
    return True


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
    return event.is_set()
