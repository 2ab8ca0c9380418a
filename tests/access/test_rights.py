"""Who may do what: every route with every role, and what an account sees of the organisation tree."""

from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from jieying.access.rules import PERMISSIONS, Account, Permission, Role
from jieying.bootstrap import Platform
from jieying.dispatch import actions as dispatch
from jieying.kit.ids import new_id
from tests.conftest import NOON, SignIn
from tests.incidents import acts

R, P = Role, Permission
ALL = set(Role)
READERS = {R.CALL_TAKER, R.DISPATCHER, R.OFFICER, R.COMMANDER, R.AUDITOR}
MANAGERS = {R.DISPATCHER, R.COMMANDER}
TAKERS = {R.CALL_TAKER, R.DISPATCHER}
HAND_IN = {R.CALL_TAKER, R.DISPATCHER, R.OFFICER, R.GATEWAY}
REPORT_READERS = {R.CALL_TAKER, R.DISPATCHER, R.COMMANDER, R.AUDITOR}
ACTORS = {*MANAGERS, R.OFFICER}
FRAUD_READERS = {*MANAGERS, R.FRAUD_DESK}
ANSWERERS = READERS - {R.AUDITOR}

# Every route that needs an account: the roles that are let in (what happens then is another matter).
ALLOWED: dict[tuple[str, str], set[Role]] = {
    ("GET", "/api/session"): ALL,
    ("DELETE", "/api/session"): ALL,
    ("GET", "/api/pack"): ALL,
    ("GET", "/api/map/areas"): ALL,
    ("GET", "/api/map/tiles.pmtiles"): ALL,
    ("GET", "/api/notifications"): ALL,
    ("POST", "/api/notifications/{id}/read"): ALL,
    ("POST", "/api/reports"): HAND_IN,
    ("POST", "/api/media"): HAND_IN,
    ("GET", "/api/media/{sha256}"): REPORT_READERS,
    ("GET", "/api/reports"): REPORT_READERS,
    ("GET", "/api/reports/{id}"): ALL,  # its own reports; others' look like none (test_bad_input.py)
    ("POST", "/api/reports/{id}/answer"): TAKERS,
    ("POST", "/api/reports/{id}/describe"): TAKERS,
    ("POST", "/api/reports/{id}/settle"): TAKERS,
    ("POST", "/api/reports/{id}/divert"): TAKERS,
    ("POST", "/api/reports/{id}/open"): TAKERS,
    ("POST", "/api/reports/{id}/link"): TAKERS,
    ("POST", "/api/reports/{id}/unlink"): TAKERS,
    ("GET", "/api/reports/{id}/similar"): TAKERS,
    ("POST", "/api/understand"): TAKERS,
    ("GET", "/api/incidents"): READERS,
    ("GET", "/api/incidents/{id}"): READERS,
    ("GET", "/api/incidents/{id}/timeline"): READERS,
    ("GET", "/api/incidents/{id}/candidates"): READERS,
    ("POST", "/api/incidents/{id}/offer"): MANAGERS,
    ("POST", "/api/incidents/{id}/amend"): MANAGERS,
    ("POST", "/api/incidents/{id}/hand-over"): ACTORS,
    ("POST", "/api/incidents/{id}/resolve"): ACTORS,
    ("POST", "/api/incidents/{id}/close"): MANAGERS,
    ("POST", "/api/incidents/{id}/reopen"): MANAGERS,
    ("POST", "/api/incidents/{id}/refused"): MANAGERS,
    ("POST", "/api/incidents/{id}/divert"): MANAGERS,
    ("POST", "/api/incidents/{id}/merge"): MANAGERS,
    ("POST", "/api/incidents/{id}/unmerge"): MANAGERS,
    ("GET", "/api/hotline/diversions"): REPORT_READERS,
    ("POST", "/api/hotline/diversions/{id}/{step}"): {*TAKERS, R.COMMANDER},
    ("POST", "/api/hotline/news"): HAND_IN,
    ("POST", "/api/open311/v2/requests.json"): HAND_IN,
    ("GET", "/api/open311/v2/requests/{id}.json"): ALL,  # its own; others' look like none (tests/diversion)
    ("POST", "/api/assignments/{id}/{step}"): ACTORS,
    ("GET", "/api/units"): READERS,
    ("GET", "/api/units/{code}/reach"): READERS,
    ("GET", "/api/map/cover"): READERS,
    ("GET", "/api/roads/speeds"): ALL,
    ("POST", "/api/roads/speeds"): {R.ADMINISTRATOR},
    ("POST", "/api/units/{code}/status"): MANAGERS,
    ("POST", "/api/positions"): {R.OFFICER, R.GATEWAY},
    ("GET", "/api/intervals"): READERS,
    ("GET", "/api/knowledge/search"): READERS,
    ("GET", "/api/knowledge/entries"): READERS,
    ("GET", "/api/knowledge/entries/{id}"): READERS,
    ("POST", "/api/knowledge/entries"): {R.COMMANDER},
    ("PUT", "/api/knowledge/entries/{id}"): {R.COMMANDER},
    ("POST", "/api/knowledge/entries/{id}/retire"): {R.COMMANDER},
    ("GET", "/api/knowledge/asked"): ANSWERERS,
    ("POST", "/api/knowledge/asked"): ANSWERERS,
    ("POST", "/api/knowledge/asked/{id}/original"): ANSWERERS,
    ("POST", "/api/knowledge/asked/{id}/claim"): ANSWERERS,
    ("POST", "/api/knowledge/asked/{id}/release"): ANSWERERS,
    ("POST", "/api/knowledge/asked/{id}/answer"): ANSWERERS,
    ("POST", "/api/knowledge/asked/{id}/adopt"): {R.COMMANDER},
    ("GET", "/api/antifraud/cases"): FRAUD_READERS,
    ("GET", "/api/antifraud/cases/{id}"): FRAUD_READERS,
    ("POST", "/api/antifraud/cases/{id}/reporter"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/cases/{id}/requests"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/cases/{id}/close"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/cases/{id}/reopen"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/requests/{id}/fields"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/requests/{id}/request"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/requests/{id}/take-back"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/requests/{id}/withdraw"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/requests/{id}/renew"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/exports"): {R.FRAUD_DESK},
    ("GET", "/api/antifraud/exports/{id}"): {R.FRAUD_DESK},
    ("POST", "/api/antifraud/answers"): {R.FRAUD_DESK},
    ("GET", "/api/knowledge/reports/{id}"): ALL,  # its own reports; others' look like none (tests/knowledge)
}
OPEN = {
    ("GET", "/api/open311/v2/services.json"),
    ("GET", "/api/health"),
    ("GET", "/api/i18n/{language}"),
    ("POST", "/api/session"),
}
ID = str(new_id(NOON))
ENTRY = {
    "id": "new", "class": "service", "question": "?", "answer": "!", "source": "x", "scope": "city",
    "valid_until": "2027-12-31",
}  # fmt: skip
BODIES: dict[str, Any] = {
    "/api/reports": {"channel": "wechat", "words": "打架"},
    "/api/reports/{id}/describe": {"words": "打架"},
    "/api/reports/{id}/settle": {"as": "enquiry"},
    "/api/reports/{id}/open": {"category": "fight", "position": {"lat": 30.01, "lon": 120.01}},
    "/api/reports/{id}/link": {"incident": ID},
    "/api/reports/{id}/unlink": {"reason": "x"},
    "/api/understand": {"words": "打架"},
    "/api/hotline/news": [{"service_request_id": "x"}],
    "/api/open311/v2/requests.json": {"service_code": "110", "description": "打架"},
    "/api/incidents/{id}/offer": {"unit": "U1"},
    "/api/incidents/{id}/resolve": {"outcome": "handled"},
    "/api/incidents/{id}/close": {"call_back": "satisfied"},
    "/api/incidents/{id}/reopen": {"reason": "x"},
    "/api/incidents/{id}/refused": {"reason": "x"},
    "/api/incidents/{id}/divert": {"to": "fire_119"},
    "/api/incidents/{id}/merge": {"into": ID},
    "/api/incidents/{id}/unmerge": {"reason": "x"},
    "/api/units/{code}/status": {"status": "available"},
    "/api/knowledge/entries": ENTRY,
    "/api/knowledge/entries/{id}": {name: value for name, value in ENTRY.items() if name != "id"} | {"version": 1},
    "/api/knowledge/entries/{id}/retire": {"version": 1},
    "/api/knowledge/asked": {"words": "x"},
    "/api/knowledge/asked/{id}/answer": {"answer": "x", "source": "x"},
    "/api/knowledge/asked/{id}/adopt": ENTRY,
    "/api/antifraud/cases/{id}/reporter": {"made_by": "victim"},
    "/api/antifraud/cases/{id}/close": {"reason": "done"},
    "/api/antifraud/requests/{id}/fields": {"version": 1},
    "/api/antifraud/requests/{id}/request": {"version": 1},
    "/api/positions": {"positions": [{"unit": "U1", "lat": 30.01, "lon": 120.01, "at": NOON.isoformat()}]},
}


def routes(app: FastAPI) -> set[tuple[str, str]]:
    return {
        (method.upper(), path)
        for path, methods in app.openapi()["paths"].items()
        for method in methods
        if path.startswith("/api/")
    }


def test_the_table_names_every_route_there_is(app: FastAPI) -> None:
    assert routes(app) == set(ALLOWED) | OPEN


async def ask(client: httpx.AsyncClient, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
    url = path.replace("{id}", ID).replace("{code}", "U1").replace("{step}", "accept").replace("{sha256}", "0" * 64)
    if path == "/api/media":
        return await client.post(url, headers=headers | {"Content-Type": "image/png"}, content=b"x")
    what = {"json": BODIES.get(path, {})} if method == "POST" else {}
    return await client.request(method, url, headers=headers, **what)


def code_of(answer: httpx.Response) -> str:
    """The code of a refusal; Open311 has a list of status codes instead."""
    body = answer.json()
    return {401: "not_signed_in", 403: "not_permitted"}[body[0]["code"]] if isinstance(body, list) else body["code"]


@pytest.mark.parametrize("role", list(Role))
async def test_each_role_is_let_into_its_routes_and_no_other(
    client: httpx.AsyncClient, sign_in: SignIn, app: FastAPI, role: Role
) -> None:
    unit = "U1" if role is R.OFFICER else None
    headers = await sign_in(role, "S1" if unit else "C", unit=unit)
    for (method, path), roles in sorted(ALLOWED.items()):
        if (method, path) == ("DELETE", "/api/session"):
            continue  # last of all
        answer = await ask(client, method, path, headers)
        assert answer.status_code < 500, (method, path, answer.text)
        # An officer sets the status of his own unit without managing units.
        let_in = role in roles or (path == "/api/units/{code}/status" and unit == "U1")
        refused = answer.status_code == 403 and code_of(answer) == "not_permitted"
        assert refused != let_in, (method, path, answer.status_code, answer.text)
    assert (await ask(client, "DELETE", "/api/session", headers)).status_code == 204


async def test_without_a_session_no_route_but_the_open_ones_answers(client: httpx.AsyncClient, app: FastAPI) -> None:
    for method, path in sorted(ALLOWED):
        answer = await ask(client, method, path, {})
        assert (answer.status_code, code_of(answer)) == (401, "not_signed_in"), (method, path)


def test_only_the_administrator_administers_and_he_reads_no_incidents() -> None:
    assert {role for role in Role if P.ADMIN in PERMISSIONS[role]} == {R.ADMINISTRATOR}
    assert PERMISSIONS[R.ADMINISTRATOR] == {P.ADMIN}


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/P/C/K/S1/", True),
        ("/P/C/K/", True),
        ("/P/C/", True),
        ("/P/", True),
        ("/P/C/K/S2/", False),
        ("/P/C/K/S", False),
    ],
)
def test_an_account_sees_what_lies_at_or_below_its_place_in_the_tree(path: str, seen: bool) -> None:
    account = Account(new_id(NOON), "x", "x", R.COMMANDER, "S1", path)
    if path.endswith("/S"):  # every path ends with a stroke: S is not the parent of S1
        account = Account(new_id(NOON), "x", "x", R.COMMANDER, "S", path + "/")
    assert account.sees(["/P/C/K/S1/"]) is seen


async def listed(client: httpx.AsyncClient, headers: dict[str, str]) -> set[str]:
    return {one["id"] for one in (await client.get("/api/incidents", headers=headers)).json()["incidents"]}


async def test_a_station_sees_its_own_incidents_and_a_city_all_of_its_own(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    west, east = await acts.incident(platform), await acts.incident(platform, at=(2500, 2500))
    seen = {org: await listed(client, await sign_in(R.COMMANDER, org)) for org in ("S1", "S2", "K", "C", "P")}
    assert seen == {
        "S1": {str(west)}, "S2": {str(east)}, **{org: {str(west), str(east)} for org in ("K", "C", "P")},
    }  # fmt: skip


async def test_a_station_that_is_asked_to_help_sees_the_incident_from_then_on(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    here, east = await acts.incident(platform), await sign_in(R.COMMANDER, "S2")
    assert await listed(client, east) == set()
    await dispatch.offer_to(platform.site, platform.city.decider, here, "U8", "d")
    assert await listed(client, east) == {str(here)}


async def test_an_officer_acts_for_his_own_unit_only(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    own, other = await sign_in(R.OFFICER, "S1", unit=offered.unit), await sign_in(R.OFFICER, "S1", unit="U1")
    path = f"/api/assignments/{offered.id}/accept"
    refused = await client.post(path, headers=other, json={})
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_unit")
    assert (await client.post(path, headers=own, json={})).status_code == 200
    outcome = {"outcome": "handled"}
    resolve = f"/api/incidents/{here}/resolve"
    assert (await client.post(resolve, headers=other, json=outcome)).json()["code"] == "not_your_unit"
    assert (await client.post(resolve, headers=own, json=outcome)).status_code == 200
    status = {"status": "unavailable", "reason": "flat tyre"}
    assert (await client.post("/api/units/U2/status", headers=own, json=status)).status_code == 403
    assert (await client.post(f"/api/units/{offered.unit}/status", headers=own, json=status)).status_code == 204


async def test_an_officer_hands_over_to_his_own_unit_only(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    own, other = await sign_in(R.OFFICER, "S1", unit=offered.unit), await sign_in(R.OFFICER, "S1", unit="U1")
    path = f"/api/incidents/{here}/hand-over"
    for who, body in ((other, {"unit": offered.unit}), (own, {"unit": "U1"})):
        refused = await client.post(path, headers=who, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "not_your_unit")
    assert (await client.post(path, headers=other, json={})).json()["code"] == "nobody_to_hand_over_to"
    assert (await client.post(path, headers=own, json={})).status_code == 200


async def test_an_officer_whose_unit_declined_does_not_record_the_outcome(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    here = await acts.incident(platform)
    (offered,) = await acts.given(platform, here)
    own = await sign_in(R.OFFICER, "S1", unit=offered.unit)
    await client.post(f"/api/assignments/{offered.id}/decline", headers=own, json={})
    answer = await client.post(f"/api/incidents/{here}/resolve", headers=own, json={"outcome": "handled"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_your_unit")


async def test_a_gateway_reads_the_reports_it_handed_in_and_cannot_decide_on_them(
    client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    gateway, other = await sign_in(R.GATEWAY), await sign_in(R.GATEWAY)
    body = {"channel": "wechat", "words": "打架"}
    own = (await client.post("/api/reports", headers=gateway, json=body)).json()["id"]
    assert (await client.get(f"/api/reports/{own}", headers=gateway)).status_code == 200
    assert (await client.get(f"/api/reports/{own}", headers=other)).status_code == 404
    for decided in ({"answered": True}, {"category": "fight"}, {"level": "red"}):
        assert (await client.post("/api/reports", headers=gateway, json=body | decided)).status_code == 403


async def test_a_notification_is_read_by_whom_it_was_meant_for(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform, clock: Any
) -> None:
    await acts.only(platform)
    await acts.incident(platform)
    clock.advance(40)
    await platform.run_due()
    meant, other = await sign_in(R.DISPATCHER, "S1"), await sign_in(R.DISPATCHER, "S2")
    (told,) = (await client.get("/api/notifications", headers=meant)).json()["notifications"]
    assert (await client.get("/api/notifications", headers=other)).json()["notifications"] == []
    path = f"/api/notifications/{told['id']}/read"
    assert (await client.post(path, headers=other)).status_code == 404
    assert (await client.post(path, headers=meant)).status_code == 204
    assert (await client.get("/api/notifications", headers=meant)).json()["notifications"][0]["read_at"] is not None
