"""Statements on the driver answer as SQLAlchemy's own way does, inside the same transaction."""

from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import ARRAY, Text, any_, bindparam, select, text

from jieying.access.store import account
from jieying.incidents.tables import report
from jieying.kit.db import Database
from jieying.kit.errors import Unavailable
from jieying.kit.hot import add_row, fetch, fetch_one
from jieying.kit.ids import new_id

NOW = datetime(2026, 11, 22, 4, tzinfo=UTC)
REPORTS = select(report).where(report.c.words == any_(bindparam("said", type_=ARRAY(Text)))).order_by(report.c.words)
ROW = {
    "region": "test", "id": new_id(NOW), "channel": "sms", "state": "received", "received_at": NOW, "words": "a",
    "reasons": [{"code": "x", "values": {"id": uuid4()}}], "lat": 30.5, "vector": b"\x00\x01", "handed_in_by": "t",
}  # fmt: skip


async def test_the_rows_are_those_of_sqlalchemy(own_database_url: str) -> None:
    db = Database(own_database_url)
    async with db.transaction() as connection:
        await add_row(connection, report, ROW)
        found = await fetch(connection, REPORTS, {"said": ["a", "b"]})
        assert found == list((await connection.execute(REPORTS, {"said": ["a", "b"]})).all())
        assert (found[0].words, found[0].lat, found[0].vector) == ("a", 30.5, b"\x00\x01")
        assert found[0].reasons == [{"code": "x", "values": {"id": str(ROW["reasons"][0]["values"]["id"])}}]
    await db.close()


async def test_a_value_that_stands_in_the_statement_need_not_be_given(own_database_url: str) -> None:
    db, none = Database(own_database_url), select(account).where(account.c.username == "nobody")
    async with db.transaction() as connection:
        assert await fetch_one(connection, none, {}) is None
        assert (await fetch_one(connection, text("SELECT 1 AS one, :two AS two"), {"two": "2"}))._asdict() == {
            "one": 1, "two": "2",
        }  # fmt: skip
    await db.close()


async def test_a_value_that_is_missing_and_a_row_too_many_are_no_answer(own_database_url: str) -> None:
    db = Database(own_database_url)
    async with db.transaction() as connection:
        with pytest.raises(KeyError, match="said"):
            await fetch(connection, REPORTS, {"sad": ["a"]})
        with pytest.raises(ValueError, match="too many"):
            await fetch_one(connection, text("SELECT 1 AS one UNION SELECT 2"), {})
    await db.close()


async def test_what_it_writes_is_undone_with_the_transaction(own_database_url: str) -> None:
    db = Database(own_database_url)
    with suppress(ZeroDivisionError):
        async with db.transaction() as connection:
            await add_row(connection, report, ROW)
            1 / 0  # noqa: B018
    async with db.transaction() as connection:
        assert await fetch(connection, REPORTS, {"said": ["a"]}) == []
    await db.close()


async def test_a_connection_that_broke_is_told_and_not_used_again(own_database_url: str) -> None:
    db, sleep = Database(own_database_url, pool=1), text("SELECT pg_terminate_backend(pg_backend_pid())")
    with pytest.raises(Unavailable, match="database_down"):
        async with db.transaction() as connection:
            await fetch(connection, sleep, {})
    async with db.transaction() as connection:
        assert await fetch(connection, REPORTS, {"said": ["a"]}) == []
    await db.close()
