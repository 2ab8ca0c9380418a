"""The statements that run for every report, on the driver itself.

SQLAlchemy writes such a statement once; from then on it takes no part. To run one by `AsyncConnection.execute` costs
0.25 ms of processor time, this way 0.06, and a report needs some fifteen. Both may be used in one transaction.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import orjson
from sqlalchemy import Insert, Row, Table, bindparam, insert
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.engine import result_tuple
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.sql import ClauseElement

Convert = Callable[[Any], Any] | None


def to_json(value: Any) -> str:
    # The driver gives ids as a subclass of UUID, which orjson does not know.
    return orjson.dumps(value, default=str).decode()


_DOUBLE = 701  # PostgreSQL's number for double precision: all our numbers with a point are
_DIALECT: Any = asyncpg.dialect(json_serializer=to_json)  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class _Written:
    """A statement as the driver takes it: its text, and for each of its values name and conversion.

    `known`: values that stand in the statement itself and need not be given.
    """

    text: str
    values: tuple[tuple[str, Convert], ...]
    known: Mapping[str, Any]
    columns: tuple[tuple[int, Callable[[Any], Any]], ...]  # those of the answer that must be converted
    row: Callable[[Any], Row[Any]] | None

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """Raises KeyError for a value that is neither given nor known."""
        every = {**self.known, **given} if self.known else given
        return [every[name] if convert is None else convert(every[name]) for name, convert in self.values]

    def rows(self, records: list[Any]) -> list[Row[Any]]:
        if not records:
            return []
        row = self.row or result_tuple(list(records[0].keys()))
        if not self.columns:
            return [row(tuple(record)) for record in records]
        rows = []
        for record in records:
            values = list(record)
            for place, convert in self.columns:
                values[place] = convert(values[place])
            rows.append(row(tuple(values)))
        return rows


async def fetch(connection: AsyncConnection, statement: ClauseElement, given: Mapping[str, Any]) -> list[Row[Any]]:
    """The rows of a statement that is made once a process: it is remembered for good. `IN` with a list is not for it.

    Raises what the driver raises; `Database.transaction` tells it as it tells everything.
    """
    written = _written(statement)
    records = await driver(connection).fetch(written.text, *written.arguments(given))
    return written.rows(records)


async def fetch_one(connection: AsyncConnection, statement: ClauseElement, given: Mapping[str, Any]) -> Row[Any] | None:
    """The only row, None when there is none. Raises ValueError when there are more."""
    rows = await fetch(connection, statement, given)
    if not rows:
        return None
    (row,) = rows
    return row


async def add_row(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    await fetch(connection, _insert(table, tuple(values)), values)


def driver(connection: AsyncConnection) -> Any:
    """asyncpg's connection beneath SQLAlchemy's."""
    assert connection.sync_connection is not None
    return connection.sync_connection.connection.driver_connection


@cache
def _insert(table: Table, columns: tuple[str, ...]) -> Insert:
    return insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in columns})


@cache
def _written(statement: ClauseElement) -> _Written:
    compiled: Any = statement.compile(dialect=_DIALECT)
    binds = [(name, compiled.binds[name]) for name in compiled.positiontup or ()]
    values = tuple((name, one.type.dialect_impl(_DIALECT).bind_processor(_DIALECT)) for name, one in binds)
    described = _described(statement)
    types = [one["type"].dialect_impl(_DIALECT) for one in described]
    converts = [(place, type_.result_processor(_DIALECT, _DOUBLE)) for place, type_ in enumerate(types)]
    return _Written(
        str(compiled),
        values,
        {name: one.value for name, one in binds if not one.required},
        tuple((i, convert) for i, convert in converts if convert is not None),
        result_tuple([one["name"] for one in described]) if described else None,
    )


def _described(statement: Any) -> list[Any]:
    """The columns of the answer; empty for SQL in text, whose answer is taken as the driver gives it."""
    if getattr(statement, "is_select", False):
        return list(statement.column_descriptions)
    return list(getattr(statement, "returning_column_descriptions", ()))
