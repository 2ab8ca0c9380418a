"""The search over the entries as they stand in the database, made anew when an editor has changed one."""

import asyncio

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.journal.actions import Site
from jieying.knowledge import store
from jieying.knowledge.search import Found, Search

CACHE = "knowledge.cache"
# One a process and region: what it was made from, and the search.
_made: dict[str, tuple[tuple[int, int], Search]] = {}
_making = asyncio.Lock()


async def search(site: Site, connection: AsyncConnection, words: str, most: int = 3) -> Found:
    """Search the entries that hold today. The first search of a process makes it ready: in a moment where
    a process before has kept what it learnt, else in a few seconds, as after a change of an entry."""
    stamp = await store.stamp(connection, site.region)
    async with _making:
        held = _made.get(site.region)
        if held is None or held[0] != stamp:
            entries = [store.entry_of(row) for row in await store.list_entries(connection, site.region)]
            held = (stamp, await asyncio.to_thread(Search, entries, cache=site.cache and site.cache / CACHE))
            _made[site.region] = held
    return await asyncio.to_thread(held[1].find, words, most)
