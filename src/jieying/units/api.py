"""Positions of units over HTTP and WebSocket."""

from typing import Annotated

from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from jieying.access.api import SiteNow, account_of, needs, site_of
from jieying.access.rules import Account, Permission, Role
from jieying.journal.actions import Site
from jieying.kit.api import Moment, PositionIn
from jieying.kit.errors import Forbidden, NotSignedIn, Refused
from jieying.units.actions import BATCH_MAX, Sighting, take_positions

router = APIRouter(tags=["units"])

Sends = Annotated[Account, needs(Permission.POSITION_SEND)]


class SightingIn(PositionIn):
    unit: str = Field(max_length=50)
    at: Moment


class Sightings(BaseModel):
    positions: list[SightingIn] = Field(min_length=1, max_length=BATCH_MAX)


class RefusedView(BaseModel):
    unit: str
    code: str


class SightingsView(BaseModel):
    taken: int
    refused: list[RefusedView]


async def _take(site: Site, account: Account, given: Sightings) -> SightingsView:
    """An officer's device speaks for his own unit only; a gateway for all."""
    if account.role is Role.OFFICER and any(one.unit != account.unit for one in given.positions):
        raise Forbidden("not_your_unit")
    refused = await take_positions(site, [Sighting(one.unit, one.point, one.at) for one in given.positions])
    return SightingsView(
        taken=len(given.positions) - len(refused), refused=[RefusedView(unit=u, code=c) for u, c in refused]
    )


@router.post("/positions")
async def hand_in_positions(given: Sightings, site: SiteNow, account: Sends) -> SightingsView:
    """Hand in where units are, many at once; those that are refused are named, the others are stored."""
    return await _take(site, account, given)


_sightings = TypeAdapter(Sightings)


@router.websocket("/positions/stream")
async def stream_positions(socket: WebSocket) -> None:
    """The same as a stream: each message a batch, each answered."""
    try:
        account = await account_of(socket)
        account.need(Permission.POSITION_SEND)
    except (NotSignedIn, Forbidden):
        await socket.close(4401)
        return
    await socket.accept()
    try:
        while True:
            text = await socket.receive_text()
            try:
                account = await account_of(socket)  # a stream does not outlive its session
                answer = await _take(site_of(socket), account, _sightings.validate_json(text))
                await socket.send_text(answer.model_dump_json())
            except ValidationError:
                await socket.send_json({"taken": 0, "refused": [{"unit": "", "code": "malformed"}]})
            except NotSignedIn:
                await socket.close(4401)
                return
            except Refused as refused:
                await socket.send_json({"taken": 0, "refused": [{"unit": "", "code": refused.code}]})
    except (WebSocketDisconnect, KeyError):  # KeyError: it sent bytes, not text
        return
