"""The fixtures of conftest.py work together: what is reported over HTTP is offered by the hand-moved platform."""

import httpx

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from tests.conftest import SignIn
from tests.minicity import spot


async def test_a_report_over_http_becomes_an_offer_when_the_platform_is_run(
    client: httpx.AsyncClient, sign_in: SignIn, platform: Platform
) -> None:
    gateway, dispatcher = await sign_in(Role.GATEWAY), await sign_in(Role.DISPATCHER)
    here = spot(1000, 1000)
    report = {"channel": "wechat", "words": "有人打架", "position": {"lat": here.lat, "lon": here.lon}}
    taken = await client.post("/api/reports", headers=gateway, json=report)
    assert taken.status_code == 201, taken.text
    await platform.run_due()
    incidents = (await client.get("/api/incidents", headers=dispatcher)).json()["incidents"]
    assert [a["state"] for a in incidents[0]["assignments"]] == ["offered"]


async def test_the_next_test_finds_an_empty_database(client: httpx.AsyncClient, sign_in: SignIn) -> None:
    headers = await sign_in()
    assert (await client.get("/api/incidents", headers=headers)).json()["incidents"] == []
