"""The database: one engine, one transaction an action, tables partitioned by the month of their UUIDv7 id."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from asyncpg import InterfaceError, InternalClientError, PostgresError
from sqlalchemy import ARRAY, ColumnElement, MetaData, Table, any_, cast, literal_column, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from jieying.kit.errors import Conflict, Unavailable
from jieying.kit.hot import driver, to_json
from jieying.kit.ids import first_id

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# Deadlock, serialization failure, lock timeout: somebody else was at the same rows; trying again helps.
_BUSY = {"40P01", "40001", "55P03"}
# Connection failures, the server starting or shutting down, too many connections.
_DOWN = {"08000", "08001", "08003", "08006", "57P01", "57P02", "57P03", "53300"}
# Disk full and out of memory.
_FULL = {"53100", "53200"}

# We ask by keys: a plan made once is as good as one made anew for each set of values, which costs more than to run it.
# It may be made while a month's table is empty, where to read all of it looks best, and be kept while the month fills.
_SESSION = {
    "application_name": "jieying",
    "jit": "off",
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
}
# InternalClientError: what asyncpg makes of a connection that breaks between two of its messages.
_FAILED = (DBAPIError, PostgresError, InterfaceError, InternalClientError, PoolTimeout, OSError, TimeoutError)


class Database:
    """The engine and how its errors are told. `pool` is the number of connections this process may hold."""

    def __init__(self, url: str, pool: int = 20) -> None:
        self.url = url
        self.engine: AsyncEngine = create_async_engine(
            url,
            pool_size=pool,
            max_overflow=4,
            pool_timeout=10,
            pool_pre_ping=False,
            hide_parameters=True,  # an error is logged; the words and numbers of a reporter must not be
            json_serializer=to_json,
            json_deserializer=orjson.loads,
            connect_args={"server_settings": _SESSION},
        )
        # As far as SQLAlchemy knows: `transaction` begins and ends on the driver.
        self._driven = self.engine.execution_options(isolation_level="AUTOCOMMIT")

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """One action: committed when the block ends, undone when it raises.

        Raises Conflict("busy") on a deadlock and Unavailable("database_down" | "disk_full") when PostgreSQL
        cannot be reached or has no room.
        """
        try:
            async with self._driven.connect() as connection:
                below = driver(connection)
                try:
                    await below.execute("BEGIN")
                    yield connection
                    await below.execute("COMMIT")
                except BaseException:  # a task that is cancelled ends as cancelled, whatever state its connection is in
                    await _undo(connection)
                    raise
        except _FAILED as error:
            raise _refusal(error) from error

    async def close(self) -> None:
        await self.engine.dispose()


async def _undo(connection: AsyncConnection) -> None:
    """Undo what was begun; a connection on which that fails goes, for nobody may find a transaction open on it."""
    try:
        await driver(connection).execute("ROLLBACK")
    except BaseException as failed:
        if connection.sync_connection is not None:
            connection.sync_connection.invalidate()
        if not isinstance(failed, Exception):
            raise


def _refusal(error: Exception) -> Exception:
    below = error.orig if isinstance(error, DBAPIError) else error
    code = getattr(below, "sqlstate", None)
    if code in _BUSY:
        return Conflict("busy")
    if code in _FULL:
        return Unavailable("disk_full")
    if code in _DOWN or (isinstance(error, DBAPIError) and error.connection_invalidated):
        return Unavailable("database_down")
    if isinstance(error, DBAPIError | PostgresError):
        return error
    return Unavailable("database_down")  # no connection to be had, none within the time, or it broke


def among(column: ColumnElement[Any], values: Collection[Any]) -> ColumnElement[bool]:
    """Whether the column holds one of the values, as one array: `IN` would be another statement for each length,
    and the server would have to prepare it each time."""
    return column == any_(cast(list(values), ARRAY(column.type)))


def fixed(column: ColumnElement[str], *values: str) -> ColumnElement[bool]:
    """Whether the column holds one of these words of the program, written into the statement: of a parameter, whose
    plan is made once for all values, PostgreSQL can't know that an index over just these rows will do."""
    assert all(value.replace("_", "").isalnum() for value in values)
    return column.in_([literal_column(f"'{value}'") for value in values])


def by_month(table: Table) -> Table:
    """Mark a table as partitioned by the month of its id; `ensure_partitions` makes the partitions."""
    table.dialect_options["postgresql"]["partition_by"] = "RANGE (id)"
    table.info["by_month"] = True
    return table


def partitioned_tables() -> list[Table]:
    """All tables that are partitioned by month, parents of foreign keys first."""
    return [table for table in metadata.sorted_tables if table.info.get("by_month")]


def month_start(moment: datetime, months_later: int = 0) -> datetime:
    """The first moment (UTC) of the month of `moment`, or of a later one."""
    months = moment.year * 12 + moment.month - 1 + months_later
    return datetime(months // 12, months % 12 + 1, 1, tzinfo=UTC)


async def ensure_partitions(connection: AsyncConnection, now: datetime, ahead: int = 2) -> None:
    """Make the partitions of this month, the one before (late ids) and `ahead` months; the rest stays."""
    for offset in range(-1, ahead + 1):
        start, end = month_start(now, offset), month_start(now, offset + 1)
        for table in partitioned_tables():
            name = f"{table.name}_{start:%Y%m}"
            if await connection.scalar(text("SELECT to_regclass(:name)"), {"name": name}) is not None:
                continue
            # Two processes may come here at once: the lock makes the second find the work done.
            await connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('jieying partitions'))"))
            await connection.execute(
                text(
                    f"CREATE TABLE IF NOT EXISTS {name} PARTITION OF {table.name} "
                    f"FOR VALUES FROM ('{first_id(start)}') TO ('{first_id(end)}')"
                )
            )
            if table.name == "journal":
                await connection.execute(
                    text(
                        f"CREATE OR REPLACE TRIGGER {name}_no_truncate BEFORE TRUNCATE ON {name} "
                        "EXECUTE FUNCTION journal_refuse_change()"
                    )
                )
