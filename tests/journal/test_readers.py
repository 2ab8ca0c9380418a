"""Readers of the journal get every entry once and in order, whatever commits late, crashes or is restored."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.bootstrap import Platform
from jieying.journal import store
from jieying.journal.actions import Site, record
from jieying.journal.model import START, Entry, Position
from jieying.journal.reader import CHANNEL, Subscriber, read_on, relay
from jieying.kit.db import Database


async def write(platform: Platform, *numbers: int) -> None:
    async with platform.site.db.transaction() as connection:
        for number in numbers:
            await record(platform.site, connection, "test.happened", "thing", "T", "t", n=number)


async def new_entries(platform: Platform, position: Position) -> list[Entry]:
    async with platform.site.db.transaction() as connection:
        return await store.read_after(connection, position, 1000)


class Undone(Exception):
    """What a test ends a transaction with."""


async def naive(platform: Platform, seen: int) -> list[int]:
    """What a reader that keeps the largest sequence number would get."""
    async with platform.site.db.transaction() as connection:
        query = text("SELECT seq FROM journal WHERE seq > :seen ORDER BY seq")
        return list((await connection.execute(query, {"seen": seen})).scalars())


async def end(platform: Platform) -> Position:
    """Behind everything written so far; other databases of the server may hold it up for a moment."""
    async with platform.site.db.transaction() as connection:
        last = (
            await connection.execute(
                text("SELECT epoch, xid::text::bigint, seq FROM journal ORDER BY seq DESC LIMIT 1")
            )
        ).one()
    return Position(*last)


@pytest.mark.parametrize("earlier_ends", ["commit", "rollback"])
async def test_an_entry_that_is_committed_late_is_not_skipped(platform: Platform, earlier_ends: str) -> None:
    site, begun = platform.site, await end(platform)
    with suppress(Undone):
        async with site.db.transaction() as early:
            await record(site, early, "test.early", "thing", "A", "t")
            await write(platform, 1)  # a later number, committed first
            naive_seen = max(await naive(platform, begun.seq))
            assert await new_entries(platform, begun) == []  # held back: something could still come before
            if earlier_ends == "rollback":
                raise Undone
    found = await new_entries(platform, begun)
    if earlier_ends == "commit":
        assert [entry.kind for entry in found] == ["test.early", "test.happened"]
        assert found[0].position.seq < naive_seen  # the naive reader has gone past it for good
        assert await naive(platform, naive_seen) == []
    else:
        assert [entry.kind for entry in found] == ["test.happened"]


async def test_a_late_number_of_an_early_transaction_is_not_skipped_either(platform: Platform) -> None:
    """Transaction ids and sequence numbers can be drawn in opposite orders."""
    site, begun = platform.site, await end(platform)
    async with site.db.transaction() as early:
        await early.execute(text("SELECT pg_current_xact_id()"))
        await write(platform, 1)
        await record(site, early, "test.early", "thing", "A", "t")
        assert await new_entries(platform, begun) == []
    assert sorted(entry.kind for entry in await new_entries(platform, begun)) == ["test.early", "test.happened"]


class Noting:
    """Notes what it is handed in a table, in the transaction of its cursor; crashes when told to."""

    def __init__(self) -> None:
        self.crash = False
        self.calls = 0

    async def __call__(self, site: Site, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
        self.calls += 1
        await connection.execute(text("CREATE TABLE IF NOT EXISTS handed (n int)"))
        for entry in entries:
            await connection.execute(text("INSERT INTO handed VALUES (:n)"), {"n": entry.data["n"]})
        if self.crash:
            raise RuntimeError("crashed after its work, before its commit")

    def as_reader(self) -> Subscriber:
        return Subscriber("test", frozenset({"test.happened"}), self)

    async def handed(self, platform: Platform) -> list[int]:
        async with platform.site.db.transaction() as connection:
            return list((await connection.execute(text("SELECT n FROM handed ORDER BY ctid"))).scalars())


async def read_all(platform: Platform, subscriber: Noting) -> None:
    while await read_on(platform.site, subscriber.as_reader()):
        pass


async def test_a_subscriber_that_crashes_in_its_work_is_handed_each_entry_exactly_once(platform: Platform) -> None:
    subscriber = Noting()
    await write(platform, 1, 2)
    await read_all(platform, subscriber)
    await write(platform, 3)
    subscriber.crash = True
    with pytest.raises(RuntimeError):
        await read_on(platform.site, subscriber.as_reader())
    subscriber.crash = False
    await write(platform, 4)
    await read_all(platform, subscriber)
    assert subscriber.calls >= 3
    assert await subscriber.handed(platform) == [1, 2, 3, 4]


async def test_a_subscriber_is_handed_what_it_heeds_and_passes_the_rest(platform: Platform) -> None:
    site, subscriber = platform.site, Noting()
    await write(platform, 1)
    async with site.db.transaction() as connection:
        await record(site, connection, "test.else", "thing", "A", "t")
    await read_all(platform, subscriber)
    calls = subscriber.calls
    async with site.db.transaction() as connection:
        await record(site, connection, "test.else", "thing", "A", "t")
    assert await read_on(site, subscriber.as_reader())  # moved on, and had nothing to hand over
    assert not await read_on(site, subscriber.as_reader())
    assert (subscriber.calls, await subscriber.handed(platform)) == (calls, [1])


async def test_two_processes_of_one_subscriber_do_not_hand_over_twice(platform: Platform) -> None:
    subscriber = Noting()
    await write(platform, 0)
    await read_all(platform, subscriber)  # makes its table
    await write(platform, *range(1, 40))
    await asyncio.gather(*(read_all(platform, subscriber) for _ in range(3)))
    await read_all(platform, subscriber)
    assert await subscriber.handed(platform) == list(range(40))


async def test_readers_go_on_after_a_restore_into_a_server_whose_transaction_ids_begin_anew(
    platform: Platform,
) -> None:
    subscriber = Noting()
    await write(platform, 1)
    await read_all(platform, subscriber)
    await write(platform, 2)
    # What a restored database looks like: the rows come from a server that was far ahead of this one.
    async with platform.site.db.transaction() as connection:
        await connection.execute(text("ALTER TABLE journal DISABLE TRIGGER USER"))
        await connection.execute(text("UPDATE journal SET xid = (xid::text::bigint + 1000000000)::text::xid8"))
        await connection.execute(text("ALTER TABLE journal ENABLE TRIGGER USER"))
        await connection.execute(text("UPDATE journal_cursor SET xid = xid + 1000000000"))
    # Without an epoch: stuck for a billion transactions.
    assert not await read_on(platform.site, subscriber.as_reader())
    async with platform.site.db.transaction() as connection:
        epoch = await store.begin_epoch(connection)
    await write(platform, 3)
    await read_all(platform, subscriber)
    await write(platform, 4)
    await read_all(platform, subscriber)
    assert await subscriber.handed(platform) == [1, 2, 3, 4]
    everything = await new_entries(platform, START)
    assert everything[-1].position.epoch == epoch == 2
    assert [entry.position for entry in everything] == sorted(entry.position for entry in everything)


async def test_a_partition_made_after_a_restore_belongs_to_the_new_epoch(platform: Platform, clock: Any) -> None:
    async with platform.site.db.transaction() as connection:
        await store.begin_epoch(connection)
    clock.advance(100 * 86400)
    await platform.prepare()  # makes the partitions of that time
    await write(platform, 1)
    assert (await end(platform)).epoch == 2


class Ear:
    """Counts the notifications of the relay."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
        self.heard = 0
        self.something = asyncio.Event()

    async def __aenter__(self) -> "Ear":
        self.connection = await asyncpg.connect(self.url)
        await self.connection.add_listener(CHANNEL, self._hear)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.connection.close()

    def _hear(self, *_: object) -> None:
        self.heard += 1
        self.something.set()

    async def wait(self) -> None:
        await asyncio.wait_for(self.something.wait(), 20)
        self.something.clear()


async def test_the_relay_sends_one_notification_for_many_entries(platform: Platform) -> None:
    async with Ear(platform.site.db.url) as ear:
        relaying = asyncio.create_task(relay(platform.site.db))
        await ear.wait()  # it tells at its start that there is a journal
        first = ear.heard
        await write(platform, *range(50))
        await ear.wait()
        await write(platform, 50)
        await ear.wait()
        assert ear.heard - first == 2
    relaying.cancel()


async def test_when_the_process_that_relays_goes_another_takes_over(platform: Platform) -> None:
    other = Database(platform.site.db.url, pool=2)
    async with Ear(platform.site.db.url) as ear:
        first = asyncio.create_task(relay(platform.site.db))
        await ear.wait()
        second = asyncio.create_task(relay(other))
        first.cancel()
        await asyncio.wait([first])
        await ear.wait()  # although the first one's pool lives on
        await write(platform, 1)
        await ear.wait()
        second.cancel()
        await asyncio.wait([second])
    await other.close()


async def test_a_relay_that_waits_its_turn_keeps_no_snapshot_that_would_hold_up_vacuum(platform: Platform) -> None:
    other = Database(platform.site.db.url, pool=2)
    relays = [asyncio.create_task(relay(db)) for db in (platform.site.db, other)]
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'advisory'"
    )
    for _ in range(20):
        async with platform.site.db.transaction() as connection:
            assert await connection.scalar(waiting) == 0
        await asyncio.sleep(0.02)
    for task in relays:
        task.cancel()
    await asyncio.wait(relays)
    await other.close()
