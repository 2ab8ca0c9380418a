"""An urgent request of the hotline arrives as a report, by the Open311 door, once however often it is sent."""

from typing import Any

import httpx
import pytest

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from tests.conftest import SignIn
from tests.incidents import acts
from tests.minicity import spot

URL = "/api/open311/v2/requests.json"
HERE = spot(1000, 1000)
FIGHT: dict[str, Any] = {
    "service_code": "110", "description": "有人打架，快来", "lat": str(HERE.lat), "long": str(HERE.lon),
    "last_name": "王", "phone": "13900000000", "attribute[reference]": "12345-1",
}  # fmt: skip


@pytest.fixture
async def key(sign_in: SignIn) -> str:
    return (await sign_in(Role.GATEWAY))["Authorization"].removeprefix("Bearer ")


async def test_a_form_becomes_a_report_and_an_incident_that_the_hotline_can_follow(
    platform: Platform, client: httpx.AsyncClient, key: str
) -> None:
    answer = await client.post(URL, data=FIGHT | {"api_key": key})
    assert answer.status_code == 201
    id_ = answer.json()[0]["service_request_id"]
    await platform.run_due()
    (row,) = await acts.fetch(platform, "SELECT * FROM report")
    assert (str(row.id), row.channel, row.state) == (id_, "hotline_12345", "linked")
    assert (row.words, row.reporter_name, row.reporter_contact) == ("有人打架，快来", "王", "13900000000")
    shown = await client.get(f"/api/open311/v2/requests/{id_}.json", params={"api_key": key})
    (case,) = shown.json()
    assert (case["service_request_id"], case["status"], case["service_code"]) == (id_, "open", "110")
    assert case["status_notes"] == "待处警"


async def test_json_does_as_well_and_the_key_may_stand_in_the_header(
    platform: Platform, client: httpx.AsyncClient, key: str
) -> None:
    given = {"service_code": 110, "description": "中心广场有人打架", "attribute": {"reference": "12345-2"}}
    for status in (201, 200):
        answer = await client.post(URL, json=given, headers={"Authorization": f"Bearer {key}"})
        assert answer.status_code == status
    assert len(await acts.fetch(platform, "SELECT id FROM report")) == 1


async def test_sent_again_it_is_the_same_report_with_other_words_it_is_refused(
    platform: Platform, client: httpx.AsyncClient, key: str
) -> None:
    first = await client.post(URL, data=FIGHT | {"api_key": key})
    again = await client.post(URL, data=FIGHT | {"api_key": key})
    other = await client.post(URL, data=FIGHT | {"api_key": key, "description": "又打起来了"})
    assert [answer.status_code for answer in (first, again, other)] == [201, 200, 409]
    assert again.json()[0]["service_request_id"] == first.json()[0]["service_request_id"]
    assert other.json()[0]["code"] == 409


async def test_an_address_and_a_picture_are_not_lost(platform: Platform, client: httpx.AsyncClient, key: str) -> None:
    given = {
        "service_code": "110",
        "description": "有人打架",
        "address_string": "中心广场",
        "media_url": "http://a/b.jpg",
    }
    await client.post(URL, data=given | {"api_key": key})
    await platform.run_due()
    (row,) = await acts.fetch(platform, "SELECT * FROM report")
    assert (row.words, row.state) == ("有人打架\n中心广场\nhttp://a/b.jpg", "linked")


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"service_code": "1"}, 404),
        ({"service_code": None}, 404),
        ({"lat": "north"}, 400),
        ({"long": None}, 400),
        ({"lat": "91"}, 400),
        ({"lat": "nan"}, 400),
        ({"lat": "0", "long": "0"}, 400),  # not in the city
        ({"description": None, "lat": None, "long": None}, 400),
        ({"description": "a\x00b"}, 400),
        ({"description": "a" * 10_001}, 400),
        ({"attribute[reference]": "a" * 201}, 400),
        ({"api_key": "wrong"}, 401),
        ({"api_key": None}, 401),
    ],
)
async def test_what_is_wrong_is_refused_as_the_standard_has_it(
    platform: Platform, client: httpx.AsyncClient, key: str, given: dict[str, str | None], status: int
) -> None:
    whole = {name: value for name, value in (FIGHT | {"api_key": key} | given).items() if value is not None}
    answer = await client.post(URL, data=whole)
    (fault,) = answer.json()
    assert (answer.status_code, fault["code"]) == (status, status)
    assert "problem." not in fault["description"]
    assert await acts.fetch(platform, "SELECT id FROM report") == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b"{", b"[]", b'{"lat": {"a": 1}}', b'{"lat": true}', b"a=%ff"])
@pytest.mark.parametrize("kind", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_what_cannot_be_read_is_refused(client: httpx.AsyncClient, key: str, body: bytes, kind: str) -> None:
    headers = {"Authorization": f"Bearer {key}", "Content-Type": kind}
    answer = await client.post(URL, content=body, headers=headers)
    assert answer.status_code in (400, 404)
    assert answer.json()[0]["code"] == answer.status_code


async def test_others_requests_look_like_none(client: httpx.AsyncClient, key: str, sign_in: SignIn) -> None:
    id_ = (await client.post(URL, data=FIGHT | {"api_key": key})).json()[0]["service_request_id"]
    stranger = await sign_in(Role.GATEWAY)
    answer = await client.get(f"/api/open311/v2/requests/{id_}.json", headers=stranger)
    assert answer.status_code == 404


async def test_an_account_that_hands_in_nothing_is_refused(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    answer = await client.post(URL, data=FIGHT, headers=await sign_in(Role.AUDITOR))
    assert (answer.status_code, answer.json()[0]["code"]) == (403, 403)


async def test_the_one_service_is_named(client: httpx.AsyncClient) -> None:
    (service,) = (await client.get("/api/open311/v2/services.json", headers={"Accept-Language": "en"})).json()
    assert (service["service_code"], service["service_name"]) == ("110", "Urgent police matter")
