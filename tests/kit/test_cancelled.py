"""A transaction whose task is cancelled, at whatever moment: the task ends, and the next transactions are sound."""

import asyncio
import random

from sqlalchemy import text

from jieying.kit.db import Database

TASKS, AT_MOST_S = 100, 0.02


async def test_after_cancellations_at_any_moment_every_transaction_still_commits(own_database_url: str) -> None:
    db, moments = Database(own_database_url, pool=4), random.Random(7)
    async with db.transaction() as connection:
        await connection.execute(text("CREATE TABLE noted (n int)"))

    async def note(n: int) -> None:
        async with db.transaction() as connection:
            await connection.execute(text("INSERT INTO noted VALUES (:n)"), {"n": n})

    async def go_on_for_ever() -> None:
        while True:
            await note(-1)

    for _ in range(TASKS // 10):
        tasks = [asyncio.create_task(go_on_for_ever()) for _ in range(10)]
        for task in tasks:
            await asyncio.sleep(moments.uniform(0, AT_MOST_S))
            task.cancel()
        done, pending = await asyncio.wait(tasks, timeout=10)
        assert not pending
        assert all(task.cancelled() for task in done), [task for task in done if not task.cancelled()]
    for n in range(12):  # more than there are connections
        await note(n)
    await db.close()
    fresh = Database(own_database_url)
    async with fresh.transaction() as connection:
        kept = set((await connection.execute(text("SELECT n FROM noted"))).scalars())
    await fresh.close()
    assert set(range(12)) <= kept
