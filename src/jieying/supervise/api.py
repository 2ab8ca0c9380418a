"""Reading: incidents, reports and units as they stand, timelines, intervals, notifications."""

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, TypeVar
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.access.api import SignedIn, SiteNow, needs
from jieying.access.rules import Account, Permission
from jieying.citypack.model import Level
from jieying.dispatch.rules import plan_for
from jieying.diversion.hotline import store as hotline
from jieying.diversion.hotline.model import HotlineState
from jieying.diversion.hotline.views import DiversionView, show_diversion
from jieying.incidents import store as incidents
from jieying.incidents.model import IncidentState, ReportState
from jieying.incidents.rights import may_see, seen_incident
from jieying.journal import store as journal
from jieying.journal.actions import Site
from jieying.kit.errors import Invalid, NotFound
from jieying.supervise import store
from jieying.supervise.intervals import Interval, counts, intervals
from jieying.supervise.views import (
    EntryView,
    IncidentDetail,
    IncidentView,
    ReportView,
    SimilarView,
    UnitView,
    Words,
    masked_entry,
    masked_incident,
    masked_report,
    show_entry,
    show_incidents,
    show_reports,
    show_unit,
)
from jieying.units import store as units

router = APIRouter(tags=["supervise"])

ReadsReports = Annotated[Account, needs(Permission.REPORT_READ)]
ReadsIncidents = Annotated[Account, needs(Permission.INCIDENT_READ)]
ReadsJournal = Annotated[Account, needs(Permission.JOURNAL_READ)]
Limit = Annotated[int, Query(ge=1, le=500)]


def _states(given: str, known: type[StrEnum]) -> list[str]:
    """The states named in a query, separated by commas; Invalid when one is none."""
    states = [one for one in given.split(",") if one]
    if not set(states) <= set(known):
        raise Invalid("invalid_field", field="state", fault="enum")
    return states


View = TypeVar("View")


def shown_to(account: Account, views: list[View], masked: Callable[[View], View]) -> list[View]:
    """The views as they are for those who need to know who it is, masked for everybody else."""
    return views if account.may(Permission.PERSON_READ) else [masked(view) for view in views]


class IncidentsView(BaseModel):
    incidents: list[IncidentView]
    next: UUID | None


@router.get("/incidents")
async def list_incidents(
    site: SiteNow, account: ReadsIncidents, state: str = "", limit: Limit = 100, before: UUID | None = None
) -> IncidentsView:
    """Newest first; `state`: one or several, separated by commas; `before`: the `next` of the page before."""
    states = _states(state, IncidentState)
    async with site.db.transaction() as connection:
        rows = await incidents.list_incidents(
            connection, site.region, account.org_path, states=states, before=before, limit=limit
        )
        shown = shown_to(account, await show_incidents(site, connection, rows), masked_incident)
    return IncidentsView(incidents=shown, next=rows[-1].id if len(rows) == limit else None)


@router.get("/incidents/{id}")
async def read_incident(id: UUID, site: SiteNow, account: ReadsIncidents) -> IncidentDetail:
    async with site.db.transaction() as connection:
        row = await seen_incident(connection, site.region, account, id)
        (shown,) = shown_to(account, await show_incidents(site, connection, [row]), masked_incident)
        reports = await show_reports(site, connection, await incidents.reports_of(connection, site.region, id))
    guidance = plan_for(site.pack, row.category, Level(row.level)).guidance
    fields = {name: getattr(shown, name) for name in IncidentView.model_fields}
    return IncidentDetail.model_construct(
        **fields,
        reports=shown_to(account, reports, masked_report),
        guidance=Words(zh=guidance.zh, en=guidance.en or guidance.zh),
        similar=[SimilarView.model_validate(one) for one in row.similar],
    )


class EntriesView(BaseModel):
    entries: list[EntryView]


@router.get("/incidents/{id}/timeline")
async def read_timeline(id: UUID, site: SiteNow, account: ReadsIncidents) -> EntriesView:
    """All that happened around an incident, oldest first."""
    async with site.db.transaction() as connection:
        await seen_incident(connection, site.region, account, id)
        reports = await incidents.reports_of(connection, site.region, id)
        entries = await journal.timeline(connection, site.region, id, [report.id for report in reports])
    return EntriesView(entries=shown_to(account, [show_entry(entry) for entry in entries], masked_entry))


class ReportsView(BaseModel):
    reports: list[ReportView]
    next: UUID | None


@router.get("/reports")
async def list_reports(
    site: SiteNow,
    account: ReadsReports,
    state: str = "",
    waiting: bool = False,
    limit: Limit = 100,
    before: UUID | None = None,
) -> ReportsView:
    """Newest first; `waiting`: those that wait for a person, oldest first."""
    states = _states(state, ReportState)
    async with site.db.transaction() as connection:
        rows = await incidents.list_reports(
            connection, site.region, states=states, waiting=waiting, before=before, limit=limit
        )
        hidden = await _hidden(site, connection, account, {row.incident_id for row in rows})
        shown = await show_reports(site, connection, [row for row in rows if row.incident_id not in hidden])
    shown = shown_to(account, shown, masked_report)
    return ReportsView(reports=shown, next=rows[-1].id if len(rows) == limit and not waiting else None)


async def _hidden(site: Site, connection: AsyncConnection, account: Account, ids: set[UUID | None]) -> set[UUID]:
    """Those incidents that the account may not see; their reports are not shown either."""
    known = [id_ for id_ in ids if id_]
    rows = await incidents.incidents_by_ids(connection, site.region, known) if known else []
    return {row.id for row in rows if not may_see(account, row)}


@router.get("/reports/{id}")
async def read_report(id: UUID, site: SiteNow, account: SignedIn) -> ReportView:
    """A report; a gateway reads only those that it handed in itself."""
    async with site.db.transaction() as connection:
        row = await incidents.find_report(connection, site.region, id)
        own = row is not None and row.handed_in_by == account.actor
        hidden = not own and await _hidden(site, connection, account, {row.incident_id} if row else set())
        # The same answer for one that is not there and one that is not for this account.
        if row is None or hidden or not (own or account.may(Permission.REPORT_READ)):
            raise NotFound("no_such_report", report=str(id))
        (shown,) = await show_reports(site, connection, [row])
    return shown if own else shown_to(account, [shown], masked_report)[0]


class DivertedView(DiversionView):
    """A request at the hotline with the report or the incident that it is about."""

    about_report: ReportView | None
    about_incident: IncidentView | None


class DivertedListView(BaseModel):
    diversions: list[DivertedView]
    next: UUID | None


@router.get("/hotline/diversions")
async def list_diversions(
    site: SiteNow, account: ReadsReports, state: str = "", limit: Limit = 50, before: UUID | None = None
) -> DivertedListView:
    """What was handed to the hotline, newest first; `state`: one or several, separated by commas."""
    states = _states(state, HotlineState)
    async with site.db.transaction() as connection:
        rows = await hotline.list_diversions(connection, site.region, states, before, limit)
        known = await incidents.reports_by_ids(connection, site.region, [r.report_id for r in rows if r.report_id])
        views = shown_to(account, await show_reports(site, connection, known), masked_report)
        reports = {view.id: view for view in views}
        ids = [row.incident_id for row in rows if row.incident_id]
        seen = [r for r in await incidents.incidents_by_ids(connection, site.region, ids) if may_see(account, r)]
        shown = {v.id: v for v in shown_to(account, await show_incidents(site, connection, seen), masked_incident)}
    diversions = [
        DivertedView.model_construct(
            **show_diversion(row).__dict__, about_report=reports.get(row.report_id),
            about_incident=shown.get(row.incident_id),
        )
        for row in rows
        if row.report_id or row.incident_id in shown
    ]  # fmt: skip
    return DivertedListView(diversions=diversions, next=rows[-1].id if len(rows) == limit else None)


class UnitsView(BaseModel):
    units: list[UnitView]


@router.get("/units")
async def list_units(site: SiteNow, account: ReadsIncidents) -> UnitsView:
    async with site.db.transaction() as connection:
        rows = await units.list_units(connection, site.region)
    shown = [view for row in rows if (view := show_unit(site.pack, row))]
    return UnitsView(units=[view for view in shown if sees_unit(site, account, view)])


def sees_unit(site: Site, account: Account, unit: UnitView) -> bool:
    return account.may(Permission.INCIDENT_READ) and site.pack.orgs[unit.org].path.startswith(account.org_path)


class IntervalsView(BaseModel):
    since: datetime
    now: datetime
    intervals: dict[str, Interval]
    reports: dict[str, int]
    incidents: dict[str, int]


@router.get("/intervals")
async def read_intervals(
    site: SiteNow, account: ReadsIncidents, hours: Annotated[float, Query(gt=0, le=24 * 366)] = 24
) -> IntervalsView:
    """Answer, processing, turnout, travel and response of the incidents of the last hours."""
    now = site.clock.now()
    since = now - timedelta(hours=hours)
    async with site.db.transaction() as connection:
        found = await intervals(site, connection, since, account.org_path)
        number = await counts(site, connection, since, account.org_path)
    return IntervalsView(since=since, now=now, intervals=found, reports=number.reports, incidents=number.incidents)


class NotificationView(BaseModel):
    id: UUID
    at: datetime
    kind: str
    incident: UUID | None
    report: UUID | None
    number: str | None
    params: dict[str, Any]
    read_at: datetime | None


class NotificationsView(BaseModel):
    notifications: list[NotificationView]


async def told(site: Site, connection: AsyncConnection, account: Account) -> list[NotificationView]:
    """What the ladder told the account's role in its organisation, newest first."""
    rows = await store.notifications_for(connection, site.region, account.id, str(account.role), account.org)
    ids = [row.incident_id for row in rows if row.incident_id]
    numbers = {row.id: row.number for row in await incidents.incidents_by_ids(connection, site.region, ids)}
    return [show_notification(row, numbers.get(row.incident_id), row.read_at) for row in rows]


def show_notification(row: Row[Any], number: str | None, read_at: datetime | None) -> NotificationView:
    return NotificationView.model_construct(
        id=row.id, at=row.at, kind=row.kind, incident=row.incident_id, report=row.report_id,
        number=number, params=row.params, read_at=read_at,
    )  # fmt: skip


@router.get("/notifications")
async def list_notifications(site: SiteNow, account: SignedIn) -> NotificationsView:
    async with site.db.transaction() as connection:
        return NotificationsView(notifications=await told(site, connection, account))


@router.post("/notifications/{id}/read", status_code=204)
async def mark_read(id: UUID, site: SiteNow, account: SignedIn) -> None:
    async with site.db.transaction() as connection:
        if not await store.was_told(connection, site.region, id, str(account.role), account.org):
            raise NotFound("no_such_notification", notification=str(id))
        await store.mark_read(connection, account.id, id, site.clock.now())
