"""Where no hotline is connected, a person hands requests over, and says what became of them."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from tests.conftest import SignIn
from tests.diversion import acts as hotline
from tests.diversion.conftest import PACK
from tests.incidents import acts


@pytest.fixture
async def platform(own_database_url: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[Platform]:
    made = Platform(Database(own_database_url, pool=5), clock, PACK, tmp_path)
    await made.prepare()
    yield made
    await made.site.db.close()


async def test_a_diverted_report_waits_by_hand_and_is_seen(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    id_ = await hotline.diverted(platform)
    headers = await sign_in(Role.CALL_TAKER)
    shown = (await client.get(f"/api/reports/{id_}", headers=headers)).json()
    assert (shown["state"], shown["diversion"]["state"]) == ("diverted", "by_hand")
    listed = (await client.get("/api/hotline/diversions?state=by_hand", headers=headers)).json()["diversions"]
    assert [one["about_report"]["id"] for one in listed] == [str(id_)]
    assert (await client.get("/api/hotline/diversions?state=done", headers=headers)).json()["diversions"] == []
    assert (await client.get("/api/hotline/diversions?state=gone", headers=headers)).status_code == 422


async def test_a_person_says_what_became_of_it(platform: Platform, client: httpx.AsyncClient, sign_in: SignIn) -> None:
    id_ = await hotline.diverted(platform)
    headers, row = await sign_in(Role.CALL_TAKER), await hotline.row(platform)
    for step, state in (("taken", "taken"), ("done", "done")):
        answer = await client.post(f"/api/hotline/diversions/{row.id}/{step}", json={}, headers=headers)
        assert (answer.status_code, answer.json()["state"]) == (200, state)
    again = await client.post(f"/api/hotline/diversions/{row.id}/refused", json={"reason": "x"}, headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert again.json()["params"] == {"current": "done", "target": "refused"}
    assert (await acts.kinds(platform, id_))[-3:] == ["hotline.by_hand", "hotline.taken", "hotline.done"]


async def test_a_person_says_that_it_was_refused_and_it_is_ours_again(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    id_ = await hotline.diverted(platform)
    row = await hotline.row(platform)
    given = {"reason": "归派出所"}
    headers = await sign_in(Role.CALL_TAKER)
    await client.post(f"/api/hotline/diversions/{row.id}/refused", json=given, headers=headers)
    report = await acts.report_row(platform, id_)
    assert (report.state, report.needs_person["params"]) == ("answered", {"why": "归派出所"})


async def test_an_incident_comes_back_by_its_own_button_and_its_request_ends_with_it(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    headers = await sign_in(Role.DISPATCHER)
    id_ = await acts.incident(platform)
    diverted = await client.post(f"/api/incidents/{id_}/divert", json={"to": "hotline_12345"}, headers=headers)
    assert diverted.json()["diversion"]["state"] == "to_send"
    await platform.run_due()
    back = await client.post(f"/api/incidents/{id_}/refused", json={"reason": "归派出所"}, headers=headers)
    assert (back.json()["state"], back.json()["diversion"]["state"]) == ("open", "refused")
    assert (await hotline.row(platform)).their_notes == "归派出所"


async def test_a_diverted_incident_is_not_simply_reopened(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    id_ = await hotline.diverted_incident(platform)
    headers = await sign_in(Role.DISPATCHER)
    answer = await client.post(f"/api/incidents/{id_}/reopen", json={"reason": "x"}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (409, "illegal_transition")


async def test_a_call_taker_does_not_speak_for_incidents_and_a_commander_not_for_reports(
    platform: Platform, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await hotline.diverted(platform)
    await hotline.diverted_incident(platform)
    of_report, of_incident = await hotline.rows(platform)
    for row, role in ((of_incident, Role.CALL_TAKER), (of_report, Role.COMMANDER)):
        url = f"/api/hotline/diversions/{row.id}/taken"
        assert (await client.post(url, json={}, headers=await sign_in(role))).status_code == 403
