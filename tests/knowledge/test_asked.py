"""An enquiry from the report to its answer: by the base, by an officer who claims it, or told to the ladder."""

import asyncio
from typing import Any
from uuid import UUID

import httpx
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.knowledge.rules import ANSWER
from tests.conftest import NOON, SignIn
from tests.incidents import acts

SURE = "身份证丢了怎么补办？"
UNSURE = "身份证和那个什么的事情怎么弄来着"
ENTRY = {
    "class": "service", "question": "云洲警营开放日在哪天？", "wordings": ["什么时候能参观警营"],
    "answer": "每年1月10日前后，凭预约参加，名额以公告为准。", "source": "云洲市公安局公告", "scope": "city",
    "valid_until": "2027-12-31",
}  # fmt: skip


async def send(client: httpx.AsyncClient, headers: dict[str, str], words: str, channel: str = "wechat") -> str:
    answer = await client.post("/api/reports", json={"channel": channel, "words": words}, headers=headers)
    assert answer.status_code == 201
    return str(answer.json()["id"])


async def pool(client: httpx.AsyncClient, headers: dict[str, str]) -> list[dict[str, Any]]:
    return list((await client.get("/api/knowledge/asked", headers=headers)).json()["asked"])


async def asked_in_pool(platform: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> tuple[str, str]:
    """A report whose question waits: (report, question)."""
    report = await send(client, await sign_in(Role.GATEWAY), UNSURE)
    await platform.run_due()
    (waiting,) = await pool(client, await sign_in(Role.CALL_TAKER))
    assert waiting["report"] == report
    return report, waiting["id"]


async def test_a_sure_answer_comes_at_once_with_its_source(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    gateway = await sign_in(Role.GATEWAY)
    report = await send(client, gateway, SURE)
    await platform.run_due()
    row = await acts.report_row(platform, report)
    assert (row.state, row.needs_person) == ("enquiry", None)
    told = (await client.get(f"/api/knowledge/reports/{report}", headers=gateway)).json()
    assert (told["state"], told["entry"]) == ("by_base", "h35")
    assert "居民身份证法" in told["source"]


async def test_an_unsure_one_waits_in_the_pool_and_stays_with_the_call_takers(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    report, _ = await asked_in_pool(platform, client, sign_in)
    row = await acts.report_row(platform, report)
    assert (row.state, row.needs_person["code"]) == ("answered", "ours_enquiry")


async def test_an_alarm_in_an_enquiry_is_never_answered_by_the_base(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    report = await send(client, await sign_in(Role.GATEWAY), f"{SURE}有人拿刀抢劫")
    await platform.run_due()
    assert await acts.fetch(platform, "SELECT id FROM knowledge_asked") == []
    assert (await acts.report_row(platform, report)).state != "enquiry"


async def test_an_officer_claims_and_answers_and_the_report_is_settled(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    report, asked = await asked_in_pool(platform, client, sign_in)
    officer = await sign_in(Role.OFFICER, "S1", unit="U1")
    assert (await client.post(f"/api/knowledge/asked/{asked}/claim", headers=officer)).status_code == 200
    given = {"answer": "带户口簿到派出所即可。", "source": "居民身份证法", "entry": "h35"}
    done = await client.post(f"/api/knowledge/asked/{asked}/answer", json=given, headers=officer)
    assert done.json()["state"] == "answered"
    assert (await acts.report_row(platform, report)).state == "enquiry"
    assert await acts.kinds(platform, asked) == ["asked.waiting", "asked.claimed", "asked.answered"]


async def test_of_two_officers_at_once_one_wins_and_the_other_is_told(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    _, asked = await asked_in_pool(platform, client, sign_in)
    officers = [await sign_in(Role.OFFICER, "S1", unit="U1"), await sign_in(Role.OFFICER, "S1", unit="U2")]
    claims = [client.post(f"/api/knowledge/asked/{asked}/claim", headers=one) for one in officers]
    answers = await asyncio.gather(*claims)
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    loser = next(answer for answer in answers if answer.status_code == 409)
    assert loser.json()["code"] == "asked_transition"


async def test_only_who_has_claimed_it_releases_or_answers(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    _, asked = await asked_in_pool(platform, client, sign_in)
    mine, other = await sign_in(Role.OFFICER, "S1", unit="U1"), await sign_in(Role.OFFICER, "S1", unit="U2")
    await client.post(f"/api/knowledge/asked/{asked}/claim", headers=mine)
    assert (await client.post(f"/api/knowledge/asked/{asked}/release", headers=other)).status_code == 409
    assert (await client.post(f"/api/knowledge/asked/{asked}/release", headers=mine)).json()["state"] == "waiting"


async def test_what_a_call_taker_settles_waits_no_more(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    report, asked = await asked_in_pool(platform, client, sign_in)
    taker = await sign_in(Role.CALL_TAKER)
    await client.post(f"/api/reports/{report}/settle", json={"as": "enquiry"}, headers=taker)
    await platform.run_due()
    assert await pool(client, taker) == []
    assert (await acts.kinds(platform, asked))[-1] == "asked.withdrawn"


async def test_what_nobody_answers_is_told_rung_by_rung(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn, clock: ManualClock
) -> None:
    _, asked = await asked_in_pool(platform, client, sign_in)
    clock.move_to(NOON + ANSWER)
    await platform.run_due()
    clock.move_to(NOON + ANSWER * 2)
    await platform.run_due()
    assert (await acts.kinds(platform, asked)).count("asked.overdue") == 2
    query = "SELECT role, params FROM notification WHERE kind = 'asked.overdue' ORDER BY id"
    told = await acts.fetch(platform, query)
    ladder = platform.site.pack.targets.ladder
    assert [(row.role, row.params["rung"]) for row in told] == [(ladder[0].role, 1), (ladder[1].role, 2)]


async def test_a_spoken_enquiry_is_left_to_who_speaks(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    taker = await sign_in(Role.CALL_TAKER)
    report = await send(client, await sign_in(Role.GATEWAY), SURE, "phone")
    await client.post(f"/api/reports/{report}/answer", headers=taker)
    await platform.run_due()
    assert (await acts.report_row(platform, report)).needs_person["code"] == "ours_enquiry"
    assert await pool(client, taker) == []


async def test_a_good_answer_is_taken_into_the_base_and_found_at_once(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    officer, editor = await sign_in(Role.OFFICER, "S1", unit="U1"), await sign_in(Role.COMMANDER)
    put = await client.post("/api/knowledge/asked", json={"words": "云洲的警营开放日定在啥时候"}, headers=officer)
    asked = put.json()["id"]
    await client.post(f"/api/knowledge/asked/{asked}/claim", headers=officer)
    answer = {"answer": ENTRY["answer"], "source": ENTRY["source"]}
    await client.post(f"/api/knowledge/asked/{asked}/answer", json=answer, headers=officer)
    entry = {"id": "yunzhou-open-day", **ENTRY}
    refused = await client.post(f"/api/knowledge/asked/{asked}/adopt", json=entry, headers=officer)
    assert refused.status_code == 403
    assert (await client.post(f"/api/knowledge/asked/{asked}/adopt", json=entry, headers=editor)).status_code == 201
    found = await client.get("/api/knowledge/search", params={"q": "参观警营在哪天"}, headers=officer)
    assert found.json()["hits"][0]["entry"] == "yunzhou-open-day"


async def test_an_editor_changes_an_entry_and_what_it_said_is_kept(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    editor = await sign_in(Role.COMMANDER)
    before = (await client.get("/api/knowledge/entries/h35", headers=editor)).json()
    changed = {**ENTRY, "version": before["version"]}
    after = (await client.put("/api/knowledge/entries/h35", json=changed, headers=editor)).json()
    assert (after["version"], after["answer"]) == (before["version"] + 1, ENTRY["answer"])
    assert [(past["version"], past["content"]["answer"]) for past in after["past"]] == [
        (before["version"], before["answer"])
    ]
    again = await client.put("/api/knowledge/entries/h35", json=changed, headers=editor)
    assert (again.status_code, again.json()["code"]) == (409, "entry_changed_meanwhile")


async def test_a_retired_entry_answers_no_more(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    editor = await sign_in(Role.COMMANDER)
    await client.post("/api/knowledge/entries/h35/retire", json={"version": 1}, headers=editor)
    found = (await client.get("/api/knowledge/search", params={"q": SURE, "most": 20}, headers=editor)).json()
    assert "h35" not in {hit["entry"] for hit in found["hits"]}
    listed = (await client.get("/api/knowledge/entries", params={"retired": True}, headers=editor)).json()
    assert [entry["id"] for entry in listed["entries"]] == ["h35"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"valid_until": "2020-01-01"}, "entry_out_of_date"),
        ({"answer": "  "}, "entry_empty"),
        ({"wordings": [ENTRY["question"]]}, "entry_wordings"),
    ],
)
async def test_an_entry_that_is_not_whole_is_refused(
    client: httpx.AsyncClient, sign_in: SignIn, change: dict[str, Any], code: str
) -> None:
    entry = {"id": "new", **ENTRY, **change}
    answer = await client.post("/api/knowledge/entries", json=entry, headers=await sign_in(Role.COMMANDER))
    assert (answer.status_code, answer.json()["code"]) == (422, code)


async def test_a_gateway_reads_only_answers_to_its_own_reports(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    report = await send(client, await sign_in(Role.GATEWAY), SURE)
    await platform.run_due()
    answer = await client.get(f"/api/knowledge/reports/{UUID(report)}", headers=await sign_in(Role.GATEWAY))
    assert answer.status_code == 404
