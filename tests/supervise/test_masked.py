"""Who calls back or goes there sees words and contact; who only sees what was done gets them masked."""

import json

import httpx
import pytest

from jieying.access.rules import Account, Role
from jieying.bootstrap import Platform
from jieying.kit.ids import new_id
from jieying.web.live import Hub
from tests.conftest import NOON, SignIn
from tests.incidents import acts

WORDS, MASKED = "我叫王小二，有人打架，电话13812345678，快来", "我叫王**，有人打架，电话138****5678，快来"


async def incident(platform: Platform) -> tuple[str, str]:
    report = await acts.report(platform, WORDS, contact="13812345678", reporter_name="王小二")
    await platform.run_due()
    return str(report), str((await acts.report_row(platform, str(report))).incident_id)


@pytest.mark.parametrize(
    ("role", "words", "name", "contact"),
    [
        (Role.CALL_TAKER, WORDS, "王小二", "13812345678"),
        (Role.DISPATCHER, WORDS, "王小二", "13812345678"),
        (Role.COMMANDER, WORDS, "王小二", "13812345678"),
        (Role.AUDITOR, MASKED, "王**", "138****5678"),
    ],
)
async def test_reports_and_incidents(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn, role: Role, words: str, name: str, contact: str
) -> None:
    report, opened = await incident(platform)
    headers = await sign_in(role)
    detail = (await client.get(f"/api/incidents/{opened}", headers=headers)).json()
    (listed,) = (await client.get("/api/incidents", headers=headers)).json()["incidents"]
    (waiting,) = (await client.get("/api/reports", headers=headers)).json()["reports"]
    one = (await client.get(f"/api/reports/{report}", headers=headers)).json()
    assert [detail["summary"], listed["summary"]] == [words, words]
    for shown in (detail["reports"][0], waiting, one):
        assert (shown["words"], shown["reporter"]) == (words, {"name": name, "contact": contact})


@pytest.mark.parametrize(("role", "open_"), [(Role.DISPATCHER, True), (Role.AUDITOR, False)])
async def test_the_live_feed(platform: Platform, role: Role, open_: bool) -> None:
    hub = Hub(platform.site)
    account = Account(new_id(NOON), "somebody", "", role, "C", platform.site.pack.orgs["C"].path)
    listener, _ = await hub.join(account, None)
    await incident(platform)
    while await hub._hand_out():
        pass
    said = "".join(listener.queue.get_nowait() for _ in range(listener.queue.qsize()))
    _, (snapshot,) = await hub.join(account, None)
    for message in (said, snapshot):
        assert ("13812345678" in message, "王小二" in message) == (open_, open_)
    assert json.loads(snapshot)["incidents"][0]["summary"] == (WORDS if open_ else MASKED)


async def test_a_contact_that_is_no_number_is_starred_whole(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    report = await acts.report(platform, contact="openid-abc")
    await platform.run_due()
    shown = (await client.get(f"/api/reports/{report}", headers=await sign_in(Role.AUDITOR))).json()
    assert shown["reporter"]["contact"] == "o*********"


async def test_reasons_that_people_typed_are_masked_in_the_timeline(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    _, opened = await incident(platform)
    dispatcher, auditor = await sign_in(Role.DISPATCHER), await sign_in(Role.AUDITOR)
    reason = {"to": "hotline_12345", "reason": "与13812345678的王先生重复"}
    done = await client.post(f"/api/incidents/{opened}/divert", json=reason, headers=dispatcher)
    assert done.status_code == 200, done.text
    shown = (await client.get(f"/api/incidents/{opened}/timeline", headers=auditor)).text
    assert "138****5678的王**重复" in shown
