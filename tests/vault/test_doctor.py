"""What `jieying doctor` says of the key file."""

import asyncio
from pathlib import Path

from jieying.commands.checks import CHECKS
from jieying.journal.actions import Site
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.kit.ids import new_id
from jieying.kit.keyring import Keyring
from jieying.settings import Settings
from jieying.vault import actions as vault
from tests.conftest import NOON
from tests.minicity import mini_city


def found(chosen: Settings) -> list[tuple[str, str]]:
    return [(one.state, one.key) for one in CHECKS["vault"](chosen)]


def lock_one(chosen: Settings) -> None:
    async def run() -> None:
        site = Site(Database(chosen.database_url, pool=1), ManualClock(NOON), mini_city(), Keyring(chosen.key_file))
        async with site.db.transaction() as connection:
            await vault.put(site, connection, "asked", new_id(NOON), "words", "words")
        await site.db.close()

    asyncio.run(run())


def test_from_the_first_start_to_a_lost_key(own_database_url: str, tmp_path: Path) -> None:
    chosen = Settings(database_url=own_database_url, data_dir=tmp_path)
    assert found(chosen) == [("ok", "doctor.vault.new")]
    Keyring(chosen.key_file).make()
    lock_one(chosen)
    assert found(chosen) == [("ok", "doctor.vault.ok")]
    chosen.key_file.chmod(0o644)
    assert found(chosen) == [("bad", "doctor.vault.open"), ("ok", "doctor.vault.ok")]
    chosen.key_file.unlink()
    assert found(chosen) == [("bad", "doctor.vault.missing")]
    Keyring(chosen.key_file).make()
    assert found(chosen) == [("bad", "doctor.vault.other")]
    chosen.key_file.write_text("no key")
    assert found(chosen) == [("bad", "problem.vault_key_bad")]
