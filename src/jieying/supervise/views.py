"""Reports, incidents, assignments and units as the API and the live feed show them."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import CityPack, Level
from jieying.diversion.hotline import store as hotline
from jieying.diversion.hotline.views import DiversionView, show_diversion
from jieying.incidents import store as incidents
from jieying.incidents.model import IncidentState, ReportState
from jieying.incidents.store import AssignmentRow, IncidentRow, ReportRow
from jieying.journal.actions import Site
from jieying.journal.model import Entry
from jieying.kit.masking import STAR, mask
from jieying.supervise import store
from jieying.supervise.rules import clocks_of, due_at
from jieying.units.store import UnitRow


class Words(BaseModel):
    zh: str
    en: str


class ReasonView(BaseModel):
    code: str
    params: dict[str, str | int | float] = {}


class ClockShown(BaseModel):
    id: str
    stage: str
    due_at: datetime
    target_s: int
    state: str  # running, met, breached
    stopped_at: datetime | None
    rung: int


class AssignmentView(BaseModel):
    id: UUID
    unit: str
    state: str
    eta_s: float | None
    score: float | None
    reasons: list[ReasonView]
    offered_at: datetime
    expires_at: datetime | None
    handed_over_at: datetime | None
    accepted_at: datetime | None
    en_route_at: datetime | None
    on_scene_at: datetime | None
    cleared_at: datetime | None
    ended_at: datetime | None
    end_reason: str | None


class Waiting(BaseModel):
    since: datetime
    reason: ReasonView


class SimilarView(BaseModel):
    incident: str
    number: str
    score: float
    distance_m: float | None
    age_s: float
    reasons: list[ReasonView]


class IncidentView(BaseModel):
    id: UUID
    number: str
    state: str
    category: str
    level: str
    level_reasons: list[ReasonView]
    summary: str
    lat: float
    lon: float
    place: str
    place_confidence: float
    area: str | None
    org: str
    org_path: str
    channel: str
    reports_count: int
    units_needed: int
    waiting: Waiting | None
    received_at: datetime | None
    answered_at: datetime | None
    located_at: datetime | None
    opened_at: datetime | None
    offered_at: datetime | None
    handed_over_at: datetime | None
    accepted_at: datetime | None
    en_route_at: datetime | None
    on_scene_at: datetime | None
    cleared_at: datetime | None
    resolved_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    outcome_notes: str | None
    call_back: str | None
    call_back_notes: str | None
    merged_into: UUID | None
    diversion: DiversionView | None
    version: int
    clocks: list[ClockShown]
    assignments: list[AssignmentView]


class Reporter(BaseModel):
    name: str
    contact: str


class CategoryProposed(BaseModel):
    code: str
    confidence: float


class PlaceProposed(BaseModel):
    name: str
    lat: float
    lon: float
    confidence: float


class ProposalView(BaseModel):
    """What the platform would have done with a report that waits for a person, best first."""

    categories: list[CategoryProposed]
    level: str
    ours: str
    places: list[PlaceProposed]


class ReportView(BaseModel):
    id: UUID
    channel: str
    state: str
    received_at: datetime
    answered_at: datetime | None
    occurred_at: datetime | None
    words: str
    reporter: Reporter
    lat: float | None
    lon: float | None
    media: list[str]
    incident: UUID | None
    category: str | None
    level: str | None
    reasons: list[ReasonView]
    needs_person: ReasonView | None
    proposal: ProposalView | None
    reply: str | None
    unlinkable: bool  # it was added to its incident, which was not opened with it
    due_at: datetime
    diversion: DiversionView | None
    version: int


class IncidentDetail(IncidentView):
    reports: list[ReportView]
    guidance: Words
    similar: list[SimilarView]


class UnitView(BaseModel):
    code: str
    name: Words
    org: str
    kind: str
    skills: list[str]
    phone: str
    plate: str
    status: str
    status_reason: str | None
    lat: float
    lon: float
    position_at: datetime | None
    assignment: UUID | None
    incident: UUID | None
    version: int


class EntryView(BaseModel):
    position: str
    at: datetime
    kind: str
    subject_kind: str
    subject: str
    actor: str
    data: dict[str, Any]


_INCIDENT_APART = ("clocks", "assignments", "waiting", "level_reasons", "diversion")
_INCIDENT = [name for name in IncidentView.model_fields if name not in _INCIDENT_APART]
_ASSIGNMENT = [name for name in AssignmentView.model_fields if name != "reasons"]
_REPORT_APART = (
    "reporter", "reasons", "needs_person", "proposal", "incident", "unlinkable", "due_at", "diversion",
)  # fmt: skip
_REPORT = [name for name in ReportView.model_fields if name not in _REPORT_APART]


def _reasons(stored: Sequence[dict[str, Any]]) -> list[ReasonView]:
    return [ReasonView.model_construct(**reason) for reason in stored]


def _reason(stored: dict[str, Any] | None) -> ReasonView | None:
    return ReasonView.model_construct(**stored) if stored else None


def _assignment(row: AssignmentRow) -> AssignmentView:
    fields = {name: getattr(row, name) for name in _ASSIGNMENT}
    return AssignmentView.model_construct(reasons=_reasons(row.reasons), **fields)


def masked_incident(view: IncidentView) -> IncidentView:
    """For those who see what was done, not to whom."""
    notes = (view.outcome_notes, view.call_back_notes)
    outcome, call_back = (mask(one) if one else one for one in notes)
    return view.model_copy(
        update={"summary": mask(view.summary), "outcome_notes": outcome, "call_back_notes": call_back}
    )


def masked_report(view: ReportView) -> ReportView:
    """For those who see what was done, not to whom; a contact that is no number is starred whole."""
    who, contact = view.reporter, mask(view.reporter.contact)
    hidden = Reporter(name=_stars(who.name), contact=_stars(contact) if contact == who.contact else contact)
    return view.model_copy(update={"words": mask(view.words), "reporter": hidden})


def masked_entry(view: EntryView) -> EntryView:
    """For those who see what was done, not to whom: reasons that people typed may name somebody."""
    data = {name: mask(value) if isinstance(value, str) else value for name, value in view.data.items()}
    return view.model_copy(update={"data": data})


def _stars(name: str) -> str:
    return name[:1] + STAR * (len(name) - 1)


async def show_incidents(site: Site, connection: AsyncConnection, rows: Sequence[IncidentRow]) -> list[IncidentView]:
    """Incidents with their clocks as they stand now and all their assignments."""
    ids = [row.id for row in rows]
    given: dict[UUID, list[AssignmentView]] = defaultdict(list)
    for assignment in await incidents.assignments_of(connection, site.region, ids):
        given[assignment.incident_id].append(_assignment(assignment))
    rungs = await store.rungs_of(connection, site.region, ids)
    away = [row.id for row in rows if row.state == IncidentState.DIVERTED or row.taken_back_at]
    diverted = await _diversions(site, connection, away)
    return [_incident(site, row, given[row.id], rungs, diverted.get(row.id)) for row in rows]


async def _diversions(site: Site, connection: AsyncConnection, subjects: Sequence[UUID]) -> dict[UUID, DiversionView]:
    found = await hotline.latest_of(connection, site.region, subjects)
    return {subject: show_diversion(row) for subject, row in found.items()}


def _incident(
    site: Site,
    row: IncidentRow,
    given: list[AssignmentView],
    rungs: dict[tuple[UUID, str], int],
    diversion: DiversionView | None,
) -> IncidentView:
    fields = {name: getattr(row, name) for name in _INCIDENT}
    times = cast(Mapping[str, Any], row._mapping)
    clocks = [
        ClockShown.model_construct(
            id=f"{row.id}/{clock.stage}", stage=clock.stage, due_at=clock.due_at, target_s=clock.target_s,
            state=clock.state, stopped_at=clock.stopped_at, rung=rungs.get((row.id, clock.stage), 0),
        )
        for clock in clocks_of(times, Level(row.level), site.pack.targets, site.clock.now())
    ]  # fmt: skip
    waiting = _reason(row.waiting_reason)
    return IncidentView.model_construct(
        level_reasons=_reasons(row.level_reasons), clocks=clocks, assignments=given,
        waiting=Waiting.model_construct(since=row.waiting_since, reason=waiting) if waiting else None,
        diversion=diversion, **fields,
    )  # fmt: skip


async def show_reports(site: Site, connection: AsyncConnection, rows: Sequence[ReportRow]) -> list[ReportView]:
    """Reports, those diverted with where the hotline has got to with them."""
    away = [row.id for row in rows if row.state == ReportState.DIVERTED]
    diverted = await _diversions(site, connection, away)
    return [_report(site.pack, row, diverted.get(row.id)) for row in rows]


def _report(pack: CityPack, row: ReportRow, diversion: DiversionView | None) -> ReportView:
    """With the moment until which it is to be answered."""
    fields = {name: getattr(row, name) for name in _REPORT}
    level = Level(row.level) if row.level else Level.RED
    return ReportView.model_construct(
        reporter=Reporter.model_construct(name=row.reporter_name, contact=row.reporter_contact),
        reasons=_reasons(row.reasons), needs_person=_reason(row.needs_person), incident=row.incident_id,
        proposal=ProposalView(**row.proposal) if row.needs_person and row.proposal else None,
        unlinkable=row.before_link is not None,
        due_at=due_at("answer", level, row.received_at, pack.targets), diversion=diversion, **fields,
    )  # fmt: skip


def show_unit(pack: CityPack, row: UnitRow) -> UnitView | None:
    """A unit with its latest position, at its post when it never sent one; None when the pack has it no more."""
    unit = pack.units.get(row.code)
    if unit is None:
        return None
    seen = row.position_at is not None
    return UnitView.model_construct(
        code=unit.code, name=Words.model_construct(zh=unit.name.zh, en=unit.name.en or unit.name.zh),
        org=unit.org, kind=unit.kind, skills=sorted(unit.skills), phone=unit.phone, plate=unit.plate,
        status=row.status, status_reason=row.base_reason, lat=row.lat if seen else unit.post.lat,
        lon=row.lon if seen else unit.post.lon, position_at=row.position_at,
        assignment=row.active or row.offered, incident=row.incident_id, version=row.version,
    )  # fmt: skip


def show_entry(entry: Entry) -> EntryView:
    return EntryView.model_construct(
        position=str(entry.position), at=entry.at, kind=entry.kind, subject_kind=entry.subject_kind,
        subject=entry.subject, actor=entry.actor, data=entry.data,
    )  # fmt: skip
