"""Handing in reports and media, and what a call-taker does with reports. Routes authorise and validate only."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, cast
from uuid import UUID

from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from jieying.access.api import SiteNow, needs
from jieying.access.rules import Account, Permission
from jieying.citypack.model import Level
from jieying.incidents import actions as incidents
from jieying.incidents import store
from jieying.incidents.model import Channel, ReportState
from jieying.incidents.rights import seen_incident
from jieying.intake import actions, rules
from jieying.intake.actions import ByHand, NewReport
from jieying.intake.city import City
from jieying.intake.media import path_of, take_medium
from jieying.intake.same import facts_of, similar_incidents, top_category
from jieying.intake.store import find_media
from jieying.kit.api import Body, Moment, PositionIn
from jieying.kit.errors import NotFound
from jieying.kit.geo import Point
from jieying.places.locate import PlaceCandidate
from jieying.triage.rules import Understood
from jieying.triage.same_event import Facts

router = APIRouter(tags=["intake"])

HandsIn = Annotated[Account, needs(Permission.REPORT_HAND_IN)]
Takes = Annotated[Account, needs(Permission.REPORT_TAKE)]
Reads = Annotated[Account, needs(Permission.REPORT_READ)]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


def _city(request: Request) -> City:
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

    def new(self) -> NewReport:
        return NewReport(
            self.channel, self.words, self.reporter.name, self.reporter.contact,
            self.position.point if self.position else None, self.position.accuracy_m if self.position else None,
            self.occurred_at, tuple(self.media), self.answered, self.category, self.level,
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
    if given.answered or given.category or given.level:
        account.need(Permission.REPORT_TAKE)
    taken = await actions.take_report(site, _city(request), given.new(), account.actor, idempotency_key)
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
    position: PositionIn | None = None
    category: str | None = Field(None, max_length=50)
    level: Level | None = None


@router.post("/reports/{id}/describe", status_code=204)
async def describe(id: UUID, given: Described, request: Request, site: SiteNow, account: Takes) -> None:
    """Write down what the reporter says; understanding and locating begin (again) with it."""
    point = given.position.point if given.position else None
    new = NewReport(Channel.PHONE, given.words, point=point, category=given.category)
    actions.check(site, _city(request), new)
    by_person: dict[str, Any] = {}
    if given.category or given.level:
        by_person = {"category": given.category, "level": given.level and str(given.level), "by_person": True}
    await incidents.describe_report(site, id, account.actor, given.words, point, by_person)


class Settled(Body):
    as_: ReportState = Field(alias="as")
    reason: str = Field("", max_length=2000)


@router.post("/reports/{id}/settle", status_code=204)
async def settle(id: UUID, given: Settled, site: SiteNow, account: Takes) -> None:
    """End a report that is no incident: enquiry, diverted or unfounded."""
    rules.check_words(given.reason)
    await incidents.settle_report(site, id, account.actor, given.as_, given.reason)


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
    incident = await actions.open_by_hand(site, _city(request), id, account.actor, by_hand)
    return OpenedView(incident=incident)


class Linked(Body):
    incident: UUID


@router.post("/reports/{id}/link", status_code=204)
async def link(id: UUID, given: Linked, site: SiteNow, account: Takes) -> None:
    """Say that the report speaks of an incident that is open already."""
    async with site.db.transaction() as connection:
        await seen_incident(connection, site.region, account, given.incident)
    await actions.link(site, id, given.incident, account.actor)


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


class Said(Body):
    words: str
    position: PositionIn | None = None


class PlaceShown(BaseModel):
    name: str
    kind: str
    lat: float
    lon: float
    confidence: float
    area: str | None
    reasons: list[dict[str, Any]]


class SimilarShown(BaseModel):
    incident: str
    number: str
    score: float
    distance_m: float | None
    age_s: float
    reasons: list[dict[str, Any]]


class UnderstoodView(BaseModel):
    category: str | None
    level: str
    ours: str
    reasons: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    places: list[PlaceShown]
    similar: list[SimilarShown]


@router.post("/understand")
async def understand(given: Said, request: Request, site: SiteNow, _: Takes) -> UnderstoodView:
    """What the platform would make of these words; nothing is stored."""
    rules.check_words(given.words)
    city = _city(request)
    found = city.understanding.understand(given.words)
    device = given.position.point if given.position else None
    places = city.locator.locate(given.words, device, given.position.accuracy_m if given.position else None)
    return UnderstoodView(
        category=found.category,
        level=found.level,
        ours=found.ours,
        reasons=[reason.as_json() for reason in found.reasons],
        alarms=[{"word": a.word, "start": a.start, "end": a.end, "level": str(a.level)} for a in found.alarms],
        places=[
            PlaceShown(
                name=p.name, kind=p.kind, lat=p.position.lat, lon=p.position.lon, confidence=p.confidence,
                area=p.area, reasons=[reason.as_json() for reason in p.reasons],
            )
            for p in places
        ],
        similar=await _similar(site, city, given.words, found, places),
    )  # fmt: skip


async def _similar(
    site: SiteNow, city: City, words: str, found: Understood, places: list[PlaceCandidate]
) -> list[SimilarShown]:
    if not words.strip():
        return []
    point = places[0].position if places else None
    top = top_category(city, found.category)
    mine = Facts("", site.clock.now(), point, found.category, top, words, vector=found.vector)
    async with site.db.transaction() as connection:
        similar = await similar_incidents(site, city, connection, mine)
    return [SimilarShown.model_validate(one) for one in similar]


class SimilarView(BaseModel):
    similar: list[SimilarShown]


@router.get("/reports/{id}/similar")
async def similar(id: UUID, request: Request, site: SiteNow, _: Takes) -> SimilarView:
    """Which open incidents a report that waits for a person may speak of, as it stands now; also without a place."""
    city = _city(request)
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, id)
        device = None if report.lat is None else Point(report.lat, report.lon)
        places = city.locator.locate(report.words, device, report.accuracy_m)
        chosen = rules.choose_place(places)
        point = chosen.position if isinstance(chosen, PlaceCandidate) else None
        mine = facts_of(city, report, report.category, point, places)
        apart_from = [*report.apart_from, *([report.incident_id] if report.incident_id else [])]
        found = await similar_incidents(site, city, connection, mine, apart_from)
    return SimilarView(similar=[SimilarShown.model_validate(one) for one in found])
