"""Diverting an incident, what a person does with a request at the hotline, and the hotline's word of news."""

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field

from jieying.access.api import SignedIn, SiteNow, needs, state_of
from jieying.access.rules import Account, Permission
from jieying.diversion.hotline import actions, store
from jieying.diversion.hotline.model import HotlineState, Service
from jieying.diversion.hotline.store import DiversionRow
from jieying.diversion.hotline.views import DiversionView, show_diversion
from jieying.incidents.model import IncidentState, illegal
from jieying.incidents.rights import seen_incident
from jieying.journal.actions import Site
from jieying.kit.api import Body

router = APIRouter(tags=["diversion"])

Manages = Annotated[Account, needs(Permission.INCIDENT_MANAGE)]
HandsIn = Annotated[Account, needs(Permission.REPORT_HAND_IN)]
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


async def _looks_after(account: SignedIn) -> Account:
    """Who takes reports or manages incidents; which of the two it needs, the diversion says."""
    if not account.may(Permission.INCIDENT_MANAGE):
        account.need(Permission.REPORT_TAKE)
    return account


LooksAfter = Annotated[Account, Depends(_looks_after)]


class DivertIn(Body):
    to: Service
    reason: Text = ""


@router.post("/incidents/{id}/divert")
async def divert(id: UUID, given: DivertIn, request: Request, site: SiteNow, account: Manages) -> Any:
    """Hand an incident to another service."""
    async with site.db.transaction() as connection:
        await seen_incident(connection, site.region, account, id)
    await actions.divert_incident(site, id, account.actor, given.to, given.reason)
    return await state_of(request).show_incident(id, account)


class RefusedIn(Body):
    reason: Annotated[Text, Field(min_length=1)]


@router.post("/incidents/{id}/refused")
async def refused(id: UUID, given: RefusedIn, request: Request, site: SiteNow, account: Manages) -> Any:
    """The other service does not take it: it is ours again, within the same clocks."""
    async with site.db.transaction() as connection:
        incident = await seen_incident(connection, site.region, account, id)
    if incident.state != IncidentState.DIVERTED:
        raise illegal(incident.state, IncidentState.OPEN)
    await actions.take_back(site, id, account.actor, given.reason)
    return await state_of(request).show_incident(id, account)


class MarkIn(Body):
    reason: Text = ""


STEPS = {
    "taken": HotlineState.TAKEN,
    "done": HotlineState.DONE,
    "refused": HotlineState.REFUSED,
    "by-hand": HotlineState.BY_HAND,
    "send": HotlineState.TO_SEND,
}


@router.post("/hotline/diversions/{id}/{step}")
async def mark(
    id: UUID,
    step: Literal["taken", "done", "refused", "by-hand", "send"],
    given: MarkIn,
    site: SiteNow,
    account: LooksAfter,
) -> DiversionView:
    """What the hotline said on the telephone; or hand it over by hand; or have it sent (again)."""
    await _may(site, account, id)
    return show_diversion(await actions.mark(site, id, STEPS[step], account.actor, given.reason))


async def _may(site: Site, account: Account, id: UUID) -> DiversionRow:
    async with site.db.transaction() as connection:
        row = await store.get(connection, site.region, id)
        if row.incident_id:
            await seen_incident(connection, site.region, account, row.incident_id)
    account.need(Permission.INCIDENT_MANAGE if row.incident_id else Permission.REPORT_TAKE)
    return row


class NewsIn(BaseModel):
    """A service request as GeoReport v2 has it; only which one it is counts."""

    model_config = ConfigDict(extra="ignore")

    service_request_id: str = Field(min_length=1, max_length=200)


class NewsView(BaseModel):
    known: list[str]
    unknown: list[str]


@router.post("/hotline/news")
async def news(given: Annotated[list[NewsIn], Field(max_length=500)], site: SiteNow, _: HandsIn) -> NewsView:
    """The hotline says that something has changed. It is asked what: so a late or false word changes nothing."""
    asked = [one.service_request_id for one in given]
    known = set(await actions.hurry(site, asked))
    return NewsView(known=[id_ for id_ in asked if id_ in known], unknown=[id_ for id_ in asked if id_ not in known])
