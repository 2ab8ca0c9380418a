"""Handing in reports and media, and what a call-taker does with reports. Routes authorise and validate only."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, cast
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from jieying.access.api import SiteNow, needs
from jieying.access.rules import Account, Permission
from jieying.citypack.model import Level
from jieying.diversion.hotline.model import Service
from jieying.incidents import actions as incidents
from jieying.incidents import store
from jieying.incidents.model import Channel, ReportState
from jieying.incidents.rights import seen_incident
from jieying.intake import actions, rules
from jieying.intake.actions import ByHand, NewReport
from jieying.intake.city import City
from jieying.intake.media import path_of, take_medium
from jieying.intake.store import find_media
from jieying.kit.api import Body, Moment, PositionIn
from jieying.kit.errors import NotFound

router = APIRouter(tags=["intake"])

HandsIn = Annotated[Account, needs(Permission.REPORT_HAND_IN)]
Takes = Annotated[Account, needs(Permission.REPORT_TAKE)]
Reads = Annotated[Account, needs(Permission.REPORT_READ)]
Answers = dict[Annotated[str, Field(max_length=50)], Annotated[int, Field(ge=0, le=20)]]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def city_of(request: Request) -> City:
    return cast(City, request.app.state.city)


def _media_dir(request: Request) -> Path:
    return cast(Path, request.app.state.media_dir)


class ReporterIn(Body):
    name: str = Field("", max_length=100)
    contact: str = Field("", max_length=100)


class ReportIn(Body):
    channel: Channel
    words: str = ""
    reporter: ReporterIn = ReporterIn()
    position: PositionIn | None = None
    occurred_at: Moment | None = None
    media: list[Sha256] = Field([], max_length=20)
    answered: bool = False
    category: str | None = Field(None, max_length=50)
    level: Level | None = None
    answers: Answers = Field({}, max_length=50)
    same_as: UUID | None = None
    enquiry: str | None = Field(None, max_length=40)

    @property
    def by_call_taker(self) -> bool:
        """Whether it says what only somebody who takes calls may decide."""
        return bool(self.answered or self.category or self.level or self.answers or self.same_as or self.enquiry)

    def new(self) -> NewReport:
        return NewReport(
            self.channel, self.words, self.reporter.name, self.reporter.contact,
            self.position.point if self.position else None, self.position.accuracy_m if self.position else None,
            self.occurred_at, tuple(self.media), self.answered or bool(self.same_as or self.enquiry),
            self.category, self.level, self.answers, self.same_as, self.enquiry,
        )  # fmt: skip


class TakenView(BaseModel):
    id: UUID
    state: str
    received_at: datetime


@router.post("/reports", status_code=201)
async def hand_in(
    given: ReportIn,
    request: Request,
    response: Response,
    site: SiteNow,
    account: HandsIn,
    idempotency_key: Annotated[str | None, Header(min_length=1, max_length=200)] = None,
) -> TakenView:
    """Hand in a report of any channel. It is stored when this answers 201; 200 says that it had been before."""
    if given.by_call_taker:
        account.need(Permission.REPORT_TAKE)
    if given.same_as:
        await _need_to_see(site, account, given.same_as)
    taken = await actions.take_report(site, city_of(request), given.new(), account.actor, idempotency_key)
    if taken.repeated:
        response.status_code = 200
    return TakenView(id=taken.id, state=taken.state, received_at=taken.received_at)


class MediumView(BaseModel):
    sha256: str
    type: str
    size: int


@router.post("/media", status_code=201)
async def hand_in_medium(
    request: Request, site: SiteNow, account: HandsIn, content_type: Annotated[str, Header()] = ""
) -> MediumView:
    """Hand in a picture, sound or film as the raw body; reports refer to it by the hash this answers."""
    medium = await take_medium(
        site, _media_dir(request), request.stream(), content_type, request.app.state.media_max_bytes, account.actor
    )
    return MediumView(sha256=medium.sha256, type=medium.type, size=medium.size)


@router.get("/media/{sha256}")
async def read_medium(sha256: Sha256, request: Request, site: SiteNow, _: Reads) -> FileResponse:
    async with site.db.transaction() as connection:
        found = await find_media(connection, site.region, [sha256])
    path = path_of(_media_dir(request), sha256)
    if not found or not path.is_file():
        raise NotFound("no_such_media", sha256=sha256)
    headers = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox"}
    return FileResponse(path, media_type=found[0].type, headers=headers)


@router.post("/reports/{id}/answer", status_code=204)
async def answer(id: UUID, site: SiteNow, account: Takes) -> None:
    """The call-taker speaks with the reporter now."""
    await actions.answer(site, id, account.actor)


class Described(Body):
    words: str = Field(min_length=1)
    reporter: ReporterIn = ReporterIn()
    position: PositionIn | None = None
    category: str | None = Field(None, max_length=50)
    level: Level | None = None
    answers: Answers = Field({}, max_length=50)
    same_as: UUID | None = None
    enquiry: str | None = Field(None, max_length=40)


@router.post("/reports/{id}/describe", status_code=204)
async def describe(id: UUID, given: Described, request: Request, site: SiteNow, account: Takes) -> None:
    """Write down what the reporter says and what is decided; unless that settles it, the steps begin (again)."""
    point = given.position.point if given.position else None
    if given.same_as:
        await _need_to_see(site, account, given.same_as)
    new = NewReport(
        Channel.PHONE, given.words, given.reporter.name, given.reporter.contact, point, category=given.category,
        level=given.level, answers=given.answers, same_as=given.same_as, enquiry=given.enquiry,
    )  # fmt: skip
    await actions.describe(site, city_of(request), id, account.actor, new)


class Settled(Body):
    as_: ReportState = Field(alias="as")
    reason: str = Field("", max_length=2000)


@router.post("/reports/{id}/settle", status_code=204)
async def settle(id: UUID, given: Settled, request: Request, site: SiteNow, account: Takes) -> None:
    """End a report that is no incident: enquiry, unfounded, or diverted, which is to the hotline (see `divert`)."""
    rules.check_words(given.reason)
    if given.as_ is ReportState.DIVERTED:
        await actions.divert(site, city_of(request), id, account.actor, "hotline_12345", given.reason)
        return
    await actions.settle(site, city_of(request), id, account.actor, given.as_, given.reason)


class Diverted(Body):
    to: Service = "hotline_12345"
    reason: str = Field("", max_length=2000)


@router.post("/reports/{id}/divert", status_code=204)
async def divert(id: UUID, given: Diverted, request: Request, site: SiteNow, account: Takes) -> None:
    """Hand a report to another service; the hotline gets it by wire, others as it is done by hand."""
    rules.check_words(given.reason)
    await actions.divert(site, city_of(request), id, account.actor, given.to, given.reason)


class Opened(Body):
    category: str = Field(max_length=50)
    level: Level | None = None
    position: PositionIn
    place: str = Field("", max_length=200)


class OpenedView(BaseModel):
    incident: UUID


@router.post("/reports/{id}/open", status_code=201)
async def open_by_hand(id: UUID, given: Opened, request: Request, site: SiteNow, account: Takes) -> OpenedView:
    """Open an incident for a report that waits for a person."""
    rules.check_words(given.place)
    by_hand = ByHand(given.category, given.level, given.position.point, given.place)
    incident = await actions.open_by_hand(site, city_of(request), id, account.actor, by_hand)
    return OpenedView(incident=incident)


class Linked(Body):
    incident: UUID


@router.post("/reports/{id}/link", status_code=204)
async def link(id: UUID, given: Linked, request: Request, site: SiteNow, account: Takes) -> None:
    """Say that the report speaks of an incident that is open already."""
    await _need_to_see(site, account, given.incident)
    await actions.link(site, city_of(request), id, given.incident, account.actor)


async def _need_to_see(site: SiteNow, account: Account, incident: UUID) -> None:
    async with site.db.transaction() as connection:
        await seen_incident(connection, site.region, account, incident)


class Unlinked(Body):
    reason: str = Field(min_length=1, max_length=2000)


@router.post("/reports/{id}/unlink", status_code=204)
async def unlink(id: UUID, given: Unlinked, site: SiteNow, account: Takes) -> None:
    """Undo a link that was wrong: the report is where it was before, and so is the incident."""
    rules.check_words(given.reason)
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, id)
        if report.incident_id is not None:
            await seen_incident(connection, site.region, account, report.incident_id)
    await incidents.unlink_report(site, id, account.actor, given.reason)
