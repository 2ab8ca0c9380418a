"""How a report comes to the desk, and what becomes of it when more is said."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.diversion.antifraud import store
from jieying.diversion.antifraud.actions import new_draft, tell
from jieying.diversion.antifraud.fields import Fields, as_json, faults, from_json, read_fields
from jieying.diversion.antifraud.model import CaseState, MadeBy, StopState
from jieying.diversion.antifraud.rules import is_for_desk, is_fraud
from jieying.incidents import store as incidents
from jieying.incidents.store import ReportRow
from jieying.journal.actions import SYSTEM, Site
from jieying.journal.model import Entry
from jieying.kit.ids import new_id
from jieying.triage.same_event import RESEND_WINDOW, Facts, is_resend

HEEDS = frozenset({"incident.opened", "incident.amended"})


async def bring_to_desk(
    site: Site, connection: AsyncConnection, report: ReportRow, category: str | None, chance: float, actor: str = SYSTEM
) -> None:
    """Part of the action that understood the report: if it is fraud, it is at the desk with that commit.

    Understood again (the call-taker wrote down more), what no person has looked at is read anew.
    """
    if not is_for_desk(site.pack, report.channel, category, chance):
        return
    known = await store.case_of_report(connection, site.region, report.id)
    if known is not None:
        await _read_again(site, connection, known.id, report)
    elif not await _is_resent(site, connection, report):
        await _open(site, connection, report, actor)


async def _open(site: Site, connection: AsyncConnection, report: ReportRow, actor: str) -> None:
    now = site.clock.now()
    id_ = new_id(now)
    fields, made_by, acting_as = _read(site, report)
    opened = await store.add_case(
        connection, region=site.region, id=id_, report_id=report.id, state=str(CaseState.OPEN), made_by=str(made_by),
        acting_as=acting_as, opened_at=now,
    )  # fmt: skip
    if not opened:  # somebody else's transaction was first
        return
    await new_draft(site, connection, id_, fields)
    missing = [fault.field for fault in faults(fields, made_by, acting_as, now) if fault.code == "missing"]
    await tell(site, connection, id_, "fraud.opened", actor, report=str(report.id), missing=missing)


def _read(site: Site, report: ReportRow) -> tuple[Fields, MadeBy, str]:
    return read_fields(
        report.words, report.reporter_name, report.reporter_contact, report.received_at, site.pack.timezone
    )


async def _read_again(site: Site, connection: AsyncConnection, case_id: UUID, report: ReportRow) -> None:
    case = await store.get_case(connection, site.region, case_id, lock=True)
    fresh, _, _ = _read(site, report)
    # What was added by hand for a further account is the desk's own.
    row = (await store.stops_of(connection, site.region, [case.id]))[0]
    before = from_json(row.fields)
    taken = {name for name, field in before.items() if field.checked or field.source == "person"}
    after = {name: field for name, field in before.items() if name in taken or name in fresh}
    after |= {name: field for name, field in fresh.items() if name not in taken}
    if row.state == StopState.DRAFT and after != before:
        await store.change_stop(connection, row, fields=as_json(after))
        await tell(site, connection, case_id, "fraud.read_again", SYSTEM, stop=str(row.id))


async def _is_resent(site: Site, connection: AsyncConnection, report: ReportRow) -> bool:
    """Whether the desk has this very message of this reporter already: one victim, one case."""
    cases = await store.cases_since(connection, site.region, report.received_at - RESEND_WINDOW)
    earlier = await incidents.reports_by_ids(connection, site.region, [case.report_id for case in cases])
    return any(is_resend(_facts(report), _facts(other)) for other in earlier)


def _facts(row: ReportRow) -> Facts:
    return Facts("", row.received_at, None, None, row.words, row.reporter_contact, row.channel)


async def follow(site: Site, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Subscriber of the journal: what a person opens as fraud, or amends to it, goes to the desk too."""
    for one in entries:
        if one.incident is None or not is_fraud(site.pack, one.data.get("category")):
            continue
        for report in await incidents.reports_of(connection, site.region, one.incident):
            if await store.case_of_report(connection, site.region, report.id) is None:
                await bring_to_desk(site, connection, report, one.data["category"], 0.0, one.actor)
