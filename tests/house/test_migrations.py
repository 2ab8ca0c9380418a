"""The schema that the migrations make is the one that the code describes."""

import asyncio
import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from jieying.kit.db import Database
from jieying.migrations import upgrade
from jieying.migrations.tables import metadata
from tests.conftest import new_database

# SQLAlchemy knows no xid8; its column is written by a default and compared as text.
pytestmark = pytest.mark.filterwarnings("ignore:Did not recognize type 'xid8'")

PARTITION = re.compile(r"_\d{6}$")  # made as time goes on, not by migrations


@pytest.fixture
def empty_database_url(postgres_url: str) -> Iterator[str]:
    with new_database(postgres_url, "template1") as url:
        yield url


@pytest.fixture
def migrated_database_url(empty_database_url: str) -> str:
    """What the migrations alone make, without the partitions that come as time goes on."""
    asyncio.run(upgrade(Database(empty_database_url)))
    return empty_database_url


def _differences(connection: Connection) -> list[Any]:
    def ours(name: str | None, kind: str, _: object) -> bool:
        return kind != "table" or not PARTITION.search(name or "")

    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True, "include_name": ours}
    )
    found: list[Any] = compare_metadata(context, metadata)
    return found


async def test_migrations_and_tables_agree(migrated_database_url: str) -> None:
    db = Database(migrated_database_url)
    async with db.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await db.close()


async def test_a_table_that_no_migration_makes_would_be_found(migrated_database_url: str) -> None:
    db = Database(migrated_database_url)
    async with db.engine.connect() as connection:
        await connection.execute(text("ALTER TABLE account DROP COLUMN failures"))
        assert [change[0] for change in await connection.run_sync(_differences)] == ["add_column"]
    await db.close()


UPGRADE = """
import asyncio, sys
from jieying.kit.db import Database
from jieying.migrations import upgrade
asyncio.run(upgrade(Database(sys.argv[1])))
"""


async def test_two_processes_that_upgrade_at_once_leave_one_whole_schema(empty_database_url: str) -> None:
    command = [sys.executable, "-c", UPGRADE, empty_database_url]
    both = [await asyncio.create_subprocess_exec(*command) for _ in range(2)]
    assert [await process.wait() for process in both] == [0, 0]
    db = Database(empty_database_url)
    async with db.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await db.close()
