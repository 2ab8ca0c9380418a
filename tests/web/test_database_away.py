"""A database that is away or has no connection to spare is a 503 that says so, never a fault of ours."""

import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url

from jieying.bootstrap import Platform
from jieying.kit.db import Database
from jieying.kit.errors import Unavailable


async def test_no_way_in(platform: Platform) -> None:
    nowhere = make_url(platform.site.db.url).set(host="127.0.0.1", port=1, query={})
    db = Database(nowhere.render_as_string(hide_password=False))
    with pytest.raises(Unavailable, match="database_down"):
        async with db.transaction():
            pass
    await db.close()


async def test_no_connection_to_spare(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    db = Database(platform.site.db.url, pool=1)
    monkeypatch.setattr(db.engine.sync_engine.pool, "_timeout", 0.05)
    monkeypatch.setattr(db.engine.sync_engine.pool, "_max_overflow", 0)
    async with db.transaction() as connection:
        await connection.execute(text("SELECT 1"))
        with pytest.raises(Unavailable, match="database_down"):
            async with db.transaction():
                pass
    await db.close()
