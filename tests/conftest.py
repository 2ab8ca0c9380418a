"""What every test may use: a real PostgreSQL for the session, and a fresh database for each test module.

JIEYING_TEST_DATABASE_URL takes another server instead of the embedded one; its role must be allowed to
create databases.
"""

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy.engine import URL, make_url

from jieying.kit.postgres import EmbeddedPostgres


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
def template_database(postgres_url: str) -> str:
    """Name of the database that those of the modules are copied from.

    Here the migrated template belongs: create it, migrate it once, return its name.
    """
    return "template1"


@pytest.fixture(scope="module")
def database_url(postgres_url: str, template_database: str) -> Iterator[str]:
    """SQLAlchemy URL of a database that only this test module uses."""
    name = f"test_{uuid4().hex}"
    server = make_url(postgres_url)
    execute_on(server, f"CREATE DATABASE {name} TEMPLATE {template_database}")
    yield server.set(database=name).render_as_string(hide_password=False)
    execute_on(server, f"DROP DATABASE {name} WITH (FORCE)")


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
