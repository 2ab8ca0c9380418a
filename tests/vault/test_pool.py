"""Questions of citizens in the pool that all officers see: masked, the original locked up and opened on record."""

import asyncio
import subprocess

import httpx
from sqlalchemy import text

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.backup import backup
from jieying.kit.postgres_cluster import binary
from jieying.knowledge import actions as knowledge
from tests.conftest import SignIn
from tests.incidents import acts

ASKED = "我叫王小二，电话13812345678，身份证和那个什么的事情怎么弄来着"
MASKED = "我叫王**，电话138****5678，身份证和那个什么的事情怎么弄来着"


async def ask(client: httpx.AsyncClient, headers: dict[str, str]) -> str:
    answer = await client.post("/api/knowledge/asked", json={"words": ASKED}, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def original(client: httpx.AsyncClient, headers: dict[str, str], asked: str) -> httpx.Response:
    return await client.post(f"/api/knowledge/asked/{asked}/original", headers=headers)


async def test_the_pool_shows_masked_words_and_the_table_holds_nothing_else(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    officer = await sign_in(Role.OFFICER, "S1", unit="U1")
    await ask(client, officer)
    (shown,) = (await client.get("/api/knowledge/asked", headers=officer)).json()["asked"]
    (kept,) = await acts.fetch(platform, "SELECT words FROM knowledge_asked")
    assert shown["words"] == kept.words == MASKED


async def test_who_has_claimed_it_reads_the_original_and_that_is_on_record(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    officer, other = await sign_in(Role.OFFICER, "S1", unit="U1"), await sign_in(Role.OFFICER, "S1", unit="U2")
    asked = await ask(client, officer)
    assert (await original(client, officer, asked)).json()["code"] == "claim_first"
    claimed = await client.post(f"/api/knowledge/asked/{asked}/claim", headers=officer)
    assert claimed.json()["words"] == MASKED
    assert (await original(client, officer, asked)).json() == {"words": ASKED}
    assert (await original(client, other, asked)).status_code == 403
    (opened,) = await acts.fetch(platform, "SELECT subject, actor, data FROM journal WHERE kind = 'vault.opened'")
    assert (opened.subject, opened.actor) == (asked, "account:officer-s1-1")
    assert opened.data == {"field": "words", "reason": "asked", "reason_id": asked}


async def test_given_back_it_is_closed_again(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    officer = await sign_in(Role.OFFICER, "S1", unit="U1")
    asked = await ask(client, officer)
    for step in ("claim", "release"):
        await client.post(f"/api/knowledge/asked/{asked}/{step}", headers=officer)
    assert (await original(client, officer, asked)).status_code == 403


async def test_a_backup_does_not_hold_the_words_nor_the_key(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await ask(client, await sign_in(Role.CALL_TAKER))
    file = platform.media_dir.parent / "all.dump"
    await asyncio.to_thread(backup, platform.site.db.url, file)
    command = [binary("pg_restore"), "--file=-", str(file)]
    script = (await asyncio.to_thread(subprocess.run, command, capture_output=True, check=True)).stdout.decode()
    assert MASKED in script
    assert "13812345678" not in script
    assert "王小二" not in script
    assert platform.site.keyring.file.read_text().strip() not in script


async def test_a_lost_key_is_told_and_the_work_goes_on(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    officer = await sign_in(Role.OFFICER, "S1", unit="U1")
    asked = await ask(client, officer)
    key = platform.site.keyring.file
    kept = key.read_text()
    key.unlink()
    assert (await client.post(f"/api/knowledge/asked/{asked}/claim", headers=officer)).status_code == 200
    lost = await original(client, officer, asked)
    assert (lost.status_code, lost.json()["code"]) == (503, "vault_key_missing")
    assert str(key) in lost.json()["detail"]
    await platform.prepare()  # a start makes a new key
    assert (await original(client, officer, asked)).json()["code"] == "vault_key_other"
    key.write_text(key.read_text() + kept)
    assert (await original(client, officer, asked)).json() == {"words": ASKED}
    assert len(await acts.fetch(platform, "SELECT 1 FROM journal WHERE kind = 'vault.opened'")) == 1


async def test_a_report_is_worked_on_without_a_key(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    platform.site.keyring.file.unlink()
    report = await acts.report(platform, ASKED)
    await platform.run_due()
    assert (await acts.report_row(platform, str(report))).needs_person["code"] == "ours_enquiry"
    assert [row.words for row in await acts.fetch(platform, "SELECT words FROM knowledge_asked")] == [MASKED]


async def test_words_of_an_earlier_version_are_hidden_at_the_start(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    officer = await sign_in(Role.OFFICER, "S1", unit="U1")
    asked = await ask(client, officer)
    async with platform.site.db.transaction() as connection:  # as migration 0010 finds them
        await connection.execute(text("DELETE FROM vault"))
        await connection.execute(text("UPDATE knowledge_asked SET masked = false, words = :words"), {"words": ASKED})
    await knowledge.hide_words(platform.site)
    await client.post(f"/api/knowledge/asked/{asked}/claim", headers=officer)
    assert [row.words for row in await acts.fetch(platform, "SELECT words FROM knowledge_asked")] == [MASKED]
    assert (await original(client, officer, asked)).json() == {"words": ASKED}
