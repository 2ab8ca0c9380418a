"""Readers of the journal: subscribers with a durable cursor, and the relay that wakes everybody who listens."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

import asyncpg
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.journal import store
from jieying.journal.actions import Site
from jieying.journal.model import Entry
from jieying.kit.db import Database

log = logging.getLogger(__name__)

CHANNEL = "jieying_journal"
BATCH = 500
RELAY_S = 0.025  # how often the relay looks; at most this is added between a commit and its listeners
RETRY_S = 1.0

Handler = Callable[[Site, AsyncConnection, Sequence[Entry]], Awaitable[None]]


@dataclass(frozen=True)
class Subscriber:
    """Who reads the journal: `cursor` names its place there, `kinds` are the entries that it heeds."""

    cursor: str
    kinds: frozenset[str]
    follow: Handler


async def read_on(site: Site, subscriber: Subscriber) -> bool:
    """Hand the next entries to a subscriber and move its cursor, all in one transaction: each entry once.

    False when there was nothing to read, or another process reads for this subscriber right now.
    """
    async with site.db.transaction() as connection:
        position = await store.claim_cursor(connection, subscriber.cursor)
        if position is None:
            return False
        end, entries = await store.read_kinds(connection, position, subscriber.kinds, BATCH)
        if end == position:
            return False
        if entries:
            await subscriber.follow(site, connection, entries)
        await store.move_cursor(connection, subscriber.cursor, end)
        return True


_LAST = text(
    """
    SELECT epoch, xid::text::bigint AS xid, seq FROM journal
    WHERE epoch < (SELECT max(epoch) FROM journal_epoch) OR xid < pg_snapshot_xmin(pg_current_snapshot())
    ORDER BY epoch DESC, journal.xid DESC, seq DESC LIMIT 1
    """
)


async def relay(db: Database) -> None:
    """Send one NOTIFY for whatever was committed since the last look; runs until cancelled.

    Of all processes one relays, by an advisory lock that ends with its connection. NOTIFY inside the transactions
    themselves would make PostgreSQL commit them one after the other.
    """
    while True:
        try:
            async with db.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                try:
                    await _relay_on(connection)
                finally:
                    await connection.invalidate()  # the lock must not live on in the pool
        except (DBAPIError, OSError, TimeoutError):
            log.warning("the relay lost the database and tries again")
            await asyncio.sleep(RETRY_S)


async def _relay_on(connection: AsyncConnection) -> None:
    # Asked for again and again: a statement that waits for it would keep VACUUM from its work all the while.
    while not await connection.scalar(text("SELECT pg_try_advisory_lock(hashtext('jieying relay'))")):  # noqa: ASYNC110
        await asyncio.sleep(RETRY_S)
    last = None
    while True:
        newest = (await connection.execute(_LAST)).one_or_none()
        if newest != last:
            await connection.execute(text(f"NOTIFY {CHANNEL}"))
            last = newest
        await asyncio.sleep(RELAY_S)


async def listen(db: Database, wake: Callable[[], None]) -> None:
    """Call `wake` whenever the relay says that there is something new; runs until cancelled."""
    dsn = make_url(db.url).set(drivername="postgresql").render_as_string(hide_password=False)
    while True:
        try:
            connection = await asyncpg.connect(dsn)
            lost = asyncio.Event()
            connection.add_termination_listener(lambda _, lost=lost: lost.set())
            await connection.add_listener(CHANNEL, lambda *_: wake())
            try:
                wake()
                await lost.wait()
            finally:
                await connection.close(timeout=1)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError):
            log.warning("lost the database while listening, trying again")
        await asyncio.sleep(RETRY_S)
