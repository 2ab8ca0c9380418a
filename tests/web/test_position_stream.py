"""Positions as a stream: each message answered, refusals named, over when the session is."""

import asyncio
import json
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from jieying.access.rules import Role
from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from tests.conftest import NOON, SignIn
from tests.incidents import acts
from tests.minicity import spot

HERE = spot(1000, 1000)


def seen(unit: str) -> dict[str, Any]:
    return {"unit": unit, "lat": HERE.lat, "lon": HERE.lon, "at": NOON.isoformat()}


def stream(server: str, headers: dict[str, str]) -> Any:
    return connect(server.replace("/live", "/positions/stream"), additional_headers=headers, proxy=None)


async def say(socket: ClientConnection, message: object) -> Any:
    await socket.send(message if isinstance(message, str) else json.dumps(message))
    return json.loads(await asyncio.wait_for(socket.recv(), 20))


async def test_each_message_is_answered_and_refusals_do_not_end_the_stream(
    server: str, sign_in: SignIn, platform: Platform
) -> None:
    async with stream(server, await sign_in(Role.GATEWAY)) as socket:
        assert await say(socket, {"positions": [seen("U1"), seen("U99")]}) == {
            "taken": 1, "refused": [{"unit": "U99", "code": "no_such_unit"}],
        }  # fmt: skip
        for nonsense in ("{", "[]", '{"positions": []}', {"positions": [{"unit": "U1"}]}):
            assert (await say(socket, nonsense))["refused"] == [{"unit": "", "code": "malformed"}]
        assert (await say(socket, {"positions": [seen("U2")]}))["taken"] == 1
    assert len(await acts.fetch(platform, "SELECT unit FROM unit_position")) == 2


async def test_an_officers_stream_speaks_for_his_own_unit_only(server: str, sign_in: SignIn) -> None:
    async with stream(server, await sign_in(Role.OFFICER, "S1", unit="U1")) as socket:
        assert (await say(socket, {"positions": [seen("U2")]}))["refused"] == [{"unit": "", "code": "not_your_unit"}]
        assert (await say(socket, {"positions": [seen("U1")]}))["taken"] == 1


async def test_a_stream_does_not_outlive_its_session(
    server: str, sign_in: SignIn, clock: ManualClock, platform: Platform
) -> None:
    async with stream(server, await sign_in(Role.GATEWAY)) as socket:
        assert (await say(socket, {"positions": [seen("U1")]}))["taken"] == 1
        clock.advance(12 * 3600)
        with pytest.raises(ConnectionClosed):
            await say(socket, {"positions": [seen("U2")]})
        assert socket.close_code == 4401
    assert len(await acts.fetch(platform, "SELECT unit FROM unit_position")) == 1


@pytest.mark.parametrize("role", [Role.DISPATCHER, None])
async def test_who_may_not_send_positions_gets_no_stream(server: str, sign_in: SignIn, role: Role | None) -> None:
    headers = await sign_in(role) if role else {}
    with pytest.raises(Exception, match=r"403|4401"):
        async with stream(server, headers) as socket:
            await say(socket, {"positions": [seen("U1")]})
