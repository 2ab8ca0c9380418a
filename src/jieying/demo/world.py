"""What all people of the demo share: the time, the city as one who lives there knows it, and whom they spoke with."""

import asyncio
import logging
import math
import random
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack
from jieying.demo.client import Client, Turned
from jieying.demo.feed import Feed
from jieying.kit.clock import ScaledClock
from jieying.kit.geo import Point
from jieying.roads.network import RoadNetwork, hour_of_week

log = logging.getLogger(__name__)

DEGREE_M = 111_195.0


@dataclass(frozen=True)
class Spot:
    """A place as a citizen calls it, and where it is."""

    name: str
    point: Point


@dataclass(frozen=True)
class Said:
    """What one citizen reports: the truth that only he knows, for whoever asks him.

    `event` numbers what happened: those who saw the same say the same number. `kind` is police, enquiry,
    hotline or nothing.
    """

    event: int
    kind: str
    category: str
    spot: Spot
    words: str


@dataclass
class World:
    """`closing`: nobody reports any more. `hurry`: what can be done faster without falsifying a time is."""

    clock: ScaledClock
    pack: CityPack
    roads: RoadNetwork
    random: random.Random
    words: dict[str, list[str]]
    feed: Feed
    account: Callable[[str], Client]
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    hurry: asyncio.Event = field(default_factory=asyncio.Event)
    said: dict[str, Said] = field(default_factory=dict)  # by the id that the service acknowledged
    faults: list[str] = field(default_factory=list)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _over: bool = False

    def now(self) -> datetime:
        return self.clock.now()

    @property
    def hour(self) -> int:
        return self.now().astimezone(ZoneInfo(self.pack.timezone)).hour

    @property
    def hour_of_week(self) -> int:
        return hour_of_week(self.now().astimezone(ZoneInfo(self.pack.timezone)))

    async def wait(self, seconds: float, *, until: asyncio.Event | None = None) -> None:
        """Let time pass in the city; less of it when `until` is set in between."""
        real = max(0.0, seconds) / self.clock.speed
        if until is None:
            await asyncio.sleep(real)
        elif not until.is_set():
            try:
                async with asyncio.timeout(real):
                    await until.wait()
            except TimeoutError:
                pass

    def about(self, median: float, spread: float = 0.4) -> float:
        """Seconds that people take for something: log-normal about a median."""
        return median * math.exp(self.random.gauss(0, spread))

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def near(self, point: Point, metres: float) -> Point:
        """Some place within so many metres."""
        distance, angle = metres * math.sqrt(self.random.random()), self.random.uniform(0, 2 * math.pi)
        east = distance * math.sin(angle) / (DEGREE_M * math.cos(math.radians(point.lat)))
        return Point(point.lat + distance * math.cos(angle) / DEGREE_M, point.lon + east)

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        """Somebody begins to do something; that the service refuses is part of life, anything else a fault."""
        if self._over:
            work.close()
            return
        task = asyncio.create_task(self._watched(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watched(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Turned as turned:
            log.info("%s", turned)
            if turned.status != 409:
                self.faults.append(str(turned))
        except Exception as error:
            log.exception("somebody in the demo failed")
            self.faults.append(repr(error))

    async def end(self) -> None:
        """Everybody goes home."""
        self._over = True
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
