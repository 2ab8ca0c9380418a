"""The database that a command works in: the one set, that of the running service, or our own for the time it takes."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from jieying.citypack.read import read_pack
from jieying.journal.actions import Site
from jieying.kit.clock import parse_clock
from jieying.kit.db import Database, ensure_partitions
from jieying.kit.errors import Conflict, Invalid
from jieying.kit.keyring import Keyring
from jieying.kit.postgres import EmbeddedPostgres
from jieying.migrations import upgrade
from jieying.settings import Settings


@contextmanager
def database_url(settings: Settings, *, alone: bool = False) -> Iterator[str]:
    """The URL of a server that runs while the block does. `alone` refuses the server of a running service.

    Raises Conflict `postgres_running` then, Unavailable when the server cannot run.
    """
    if settings.database_url:
        yield checked(settings.database_url)
        return
    server = EmbeddedPostgres(settings.data_dir)
    try:
        server.start()
    except Conflict:
        if alone:
            raise
        yield server.url
        return
    try:
        yield server.url
    finally:
        server.stop()


def checked(url: str) -> str:
    """The URL, if it is one that we can use; raises Invalid `bad_database_url`."""
    try:
        if make_url(url).drivername == "postgresql+asyncpg":
            return url
    except ArgumentError:
        pass
    raise Invalid("bad_database_url")


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """The database with our newest schema; raises Unavailable `database_down` when it cannot be reached."""
    db = Database(url, pool=2)
    try:
        async with db.transaction() as connection:
            await connection.execute(text("SELECT 1"))
        await upgrade(db)
        yield db
    finally:
        await db.close()


@asynccontextmanager
async def open_site(settings: Settings, url: str) -> AsyncIterator[Site]:
    """What actions need. Raises PackFaults when the city pack cannot be used."""
    pack = read_pack(settings.pack)
    async with open_database(url) as db:
        site = Site(db, parse_clock(settings.clock), pack, Keyring(settings.key_file))
        async with db.transaction() as connection:  # the service may never have run yet
            await ensure_partitions(connection, site.clock.now())
        yield site
