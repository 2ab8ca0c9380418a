"""What dispatchers, officers and commanders do with incidents, assignments and units."""

from typing import Annotated, Any, Literal, cast
from uuid import UUID

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from jieying.access.api import SignedIn, SiteNow, needs, state_of
from jieying.access.rules import Account, Permission
from jieying.citypack.model import Level
from jieying.dispatch import actions
from jieying.dispatch.decide import Decider
from jieying.incidents import actions as incidents
from jieying.incidents import store
from jieying.incidents.model import AssignmentState, IncidentState
from jieying.incidents.rights import seen_incident
from jieying.incidents.store import IncidentRow
from jieying.journal.actions import Site
from jieying.kit.api import Body, PositionIn
from jieying.kit.errors import Forbidden, Invalid, NotFound
from jieying.places.areas import AreaIndex
from jieying.units.model import BY_HAND, UnitStatus

router = APIRouter(tags=["dispatch"])

Reads = Annotated[Account, needs(Permission.INCIDENT_READ)]
Manages = Annotated[Account, needs(Permission.INCIDENT_MANAGE)]
Acts = Annotated[Account, needs(Permission.ASSIGNMENT_ACT)]
ManagesUnits = Annotated[Account, needs(Permission.UNIT_MANAGE)]
Shown = Any  # an IncidentView (supervise/views.py), which the web app makes
Text = Annotated[str, Field(max_length=2000, pattern=r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$")]


def _decider(request: Request) -> Decider:
    return cast(Decider, request.app.state.city.decider)


async def _shown(request: Request, id: UUID, account: Account) -> Shown:
    """The incident as it is now; NotFound when it is not there or not within the account's scope."""
    return await state_of(request).show_incident(id, account)


async def _seen(site: Site, id: UUID, account: Account) -> IncidentRow:
    """The incident before something is done with it; refused like `_shown`."""
    async with site.db.transaction() as connection:
        return await seen_incident(connection, site.region, account, id)


class CandidateParts(BaseModel):
    nearness: float
    territory: float
    business: float


class CandidateView(BaseModel):
    unit: str
    name: dict[str, str]
    eta_s: float
    distance_m: float
    score: float
    parts: CandidateParts
    position_age_s: float | None
    status: str
    preempts: str | None
    reasons: list[dict[str, Any]]


class CandidatesView(BaseModel):
    candidates: list[CandidateView]


@router.get("/incidents/{id}/candidates")
async def candidates(id: UUID, request: Request, site: SiteNow, account: Reads) -> CandidatesView:
    """Who could go now, best first, each with its reasons."""
    async with site.db.transaction() as connection:
        incident = await seen_incident(connection, site.region, account, id)
        found = await actions.ranked(site, _decider(request), connection, incident)
    names = {c.unit: site.pack.units[c.unit].name for c in found}
    return CandidatesView(
        candidates=[
            CandidateView(
                unit=c.unit, name={"zh": names[c.unit].zh, "en": names[c.unit].en or names[c.unit].zh},
                eta_s=c.eta_s, distance_m=c.distance_m, score=c.score,
                parts=CandidateParts(nearness=c.nearness, territory=c.territory, business=c.business),
                position_age_s=c.position_age_s, status=c.status, preempts=c.preempts,
                reasons=[reason.as_json() for reason in c.reasons],
            )
            for c in found[:50]
        ]
    )  # fmt: skip


class OfferIn(Body):
    unit: str = Field(max_length=50)


@router.post("/incidents/{id}/offer")
async def offer(id: UUID, given: OfferIn, request: Request, site: SiteNow, account: Manages) -> Shown:
    await _seen(site, id, account)
    await actions.offer_to(site, _decider(request), id, given.unit, account.actor)
    return await _shown(request, id, account)


class AmendIn(Body):
    category: str | None = Field(None, max_length=50)
    level: Level | None = None
    position: PositionIn | None = None
    place: Annotated[Text, Field(max_length=200)] | None = None
    units: int | None = Field(None, ge=1, le=50)


@router.post("/incidents/{id}/amend")
async def amend(id: UUID, given: AmendIn, request: Request, site: SiteNow, account: Manages) -> Shown:
    await _seen(site, id, account)
    changes: dict[str, Any] = {}
    if given.category is not None:
        if given.category not in site.pack.categories:
            raise Invalid("no_such_category", category=given.category)
        changes["category"] = given.category
    if given.level is not None:
        changes["level"] = str(given.level)
    if given.position is not None:
        areas = cast(AreaIndex, request.app.state.city.areas)
        changes |= actions.where(site, areas, given.position.point)
    if given.place is not None:
        changes["place"] = given.place
    if given.units is not None:
        changes["units_needed"] = given.units
    if changes:
        await actions.amend(site, id, account.actor, changes)
    return await _shown(request, id, account)


class HandOverIn(Body):
    unit: str | None = Field(None, max_length=50)


@router.post("/incidents/{id}/hand-over")
async def hand_over(id: UUID, given: HandOverIn, request: Request, site: SiteNow, account: Acts) -> Shown:
    """Caller and officer speak with each other."""
    await _seen(site, id, account)
    unit = given.unit
    if not account.may(Permission.INCIDENT_MANAGE):
        unit = unit or account.unit
        if unit is None or unit != account.unit:
            raise Forbidden("not_your_unit")
    await actions.hand_over(site, id, account.actor, unit)
    return await _shown(request, id, account)


class OutcomeIn(Body):
    outcome: str = Field(max_length=50)
    notes: Text = ""


@router.post("/incidents/{id}/resolve")
async def resolve(id: UUID, given: OutcomeIn, request: Request, site: SiteNow, account: Acts) -> Shown:
    """Record the outcome; an officer for an incident that his unit works on, others within their scope."""
    async with site.db.transaction() as connection:
        await seen_incident(connection, site.region, account, id)
        given_out = await store.assignments_of(connection, site.region, [id])
    worked_on_it = {a.unit for a in given_out if a.accepted_at}
    if not account.may(Permission.INCIDENT_MANAGE) and account.unit not in worked_on_it:
        raise Forbidden("not_your_unit")
    if given.outcome not in site.pack.outcomes:
        raise Invalid("no_such_outcome", outcome=given.outcome)
    await actions.record_outcome(site, id, account.actor, given.outcome, given.notes)
    return await _shown(request, id, account)


class CloseIn(Body):
    call_back: Literal["satisfied", "dissatisfied", "unreachable", "not_wanted"]
    notes: Text = ""


@router.post("/incidents/{id}/close")
async def close(id: UUID, given: CloseIn, request: Request, site: SiteNow, account: Manages) -> Shown:
    await _seen(site, id, account)
    await incidents.close_incident(site, id, account.actor, given.call_back, given.notes)
    return await _shown(request, id, account)


class ReasonIn(Body):
    reason: Annotated[Text, Field(min_length=1)]


@router.post("/incidents/{id}/reopen")
async def reopen(id: UUID, given: ReasonIn, request: Request, site: SiteNow, account: Manages) -> Shown:
    await _seen(site, id, account)
    await incidents.reopen_incident(site, id, account.actor, given.reason)
    return await _shown(request, id, account)


class MergeIn(Body):
    into: UUID


@router.post("/incidents/{id}/merge")
async def merge(id: UUID, given: MergeIn, request: Request, site: SiteNow, account: Manages) -> Shown:
    """This incident is the same event as another, which goes on with all reports."""
    await _seen(site, id, account)
    await _seen(site, given.into, account)
    await actions.leave_to_others(site, id, account.actor, IncidentState.MERGED, "same_event", given.into)
    return await _shown(request, id, account)


@router.post("/incidents/{id}/unmerge")
async def unmerge(id: UUID, given: ReasonIn, request: Request, site: SiteNow, account: Manages) -> Shown:
    """This incident was merged by mistake: it is open again with its own reports."""
    incident = await _seen(site, id, account)
    if incident.merged_into is not None:
        await _seen(site, incident.merged_into, account)
    await actions.undo_merge(site, id, account.actor, given.reason)
    return await _shown(request, id, account)


Step = Literal["accept", "decline", "en-route", "on-scene", "clear", "release"]


class StepIn(Body):
    reason: Text = ""


@router.post("/assignments/{id}/{step}")
async def go_on(id: UUID, step: Step, given: StepIn, request: Request, site: SiteNow, account: Acts) -> Shown:
    """The unit's next step on the incident, by its officer or on its behalf."""
    async with site.db.transaction() as connection:
        assignment = await store.get_assignment(connection, site.region, id)
        try:
            incident = await seen_incident(connection, site.region, account, assignment.incident_id)
        except NotFound as error:  # the same answer as for one that is not there
            raise NotFound("no_such_assignment", assignment=str(id)) from error
    unit = site.pack.units.get(assignment.unit)
    own = unit is not None and account.may_act_for(unit.code, site.pack.orgs[unit.org].path)
    manages = account.may(Permission.INCIDENT_MANAGE) and incident.org_path.startswith(account.org_path)
    if not own and not manages:
        raise Forbidden("not_your_unit")
    actor = account.actor
    match step:
        case "accept":
            await actions.accept(site, id, actor)
        case "en-route":
            await actions.go_on(site, id, AssignmentState.EN_ROUTE, actor)
        case "on-scene":
            await actions.go_on(site, id, AssignmentState.ON_SCENE, actor)
        case "clear":
            await actions.clear(site, id, actor)
        case "decline":
            await actions.turn_down(site, id, AssignmentState.DECLINED, actor, given.reason)
        case "release":
            await actions.turn_down(site, id, AssignmentState.RELEASED, actor, given.reason)
    return await _shown(request, assignment.incident_id, account)


class StatusIn(Body):
    status: UnitStatus
    reason: Annotated[Text, Field(max_length=200)] | None = None


@router.post("/units/{code}/status", status_code=204)
async def set_status(code: str, given: StatusIn, site: SiteNow, account: SignedIn) -> None:
    """Set what can be set by hand; an officer for his own unit."""
    unit = site.pack.units.get(code)
    scoped = unit is not None and site.pack.orgs[unit.org].path.startswith(account.org_path)
    if unit is None or not (scoped or account.unit == code):
        raise NotFound("no_such_unit", unit=code)
    if account.unit != code:
        account.need(Permission.UNIT_MANAGE)
    if given.status not in BY_HAND:
        raise Invalid("status_follows", status=str(given.status))
    await actions.set_unit_status(site, code, account.actor, str(given.status), given.reason)
