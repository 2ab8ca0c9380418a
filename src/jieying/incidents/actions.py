"""What happens to reports and incidents as such. The steps that take a connection are parts of a larger action."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level
from jieying.incidents import store
from jieying.incidents.model import Channel, IncidentState, ReportState, illegal
from jieying.incidents.store import IncidentRow, ReportRow
from jieying.journal.actions import SYSTEM, Site, entry, record
from jieying.journal.store import NewEntry, append
from jieying.kit.errors import Conflict, Invalid
from jieying.kit.geo import Point, cell_of
from jieying.kit.ids import new_id
from jieying.kit.reasons import Reason

SUMMARY_LENGTH = 60
_BEFORE_LINK = ("state", "answered_at", "needs_person", "steps_due_at")  # what a link changes of a report


@dataclass(frozen=True)
class Opening:
    """Everything that is known of an incident when it is opened."""

    category: str
    level: Level
    level_reasons: Sequence[Reason]
    point: Point
    place: str
    place_confidence: float
    area: str | None
    org: str
    plan: str
    units_needed: int
    similar: Sequence[dict[str, Any]] = ()


async def open_incident(
    site: Site, connection: AsyncConnection, report: ReportRow, opening: Opening, actor: str = SYSTEM
) -> UUID:
    """Open an incident for an answered report and link the two; its first offer is due at once."""
    if report.state != ReportState.ANSWERED:  # before the insert, so that the refusal names the states
        raise illegal(report.state, ReportState.LINKED)
    now = site.clock.now()
    id_ = new_id(now)
    local_day = now.astimezone(ZoneInfo(site.pack.timezone))
    number = f"{local_day:%y%m%d}-{await store.next_number(connection):06d}"
    org_path = site.pack.orgs[opening.org].path
    await store.add_incident(
        connection,
        region=site.region,
        id=id_,
        number=number,
        state=str(IncidentState.OPEN),
        category=opening.category,
        level=str(opening.level),
        level_rank=opening.level.rank,
        level_reasons=[reason.as_json() for reason in opening.level_reasons],
        summary=_summary(report.words),
        lat=opening.point.lat,
        lon=opening.point.lon,
        cell=cell_of(opening.point),
        place=opening.place,
        place_confidence=opening.place_confidence,
        area=opening.area,
        org=opening.org,
        org_path=org_path,
        org_paths=[org_path],
        channel=report.channel,
        plan=opening.plan,
        units_needed=opening.units_needed,
        similar=list(opening.similar),
        dispatch_due_at=now,
        received_at=report.received_at,
        answered_at=report.answered_at,
        located_at=now,
        opened_at=now,
    )
    opened = entry(
        site, "incident.opened", "incident", id_, actor, id_,
        number=number, category=opening.category, level=str(opening.level), area=opening.area, org=opening.org,
        report=str(report.id), channel=report.channel, received_at=report.received_at,
    )  # fmt: skip
    await _link(site, connection, report, id_, actor, opened)
    return id_


def _summary(words: str) -> str:
    line = " ".join(words.split())
    return line if len(line) <= SUMMARY_LENGTH else line[: SUMMARY_LENGTH - 1] + "…"


async def _link(
    site: Site, connection: AsyncConnection, report: ReportRow, incident: UUID, actor: str, *before: NewEntry,
    back_to: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    await store.move_report(
        connection, site.region, report.id, ReportState.LINKED,
        incident_id=incident, needs_person=None, steps_due_at=None, before_link=back_to,
    )  # fmt: skip
    await append(connection, [*before, entry(site, "report.linked", "report", report.id, actor, incident)])


async def link_report(
    site: Site, connection: AsyncConnection, report: ReportRow, incident_id: UUID, actor: str = SYSTEM
) -> IncidentRow:
    """Add a report to an incident that is still open, active or resolved; one that nobody has answered is answered."""
    incident = await store.get_incident(connection, site.region, incident_id, lock=True)
    if incident.state not in ("open", "active", "resolved"):
        raise Conflict("incident_ended", state=incident.state)
    back_to = {name: getattr(report, name) for name in _BEFORE_LINK}
    if report.state == ReportState.RECEIVED:
        await answer_report(site, connection, report.id, actor)
    await _link(site, connection, report, incident_id, actor, back_to=back_to)
    return await store.change_incident(connection, site.region, incident_id, reports_count=incident.reports_count + 1)


async def unlink_report(site: Site, report_id: UUID, actor: str, reason: str) -> ReportRow:
    """Undo a link: the report is where it was before, with its clocks, and the incident counts one report less.

    Raises Conflict("report_opened_incident") for the report that the incident was opened with.
    """
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, report_id, lock=True)
        if report.state != ReportState.LINKED:
            raise illegal(report.state, ReportState.ANSWERED)
        if report.before_link is None:
            raise Conflict("report_opened_incident")
        incident = await store.get_incident(connection, site.region, report.incident_id, lock=True)
        before: dict[str, Any] = {
            name: datetime.fromisoformat(value) if name.endswith("_at") and value else value
            for name, value in report.before_link.items()
        }
        row = await store.move_report(
            connection, site.region, report_id, ReportState(before.pop("state")), only={ReportState.LINKED},
            incident_id=None, before_link=None, came_through=[], apart_from=[*report.apart_from, incident.id], **before,
        )  # fmt: skip
        await store.change_incident(connection, site.region, incident.id, reports_count=incident.reports_count - 1)
        await record(
            site, connection, "report.unlinked", "report", report_id, actor, incident.id,
            reason=reason, state=row.state, received_at=row.received_at,
        )  # fmt: skip
        return row


async def answer_report(
    site: Site, connection: AsyncConnection, report_id: UUID, actor: str, **changes: Any
) -> ReportRow:
    """The first human or automatic reply was given."""
    row = await store.move_report(
        connection, site.region, report_id, ReportState.ANSWERED, only={ReportState.RECEIVED},
        answered_at=site.clock.now(), **changes,
    )  # fmt: skip
    await record(site, connection, "report.answered", "report", report_id, actor, channel=row.channel)
    return row


async def describe_report(
    site: Site,
    connection: AsyncConnection,
    report_id: UUID,
    actor: str,
    words: str,
    point: Point | None,
    by_person: dict[str, Any],
) -> ReportRow:
    """A call-taker wrote down what is said: the steps of intake are taken (again) with it."""
    report = await store.get_report(connection, site.region, report_id, lock=True)
    if report.state not in (ReportState.RECEIVED, ReportState.ANSWERED):
        raise Conflict("report_settled", state=report.state)
    if report.state == ReportState.RECEIVED:
        await answer_report(site, connection, report_id, actor)
    place = {"lat": point.lat, "lon": point.lon, "accuracy_m": 10.0} if point else {}
    row = await store.change_report(
        connection, site.region, report_id,
        words=words, needs_person=None, steps_due_at=site.clock.now(), steps_tries=0, **place, **by_person,
    )  # fmt: skip
    await record(site, connection, "report.described", "report", report_id, actor)
    return row


async def settle_report(
    site: Site, connection: AsyncConnection, report_id: UUID, actor: str, state: ReportState, reason: str
) -> ReportRow:
    """A person ends a report that is no incident: an enquiry answered, unfounded. (Diverted: intake/actions.py.)"""
    if state not in (ReportState.ENQUIRY, ReportState.UNFOUNDED):
        raise Invalid("not_a_settlement", state=str(state))
    report = await store.get_report(connection, site.region, report_id, lock=True)
    if report.state == ReportState.RECEIVED:
        await answer_report(site, connection, report_id, actor)
    return await settle(site, connection, report_id, actor, state, reason)


async def settle(
    site: Site, connection: AsyncConnection, report_id: UUID, actor: str, state: ReportState, reason: str
) -> ReportRow:
    """End an answered report that is no incident, as part of a larger action."""
    row = await store.move_report(connection, site.region, report_id, state, needs_person=None, steps_due_at=None)
    await record(site, connection, f"report.{state}", "report", report_id, actor, reason=reason)
    return row


async def take_back_report(
    site: Site, connection: AsyncConnection, report_id: UUID, actor: str, reason: Reason
) -> ReportRow:
    """The other service refused: a call-taker gets the report with the reason. Its times, so its clocks, go on."""
    row = await store.move_report(
        connection, site.region, report_id, ReportState.ANSWERED, only={ReportState.DIVERTED},
        needs_person=reason.as_json(), reply="reply.received",
    )  # fmt: skip
    await record(site, connection, "report.taken_back", "report", report_id, actor, channel=row.channel)
    return row


async def hand_to_person(
    site: Site, connection: AsyncConnection, report: ReportRow, reason: Reason, **changes: Any
) -> None:
    """The steps can't go on by themselves: a call-taker gets the report with the reason."""
    await store.change_report(
        connection, site.region, report.id, needs_person=reason.as_json(), steps_due_at=None, **changes
    )
    await record(
        site, connection, "report.handed_to_person", "report", report.id, SYSTEM,
        reason=reason.as_json(), channel=Channel(report.channel),
    )  # fmt: skip


async def close_incident(site: Site, incident_id: UUID, actor: str, call_back: str, notes: str) -> IncidentRow:
    """Close a resolved incident after the call-back, or without one when it is not wanted.

    A dissatisfied reporter opens it again in the same breath.
    """
    now = site.clock.now()
    async with site.db.transaction() as connection:
        row = await store.move_incident(
            connection,
            site.region,
            incident_id,
            IncidentState.CLOSED,
            closed_at=now,
            call_back=call_back,
            call_back_notes=notes or None,
        )
        await record(
            site, connection, "incident.closed", "incident", incident_id, actor, incident_id,
            call_back=call_back,
        )  # fmt: skip
        if call_back == "dissatisfied":
            row = await _reopen(site, connection, incident_id, actor, "dissatisfied")
        return row


async def _reopen(site: Site, connection: AsyncConnection, incident_id: UUID, actor: str, reason: str) -> IncidentRow:
    now = site.clock.now()
    row = await store.move_incident(
        connection, site.region, incident_id, IncidentState.OPEN, only={IncidentState.CLOSED},
        reopened_at=now, dispatch_due_at=now, resolved_at=None, closed_at=None, outcome=None, outcome_notes=None,
    )  # fmt: skip
    await record(site, connection, "incident.reopened", "incident", incident_id, actor, incident_id, reason=reason)
    return row


async def reopen_incident(site: Site, incident_id: UUID, actor: str, reason: str) -> IncidentRow:
    """Open a closed incident again: what is still to be done has new clocks."""
    async with site.db.transaction() as connection:
        return await _reopen(site, connection, incident_id, actor, reason)


async def take_back_incident(
    site: Site, connection: AsyncConnection, incident_id: UUID, actor: str, reason: str
) -> IncidentRow:
    """The other service refused: the incident is offered again, and its clocks go on as if it had never left."""
    now = site.clock.now()
    row = await store.move_incident(
        connection, site.region, incident_id, IncidentState.OPEN, only={IncidentState.DIVERTED},
        taken_back_at=now, dispatch_due_at=now, outcome=None, outcome_notes=None,
    )  # fmt: skip
    await record(site, connection, "incident.taken_back", "incident", incident_id, actor, incident_id, reason=reason)
    return row
