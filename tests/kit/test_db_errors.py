"""What a failed statement says, and what it keeps to itself."""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from jieying.kit.db import Database


async def test_an_error_of_the_database_does_not_repeat_what_a_reporter_said(database_url: str) -> None:
    db = Database(database_url, pool=1)
    try:
        with pytest.raises(DBAPIError) as failed:
            async with db.transaction() as connection:
                await connection.execute(text("SELECT * FROM no_such_table WHERE contact = :c"), {"c": "13900000000"})
        assert "13900000000" not in str(failed.value)
    finally:
        await db.close()
