"""The journal can't be changed unnoticed: the database refuses, and verify names what was done behind its back."""

from contextlib import suppress

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from jieying.bootstrap import Platform
from jieying.journal import store
from jieying.journal.actions import record
from jieying.journal.model import Fault

COPY = """
INSERT INTO journal (region, id, at, kind, subject_kind, subject, number, actor, data, hash)
SELECT region, uuidv7(), at, 'forged', subject_kind, subject, {number}, actor, data, {hash} FROM journal
WHERE subject = 'U1' AND number = 2
"""


@pytest.fixture
async def written(platform: Platform) -> Platform:
    """Four entries about U1 and one about U2, on top of the duties that began."""
    await entries(platform, "U1", 3)
    await entries(platform, "U2", 1)
    return platform


async def entries(platform: Platform, subject: str, count: int) -> None:
    for number in range(count):
        async with platform.site.db.transaction() as connection:
            await record(platform.site, connection, "test.happened", "unit", subject, "t", n=number)


async def behind_its_back(platform: Platform, statement: str) -> None:
    """As the owner of the database, with its triggers off."""
    async with platform.site.db.transaction() as connection:
        await connection.execute(text("ALTER TABLE journal DISABLE TRIGGER USER"))
        await connection.execute(text(statement))
        await connection.execute(text("ALTER TABLE journal ENABLE TRIGGER USER"))


async def faults(platform: Platform) -> list[tuple[str, int, str]]:
    async with platform.site.db.transaction() as connection:
        _, found = await store.verify(connection)
    assert all(isinstance(fault, Fault) for fault in found)
    return [(fault.subject, fault.number, fault.problem) for fault in found]


async def test_an_untouched_journal_has_no_faults_and_all_its_entries_are_counted(written: Platform) -> None:
    async with written.site.db.transaction() as connection:
        count, found = await store.verify(connection)
    assert (count, list(found)) == (len(written.site.pack.units) + 4, [])


async def timeline_of(platform: Platform, subject: str) -> list[int]:
    async with platform.site.db.transaction() as connection:
        query = text("SELECT number FROM journal WHERE subject = :subject ORDER BY seq")
        return list((await connection.execute(query, {"subject": subject})).scalars())


async def test_the_chain_of_one_subject_is_numbered_without_gaps(written: Platform) -> None:
    assert await timeline_of(written, "U1") == [1, 2, 3, 4]


@pytest.mark.parametrize(
    "change",
    ["data = '{\"n\": 7}'", "at = at + interval '1 second'", "actor = 'somebody else'", "kind = 'test.other'",
     "incident_id = uuidv7()", "hash = '\\x00'"],
)  # fmt: skip
@pytest.mark.parametrize("number", [1, 2, 4])
async def test_a_changed_row_is_named(written: Platform, change: str, number: int) -> None:
    await behind_its_back(written, f"UPDATE journal SET {change} WHERE subject = 'U1' AND number = {number}")  # noqa: S608
    assert ("U1", number, "changed") in await faults(written)
    assert {subject for subject, _, _ in await faults(written)} == {"U1"}


async def test_a_change_whose_hash_was_computed_anew_is_found_at_the_next_row(written: Platform) -> None:
    anew = """
    UPDATE journal AS j SET actor = 'x', hash = journal_hash(p.hash, j.region, j.id, j.at, j.kind, j.subject_kind,
        j.subject, j.number, j.incident_id, 'x', j.data)
    FROM journal AS p WHERE j.subject = 'U1' AND p.subject = 'U1' AND j.number = {} AND p.number = j.number - 1
    """
    await behind_its_back(written, anew.format(2))
    assert await faults(written) == [("U1", 3, "changed")]


async def test_the_last_row_changed_with_its_hash_is_found_by_the_head(written: Platform) -> None:
    await test_a_change_whose_hash_was_computed_anew_is_found_at_the_next_row(written)
    await behind_its_back(written, "UPDATE journal SET hash = '\\x01' WHERE subject = 'U2' AND number = 2")
    assert ("U2", 2, "changed") in await faults(written)


@pytest.mark.parametrize("removed", [[1], [2], [2, 3], [4], [3, 4], [1, 2, 3, 4]])
async def test_every_removed_row_is_named_and_no_other(written: Platform, removed: list[int]) -> None:
    numbers = ", ".join(map(str, removed))
    await behind_its_back(written, f"DELETE FROM journal WHERE subject = 'U1' AND number IN ({numbers})")  # noqa: S608
    assert await faults(written) == [("U1", number, "removed") for number in removed]


@pytest.mark.parametrize("number", [1, 3, 4, 5])
async def test_an_inserted_row_is_named_and_no_other(written: Platform, number: int) -> None:
    await behind_its_back(written, COPY.format(number=number, hash="hash"))
    assert await faults(written) == [("U1", number, "inserted")]


async def test_a_row_of_a_subject_that_never_was_is_named(written: Platform) -> None:
    await behind_its_back(written, COPY.format(number=1, hash="hash").replace("subject, 1", "'ghost', 1"))
    assert ("ghost", 1, "inserted") in await faults(written)


@pytest.mark.parametrize("statement", ["UPDATE {} SET actor = 'x'", "DELETE FROM {}", "TRUNCATE {}"])
@pytest.mark.parametrize("table", ["journal", "journal_202611"])
async def test_the_database_refuses_to_change_the_journal(written: Platform, statement: str, table: str) -> None:
    with pytest.raises(DBAPIError, match="append-only"):
        async with written.site.db.transaction() as connection:
            await connection.execute(text(statement.format(table)))
    assert await faults(written) == []


async def test_a_change_that_fails_leaves_no_entry(written: Platform) -> None:
    with suppress(ZeroDivisionError):
        async with written.site.db.transaction() as connection:
            await record(written.site, connection, "test.happened", "unit", "U1", "t")
            1 / 0  # noqa: B018
    assert len(await timeline_of(written, "U1")) == 4
    assert await faults(written) == []
