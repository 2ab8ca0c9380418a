"""The live feed over WebSocket."""

import asyncio
from contextlib import suppress

from fastapi import APIRouter, WebSocket, WebSocketDisconnect

from jieying.access.api import account_of, state_of, token_of
from jieying.access.rules import Permission
from jieying.journal.model import Position
from jieying.kit.errors import Forbidden, NotSignedIn, Refused
from jieying.web.live import Hub, Listener

router = APIRouter()

SESSION_OVER, NOT_PERMITTED, TOO_SLOW, TRY_LATER = 4401, 4403, 4410, 1013
CHECK_S = 30.0
NOTHING = ""


def _position(text: str | None) -> Position | None:
    with suppress(ValueError):
        return Position.parse(text) if text else None
    return None


@router.websocket("/live")
async def live(socket: WebSocket, since: str | None = None) -> None:
    """Snapshot, then entries as they are committed; see web/live.py."""
    await socket.accept()
    if socket.headers.get("origin") and not _same_origin(socket):
        await socket.close(SESSION_OVER)
        return
    try:
        account = await account_of(socket)
        if not account.may(Permission.FRAUD_READ):  # who hears of nothing else hears of cases of fraud
            account.need(Permission.INCIDENT_READ)
        hub: Hub = socket.app.state.hub
        listener, first = await hub.join(account, _position(since))
    except NotSignedIn:
        await socket.close(SESSION_OVER)
        return
    except Forbidden:
        await socket.close(NOT_PERMITTED)
        return
    except Refused:
        await socket.close(TRY_LATER)
        return
    hearing = asyncio.create_task(_hear(socket))
    hearing.add_done_callback(lambda _: listener.put(NOTHING))  # so that who waits for a message looks up
    try:
        for message in first:
            await socket.send_text(message)
        await _speak(socket, listener, hearing)
    except (WebSocketDisconnect, RuntimeError):
        pass  # the console has gone
    finally:
        hub.leave(listener)
        hearing.cancel()


def _same_origin(socket: WebSocket) -> bool:
    """A page of another site must not listen with this user's cookie."""
    return socket.headers["origin"].split("://")[-1] == socket.headers.get("host")


async def _hear(socket: WebSocket) -> None:
    """Consoles say nothing; this ends when they go."""
    with suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()


async def _speak(socket: WebSocket, listener: Listener, hearing: "asyncio.Task[None]") -> None:
    checked = asyncio.get_running_loop().time()
    while not hearing.done():
        if listener.lost:
            await socket.close(TOO_SLOW)
            return
        if asyncio.get_running_loop().time() - checked > CHECK_S:
            checked = asyncio.get_running_loop().time()
            if not await _still_signed_in(socket):
                await socket.close(SESSION_OVER)
                return
        message = await listener.queue.get()  # the clock comes now and then, if nothing else does
        if message != NOTHING:
            await socket.send_text(message)


async def _still_signed_in(socket: WebSocket) -> bool:
    try:
        state_of(socket).sessions.pop(token_of(socket), None)
        await account_of(socket)
    except NotSignedIn:
        return False
    except Refused:
        return True  # the database is away, nobody was signed out
    return True
