"""What every test may use: a real PostgreSQL, a migrated database, a platform in a small city, its web app.

`database_url` is one database for a test module. `platform`, `client` and `sign_in` are fresh for each test: they
stand on a database of their own, so that no test finds what another one left.

JIEYING_TEST_DATABASE_URL takes another server instead of the embedded one; its role must be allowed to
create databases.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast
from uuid import uuid4

import asyncpg
import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import URL, make_url

from jieying.access import actions as access
from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.citypack.build import build_pack
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database, ensure_partitions
from jieying.kit.postgres import EmbeddedPostgres
from jieying.migrations import upgrade
from jieying.settings import Settings
from jieying.web.app import make_app
from tests.minicity import mini_city

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # a Sunday, 12:00 in the mini city
PASSWORD = "password-of-a-test"

SignIn = Callable[..., Awaitable[dict[str, str]]]

# Timings never decide a test: not on a machine that has other things to do either.
settings.register_profile("patient", settings.default, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of a server for this session; unsafe settings, for speed."""
    given = os.environ.get("JIEYING_TEST_DATABASE_URL")
    if given:
        yield given
        return
    # Not a folder of pytest's: they are closed to other users, and root may have to start the server as one.
    folder = Path(tempfile.mkdtemp(prefix="jieying-test-"))
    folder.chmod(0o755)
    try:
        with EmbeddedPostgres(folder, durable=False) as server:
            yield server.url
    finally:
        shutil.rmtree(folder)


@pytest.fixture(scope="session")
def template_database(postgres_url: str) -> Iterator[str]:
    """Name of a database with our schema, partitions for NOON and nothing in them, which all others are copied from."""
    with new_database(postgres_url, "template1") as url:

        async def migrate() -> None:
            db = Database(url)
            await upgrade(db)
            async with db.transaction() as connection:
                await ensure_partitions(connection, NOON)  # dear, and the same for all
            await db.close()

        asyncio.run(migrate())
        yield str(make_url(url).database)


@contextmanager
def new_database(server_url: str, template: str) -> Iterator[str]:
    """A database that lives as long as the block: a copy of the template, in some 30 ms."""
    name, server = f"test_{uuid4().hex}", make_url(server_url)
    execute_on(server, f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY FILE_COPY")
    try:
        yield server.set(database=name).render_as_string(hide_password=False)
    finally:
        drop_database(server, name)


def drop_database(server: URL, name: str) -> None:
    """The plain statement ends an autovacuum that is at work there, the other one connections that a failed test left.

    It refuses where an autovacuum has just begun: then the plain one helps again.
    """
    for statement in (f"DROP DATABASE {name}", f"DROP DATABASE {name} WITH (FORCE)") * 3:
        with suppress(asyncpg.ObjectInUseError, asyncpg.InsufficientPrivilegeError):
            return execute_on(server, statement)
    return execute_on(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="module")
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """SQLAlchemy URL of a database that only this test module uses."""
    with new_database(postgres_url, template_database) as url:
        yield url


@pytest.fixture
def own_database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """SQLAlchemy URL of a database that only this test uses."""
    with new_database(postgres_url, template_database) as url:
        yield url


def execute_on(server: URL, statement: str) -> None:
    """Run one statement outside of a transaction, from code that is not async."""

    async def run() -> None:
        plain = server.set(drivername="postgresql").render_as_string(hide_password=False)
        connection = await asyncpg.connect(plain)
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    asyncio.run(run())


@pytest.fixture(scope="session")
def yunzhou(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the sample city with its model, as `make setup` built it; only read it. Else it is built here."""
    built = Path(__file__).parents[1] / "var" / "packs" / "yunzhou"
    if (built / "map.pmtiles").is_file():
        return built
    out = tmp_path_factory.mktemp("packs") / "yunzhou"
    build_pack(Path(__file__).parents[1] / "packs" / "yunzhou", out, None, lambda _: None)
    return out


@pytest.fixture
def clock() -> ManualClock:
    """The clock of `platform`: it stands until the test moves it."""
    return ManualClock(NOON)


@pytest.fixture
async def platform(own_database_url: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Platform]:
    """The platform in the mini city, all units on duty; `await platform.run_due()` does what is due now."""
    made = Platform(Database(own_database_url, pool=5), clock, mini_city(), tmp_path)
    await made.prepare()
    yield made
    await made.site.db.close()


@pytest.fixture
async def app(platform: Platform, tmp_path: Path) -> AsyncIterator[FastAPI]:
    """The web app around `platform`, without background loops."""
    made = make_app(platform, Settings(data_dir=tmp_path), run_loops=False)
    async with made.router.lifespan_context(made):
        yield made


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of `app` that is not signed in; hand it the headers of `sign_in`."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as made:
        yield made


@pytest.fixture
def sign_in(platform: Platform) -> SignIn:
    """`headers = await sign_in(Role.OFFICER, "S1", unit="U1")` adds an account and signs it in."""
    added = 0

    async def add(role: Role = Role.DISPATCHER, org: str = "C", unit: str | None = None) -> dict[str, str]:
        nonlocal added
        added += 1
        username = f"{role}-{org}-{added}".lower()
        await access.add_account(
            platform.site, username=username, name=username, password=PASSWORD, role=role, org=org, unit=unit
        )
        session = await access.sign_in(platform.site, username, PASSWORD, hours=12)
        return {"Authorization": f"Bearer {session.token}"}

    return cast(SignIn, add)
