"""The platform put together: what runs beside the HTTP requests, and who reads the journal.

A process may be killed at any moment: everything that is due stands in a column of the database, and every loop
here only claims what is due. Several processes may run the same loops.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime
from enum import Enum, Flag, auto
from functools import partial
from pathlib import Path
from typing import Self

from jieying.access import store as access_store
from jieying.citypack.model import CityPack
from jieying.dispatch import actions as dispatch
from jieying.dispatch import moves
from jieying.diversion.antifraud import actions as antifraud
from jieying.diversion.antifraud import arrival
from jieying.diversion.antifraud import store as antifraud_store
from jieying.diversion.hotline import actions as hotline
from jieying.diversion.hotline import store as hotline_store
from jieying.diversion.hotline.client import Hotline
from jieying.incidents import store as incidents_store
from jieying.intake import labels, steps
from jieying.intake.city import City
from jieying.journal.actions import Site
from jieying.journal.reader import Subscriber, listen, read_on, relay
from jieying.kit.clock import Clock
from jieying.kit.db import Database, ensure_partitions
from jieying.kit.errors import Conflict, Refused
from jieying.kit.keyring import Keyring
from jieying.knowledge import actions as knowledge
from jieying.knowledge import library
from jieying.knowledge import store as knowledge_store
from jieying.knowledge.base import base_entries
from jieying.rosters.rules import units_on_duty
from jieying.speeds.actions import speeds_in_force
from jieying.supervise import actions as supervise
from jieying.supervise import notices
from jieying.supervise import store as supervise_store
from jieying.units import store as units_store
from jieying.vault import actions as vault

log = logging.getLogger(__name__)

# Who reads the journal.
SUBSCRIBERS = (
    Subscriber("clocks", supervise.HEEDS, supervise.follow),
    Subscriber("notices", notices.HEEDS, notices.tell),
    Subscriber("asked", knowledge.HEEDS, knowledge.follow),
    Subscriber("fraud", arrival.HEEDS, arrival.follow),
)

IDLE_S = 0.25  # how long a loop sleeps when nothing is due and nobody wakes it
GATHER_S = 0.25  # subscribers of the journal read in batches, not entry by entry
STEP_WALKERS, OFFER_WALKERS, HOTLINE_WALKERS = 4, 4, 2
RETRY_S = 1.0
BUSY_S = 0.05
SPEEDS_S = 1.0  # within so many seconds speeds that another process put in force are taken
STOPS_S = 1.0  # how late a stop-payment request rings
ASKED_S = 5.0  # how late the ladder may hear of a question that nobody answered
HOTLINE_S = 1.0  # how late a request may be sent to the hotline
HOUSEKEEPING_S = 20.0
WAKE_MOST = 20


class Share(Flag):
    """What of the platform a process does: serve requests, walk the loops that do what is due, or both."""

    REQUESTS = auto()
    LOOPS = auto()


class Due(Enum):
    """What a request may have made due. One byte: so one process tells another."""

    STEPS = b"s"
    OFFERS = b"o"
    SPEEDS = b"v"


class Bell:
    """Each ring wakes one of those who wait; with nobody waiting, as many rings are kept as there are workers."""

    def __init__(self, workers: int) -> None:
        self._rings: asyncio.Queue[None] = asyncio.Queue(workers)

    def ring(self) -> None:
        with suppress(asyncio.QueueFull):
            self._rings.put_nowait(None)

    def rung(self) -> bool:
        """Take a ring, if there is one."""
        with suppress(asyncio.QueueEmpty):
            self._rings.get_nowait()
            return True
        return False

    async def heard(self, patience_s: float) -> None:
        """Wait for a ring, at most so long."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rings.get(), patience_s)


class Platform:
    """One process's share of the running system.

    `share` is set before it is entered, and `tell_loops` where the loops are walked by another process: it is called
    with what a request may have made due.
    """

    def __init__(
        self,
        db: Database,
        clock: Clock,
        pack: CityPack,
        data_dir: Path,
        city_hotline: Hotline | None = None,
        key_file: Path | None = None,
    ) -> None:
        self.site = Site(db, clock, pack, Keyring(key_file or data_dir / "secrets" / "vault.key"), data_dir)
        self.hotline = city_hotline
        self.city = City(pack, data_dir / "roads.cache", hands_on=city_hotline is not None)
        self.media_dir = data_dir / "media"
        self.media_dir.mkdir(parents=True, exist_ok=True)
        self.share = Share.REQUESTS | Share.LOOPS
        self.tell_loops: Callable[[Due], None] | None = None
        self._bells = {Due.STEPS: Bell(STEP_WALKERS), Due.OFFERS: Bell(OFFER_WALKERS), Due.SPEEDS: Bell(1)}
        self._speeds_version = 0  # that of the pack
        self._never = Bell(1)
        self._told: list[Callable[[], None]] = []
        self._tasks: list[asyncio.Task[None]] = []

    async def prepare(self) -> None:
        """Make what must be there before the first request: partitions, the units of the pack, their duties, a key."""
        async with self.site.db.transaction() as connection:
            await ensure_partitions(connection, self.site.clock.now())
            await units_store.add_missing(connection, self.site.region, self.site.pack.units)
            await knowledge_store.add_missing(connection, self.site.region, base_entries(), self.site.clock.now())
        vault.prepare(self.site)
        await knowledge.hide_words(self.site)
        await self._take_speeds()
        await self._roster()

    def kick_after(self, path: str) -> None:
        """A request changed something: the loops look at once instead of at their next turn."""
        if path.startswith(("/api/reports", "/api/open311")):
            self.ring(Due.STEPS)
        elif path.startswith("/api/roads"):
            self.ring(Due.SPEEDS)
        elif not path.startswith("/api/positions"):
            self.ring(Due.OFFERS)

    def ring(self, due: Due) -> None:
        """Wake who waits for this, here and in the process that walks the loops."""
        self._bells[due].ring()
        if self.tell_loops is not None:
            self.tell_loops(due)

    def hear(self, told: bytes) -> None:
        """What another process told by `tell_loops`: as many are woken as there were rings."""
        for due in Due:
            for _ in range(min(told.count(due.value), STEP_WALKERS)):
                self._bells[due].ring()

    def on_news(self, tell: Callable[[], None]) -> None:
        """Have `tell` called when the journal has new entries."""
        self._told.append(tell)

    async def run_due(self) -> datetime | None:
        """Do everything that is due now, until nothing is; returns when something will be due next.

        The platform of a clock that is moved by hand.
        """
        while True:
            if self._bells[Due.SPEEDS].rung():
                await self._take_speeds()
            for reader in self._readers():  # they start and stop the clocks that may be due
                await reader()
            async with self.site.db.transaction() as connection:
                moments = [
                    *await incidents_store.next_due(connection, self.site.region),
                    await supervise_store.next_due(connection, self.site.region),
                    await knowledge_store.next_due(connection, self.site.region),
                    await antifraud_store.next_due(connection, self.site.region),
                    await hotline_store.next_due(connection, self.site.region, hotline.states_due(bool(self.hotline))),
                ]
            now = self.site.clock.now()
            jobs = zip(moments, self._jobs(), strict=True)
            ready = [job for moment, job in jobs if moment is not None and moment <= now]
            worked = [await job() for job in ready]
            if not any(worked):
                return min((moment for moment in moments if moment is not None), default=None)

    def _jobs(self) -> list[Callable[[], Awaitable[bool]]]:
        return [self._step, self._offer, self._expire, self._ring, self._ring_asked, self._ring_stops, self._hand_on]

    def _readers(self) -> list[Callable[[], Awaitable[bool]]]:
        readers = [Subscriber("labels", labels.HEEDS, lambda *news: labels.follow(self.city, *news)), *SUBSCRIBERS]
        if self.site.pack.dispatch.move_up:  # asked for anew each time: new speeds bring another decider
            readers = [Subscriber("moves", moves.HEEDS, lambda *news: moves.follow(self.city.decider, *news)), *readers]
        return [partial(read_on, self.site, reader) for reader in readers]

    async def _gather(self, reader: Callable[[], Awaitable[bool]]) -> bool:
        """Read what there is, then let more come together: five hundred entries cost little more than one."""
        await reader()
        return False

    async def _step(self) -> bool:
        taken = await steps.take_next(self.site, self.city)
        if taken:
            self._bells[Due.OFFERS].ring()
        return taken

    async def _offer(self) -> bool:
        return await dispatch.offer_next(self.site, self.city.decider)

    async def _ring(self) -> bool:
        return await supervise.ring_due(self.site)

    async def _ring_asked(self) -> bool:
        return await knowledge.ring_due(self.site)

    async def _ring_stops(self) -> bool:
        return await antifraud.ring_due(self.site)

    async def _hand_on(self) -> bool:
        return await hotline.hand_on(self.site, self.hotline)

    async def _take_speeds(self) -> bool:
        """Change over to speeds that were put in force since; requests meanwhile go on with those of before."""
        async with self.site.db.transaction() as connection:
            found = await speeds_in_force(self.site, connection, newer_than=self._speeds_version)
        if found is not None:
            self._speeds_version = found.version
            try:
                await asyncio.to_thread(self.city.use_speeds, found.speeds)
            except ValueError:
                log.exception("speeds of version %s cannot be driven on these roads; the old ones stay", found.version)
        return False

    async def _expire(self) -> bool:
        expired = await dispatch.expire_due(self.site) > 0
        if expired:
            self._bells[Due.OFFERS].ring()
        return expired

    async def __aenter__(self) -> Self:
        await self.prepare()
        loops = [self._loop(self._take_speeds, self._bells[Due.SPEEDS], SPEEDS_S), self._warm_up()]
        if Share.REQUESTS in self.share:
            loops.append(listen(self.site.db, self._news))
        if Share.LOOPS in self.share:
            steps_due, offers_due = self._bells[Due.STEPS], self._bells[Due.OFFERS]
            loops += [
                # Several walkers keep the processor busy while one waits for the disk.
                *(self._loop(self._step, steps_due) for _ in range(STEP_WALKERS)),
                *(self._loop(self._offer, offers_due) for _ in range(OFFER_WALKERS)),
                self._loop(self._expire, self._never),
                *(self._loop(partial(self._gather, reader), self._never, GATHER_S) for reader in self._readers()),
                self._loop(self._ring, self._never),
                self._loop(self._ring_asked, self._never, ASKED_S),
                *(self._loop(self._hand_on, self._never, HOTLINE_S) for _ in range(HOTLINE_WALKERS)),
                self._loop(self._ring_stops, self._never, STOPS_S),
                relay(self.site.db),
                self._housekeeping(),
            ]
        self._tasks = [asyncio.create_task(loop) for loop in loops]
        return self

    async def __aexit__(self, *_: object) -> None:
        running = set(self._tasks)
        while running:  # whoever just then hears of a lost connection may take the word for that: it is said again
            for task in running:
                task.cancel()
            running = (await asyncio.wait(running, timeout=1))[1]
        if self.hotline is not None:
            await self.hotline.close()
        await self.site.db.close()

    def _news(self) -> None:
        for tell in self._told:
            tell()

    async def _loop(self, job: Callable[[], Awaitable[bool]], due: "Bell", idle_s: float = IDLE_S) -> None:
        """Do a job again and again while there is work, then wait until it may be due."""
        while True:
            try:
                if await job():
                    continue
            except Conflict as busy:  # another had the same rows: what is due stays due
                log.info("background work tries again: %s", busy)
                await asyncio.sleep(BUSY_S)
                continue
            except Refused as refused:  # the database is away
                log.warning("background work waits: %s", refused)
                await asyncio.sleep(RETRY_S)
            except Exception:
                log.exception("background work failed, trying again")
                await asyncio.sleep(RETRY_S)
            await due.heard(idle_s)

    async def _warm_up(self) -> None:
        """Make the search of the knowledge base now: neither the first call-taker who types nor the first enquiry shall
        wait for it."""
        try:
            async with self.site.db.transaction() as connection:
                await library.search(self.site, connection, "-")
        except Exception:
            log.exception("the search of the knowledge base is made when it is asked for the first time")

    async def _housekeeping(self) -> None:
        """Once in a while: duties begin and end, partitions are made ahead, the longest waiting are looked at again."""
        while True:
            try:
                await self.keep_house()
            except Refused as refused:
                log.warning("housekeeping waits: %s", refused)
            except Exception:
                log.exception("housekeeping failed, trying again")
            await asyncio.sleep(HOUSEKEEPING_S / max(1.0, self.site.clock.speed))

    async def keep_house(self) -> None:
        now = self.site.clock.now()
        await self._roster()
        async with self.site.db.transaction() as connection:
            await ensure_partitions(connection, now)
            await access_store.end_expired(connection, now)
            if await units_store.candidates(connection, self.site.region, preempt=False):
                await incidents_store.wake_waiting(connection, self.site.region, now, WAKE_MOST)
            if self.site.pack.dispatch.move_up:
                await moves.suggest(self.city.decider, self.site, connection)
        self._bells[Due.OFFERS].ring()

    async def _roster(self) -> None:
        on_now = units_on_duty(self.site.pack, self.site.clock.now())
        async with self.site.db.transaction() as connection:
            was_on = await units_store.rostered(connection, self.site.region)
        begin = [code for code, on in was_on.items() if not on and code in on_now]
        end = [code for code, on in was_on.items() if on and code not in on_now]
        if begin or end:
            await dispatch.apply_roster(self.site, begin, end)
