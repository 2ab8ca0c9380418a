"""The hotline says that there is news: it is asked at once, so that a false or late word does no harm."""

import httpx

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.demo.hotline import Peer
from tests.conftest import SignIn
from tests.diversion import acts as hotline


async def test_the_hotline_is_asked_at_once(
    platform: Platform, peer: Peer, client: httpx.AsyncClient, sign_in: SignIn
) -> None:
    await hotline.diverted(platform)
    (case,) = peer.cases.values()
    case.status = "accepted"
    news = [{"service_request_id": case.id, "status": "closed"}, {"service_request_id": "other"}]
    headers = await sign_in(Role.GATEWAY)
    answer = await client.post("/api/hotline/news", json=news, headers=headers)
    assert answer.json() == {"known": [case.id], "unknown": ["other"]}
    await platform.run_due()
    assert (await hotline.row(platform)).state == "taken"  # what it is, not what was said of it
    await client.post("/api/hotline/news", json=news, headers=headers)
    await platform.run_due()
    assert (await hotline.row(platform)).state == "taken"
