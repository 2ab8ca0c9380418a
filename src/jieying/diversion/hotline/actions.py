"""What happens to a request that is handed to the hotline: the only writers.

1. divert        the report or incident is diverted, and its row is there, in one transaction
2. hand_on       the loop: claim one that is due, speak with the hotline outside of any transaction, note what it said
3. mark          a person does it by hand, says what the hotline said on the telephone, or has it sent again

A row that is claimed is busy for longer than a message can take. Whoever dies meanwhile leaves it due, and the next
try looks first whether the hotline has the request already.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.dispatch import actions as dispatch
from jieying.diversion.hotline import rules, store
from jieying.diversion.hotline.client import TIMEOUT_S, Away, Hotline, Wrong
from jieying.diversion.hotline.model import OPEN, HotlineState, Request, Told
from jieying.diversion.hotline.store import DiversionRow
from jieying.incidents import actions as incidents
from jieying.incidents import store as incidents_store
from jieying.incidents.model import IncidentState
from jieying.journal.actions import SYSTEM, Site, record
from jieying.kit.errors import Conflict
from jieying.kit.geo import Point
from jieying.kit.ids import new_id
from jieying.kit.reasons import Reason

BUSY_S = 3 * TIMEOUT_S  # a look and a sending, each at its longest, and something over
CLOCKS_APART = timedelta(hours=1)  # how far their clock may be from ours
SERVICE = "hotline_12345"
_BY_WIRE = (HotlineState.TO_SEND, HotlineState.SENT, HotlineState.TAKEN)


def states_due(connected: bool) -> tuple[HotlineState, ...]:
    """What the loop looks after: without a connection only that what is to be sent goes to a person."""
    return _BY_WIRE if connected else (HotlineState.TO_SEND,)


@dataclass(frozen=True)
class Where:
    """Where the hotline shall look: a place in words, a point, or both; the city when nothing is known."""

    address: str
    point: Point | None


async def divert_report(
    site: Site,
    connection: AsyncConnection,
    report_id: UUID,
    category: str | None,
    where: Where,
    actor: str,
    reason: str,
) -> UUID:
    """The row of a report that is being diverted to the hotline; part of a larger action."""
    return await _add(site, connection, category, where, actor, reason, report_id=report_id)


async def divert_incident(site: Site, incident_id: UUID, actor: str, to: str, reason: str) -> None:
    """Divert an incident to another service; to the hotline by wire, to others as it is done by hand."""
    async with site.db.transaction() as connection:
        row = await dispatch.leave(
            site, connection, incident_id, actor, IncidentState.DIVERTED, f"{to}: {reason}"
        )  # fmt: skip
        if to == SERVICE:
            where = Where(row.place, Point(row.lat, row.lon))
            await _add(site, connection, row.category, where, actor, reason, incident_id=incident_id)


async def _add(
    site: Site,
    connection: AsyncConnection,
    category: str | None,
    where: Where,
    actor: str,
    reason: str,
    **subject: UUID,
) -> UUID:
    now = site.clock.now()
    id_ = new_id(now)
    await store.add(
        connection, region=site.region, id=id_, state=str(HotlineState.TO_SEND),
        service_code=rules.service_code(site.pack.hotline, site.pack.categories, category),
        address=where.address or site.pack.name.zh, lat=where.point.lat if where.point else None,
        lon=where.point.lon if where.point else None, diverted_by=actor, reason=reason, diverted_at=now, due_at=now,
        **subject,
    )  # fmt: skip
    return id_


# --- by wire ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Claimed:
    """A diversion that is ours to speak of with the hotline, as it stood, and what the hotline is told of it."""

    row: DiversionRow
    request: Request


async def hand_on(site: Site, hotline: Hotline | None) -> bool:
    """Send the request that is due first, or ask about it; False when none is due."""
    if hotline is None:
        return await _give_to_person(site)
    claimed = await claim(site)
    if claimed is None:
        return False
    try:
        told = await talk(site, hotline, claimed)
    except Wrong as wrong:
        await turned_down(site, claimed.row.id, str(wrong))
    except Away as away:
        await failed(site, claimed.row.id, str(away))
    else:
        await heard(site, claimed.row.id, told)
    return True


async def _give_to_person(site: Site) -> bool:
    """There is no connection: a person hands it over."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        row = await store.claim_due(connection, site.region, now, states_due(False))
        if row is not None:
            await store.move(connection, site.region, row.id, HotlineState.BY_HAND, due_at=None)
            await _record(site, connection, row, "hotline.by_hand", SYSTEM)
        return row is not None


async def claim(site: Site) -> Claimed | None:
    """One that is due, busy from now on; None when there is none."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        row = await store.claim_due(connection, site.region, now, states_due(True))
        if row is None:
            return None
        until = now + _real(site, BUSY_S)
        tried = {"first_tried_at": row.first_tried_at or now} if row.state == HotlineState.TO_SEND else {}
        await store.change(connection, row, due_at=until, busy_until=until, **tried)
        return Claimed(row, await _request(site, connection, row))


def _real(site: Site, seconds: float) -> timedelta:
    """What the network takes doesn't become less where the clock runs faster."""
    return timedelta(seconds=seconds * max(1.0, site.clock.speed))


async def _request(site: Site, connection: AsyncConnection, row: DiversionRow) -> Request:
    if row.report_id:
        reports = [await incidents_store.get_report(connection, site.region, row.report_id)]
    else:
        reports = await incidents_store.reports_of(connection, site.region, row.incident_id)
    words = "\n".join(report.words for report in reports)
    first = next((report for report in reports if report.reporter_contact), reports[0] if reports else None)
    return Request(
        str(row.id), row.service_code, rules.description(words, str(row.id)), row.address,
        None if row.lat is None else Point(row.lat, row.lon),
        first.reporter_name if first else "", first.reporter_contact if first else "",
    )  # fmt: skip


async def talk(site: Site, hotline: Hotline, claimed: Claimed) -> Told:
    """Speak with the hotline; nothing of ours changes. Raises Wrong, Away."""
    row, request = claimed.row, claimed.request
    if row.state != HotlineState.TO_SEND:
        return await hotline.look(row.their_id, row.their_token)
    if row.first_tried_at is not None:  # it may have arrived
        since, until = row.first_tried_at - CLOCKS_APART, site.clock.now() + CLOCKS_APART
        found = await hotline.find(request, since, until)
        if found is not None:
            return found
    return await hotline.hand_in(request)


async def heard(site: Site, id: UUID, told: Told) -> None:
    """Note what the hotline said. Late and repeated messages change nothing."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        row = await store.get(connection, site.region, id, lock=True)
        if row.state not in OPEN:
            return
        target = rules.step_to(HotlineState(row.state), told.status)
        sent_at = row.sent_at or now
        # Somebody may have said meanwhile that there is news: then it stays due.
        due = row.due_at
        if row.busy_until is None or due is None or due >= row.busy_until:
            due = now + timedelta(seconds=rules.ask_after_s((now - sent_at).total_seconds()))
        known: dict[str, Any] = {
            "their_id": told.id or row.their_id, "their_token": told.token or row.their_token,
            "their_status": told.status or row.their_status, "their_notes": told.notes or row.their_notes,
            "sent_at": sent_at, "failures": 0, "busy_until": None, "due_at": due,
        }  # fmt: skip
        if target is None:
            row = await store.change(connection, row, **known)
            late = row.state == HotlineState.SENT and now - sent_at > rules.TAKE_WITHIN
            await _need(site, connection, row, Reason("hotline_not_taken") if late else None)
        else:
            await _step(site, connection, row, target, SYSTEM, told.notes, **known)


async def failed(site: Site, id: UUID, why: str) -> None:
    """They were not heard: it is tried again, less and less often; after some tries a person is told."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        row = await store.get(connection, site.region, id, lock=True)
        if row.state not in _BY_WIRE:
            return
        failures = row.failures + 1
        again = now + _real(site, rules.again_after_s(failures))
        row = await store.change(connection, row, failures=failures, busy_until=None, due_at=again)
        if failures >= rules.TELL_AFTER:
            code = "hotline_away" if row.state == HotlineState.TO_SEND else "hotline_silent"
            await _need(site, connection, row, Reason(code, {"why": why}))


async def turned_down(site: Site, id: UUID, why: str) -> None:
    """They don't take the request as it is: a person hands it over, or has it put right and sent again."""
    async with site.db.transaction() as connection:
        row = await store.get(connection, site.region, id, lock=True)
        if row.state != HotlineState.TO_SEND:
            return
        row = await store.move(connection, site.region, id, HotlineState.BY_HAND, due_at=None, busy_until=None)
        await _need(site, connection, row, Reason("hotline_turned_down", {"why": why}))


async def hurry(site: Site, their_ids: list[str]) -> list[str]:
    """They say that there is news of these: they are asked at once. Returns those that are known."""
    async with site.db.transaction() as connection:
        return await store.hurry(connection, site.region, their_ids, site.clock.now())


# --- by hand ---------------------------------------------------------------------------------------------


async def mark(site: Site, id: UUID, target: HotlineState, actor: str, reason: str = "") -> DiversionRow:
    """A person says what the hotline said, takes the sending upon himself, or has it sent (again).

    Raises NotFound, Conflict; Conflict("hotline_busy") while a message is under way.
    """
    async with site.db.transaction() as connection:
        row = await store.get(connection, site.region, id, lock=True)
        return await _mark(site, connection, row, target, actor, reason)


async def _mark(
    site: Site, connection: AsyncConnection, row: DiversionRow, target: HotlineState, actor: str, reason: str
) -> DiversionRow:
    now = site.clock.now()
    if row.busy_until is not None and row.busy_until > now:
        raise Conflict("hotline_busy")
    due: datetime | None = row.due_at if row.their_id or row.their_token else None
    if target is HotlineState.TO_SEND:
        due = now
    return await _step(site, connection, row, target, actor, reason, due_at=due, failures=0)


async def take_back(site: Site, incident_id: UUID, actor: str, reason: str) -> None:
    """The other service does not take a diverted incident: it is ours again. Raises NotFound, Conflict."""
    async with site.db.transaction() as connection:
        row = await store.find_open_of(connection, site.region, incident_id)
        if row is not None:
            await _mark(site, connection, row, HotlineState.REFUSED, actor, reason)
        else:
            await incidents.take_back_incident(site, connection, incident_id, actor, reason)


# --- both ------------------------------------------------------------------------------------------------


async def _step(
    site: Site,
    connection: AsyncConnection,
    row: DiversionRow,
    target: HotlineState,
    actor: str,
    reason: str,
    **changes: Any,
) -> DiversionRow:
    """The guarded transition, what comes with it, and its entry in the journal."""
    now = site.clock.now()
    if target is HotlineState.TAKEN:
        changes["taken_at"] = now
    if target in (HotlineState.DONE, HotlineState.REFUSED):
        changes |= {"ended_at": now, "due_at": None}
    if target is HotlineState.REFUSED and reason:
        changes["their_notes"] = reason
    moved = await store.move(connection, site.region, row.id, target, needs_person=None, **changes)
    await _record(site, connection, moved, f"hotline.{target}", actor)
    if target is HotlineState.REFUSED and moved.report_id:
        why = Reason("hotline_refused", {"why": reason or "-"})
        await incidents.take_back_report(site, connection, moved.report_id, actor, why)
    elif target is HotlineState.REFUSED:
        await incidents.take_back_incident(site, connection, moved.incident_id, actor, reason)
    elif row.needs_person and moved.report_id:
        await incidents_store.change_report(connection, site.region, moved.report_id, needs_person=None)
    return moved


async def _need(site: Site, connection: AsyncConnection, row: DiversionRow, reason: Reason | None) -> None:
    """A person has to look, or no longer: a report stands in the call-takers' list meanwhile."""
    wanted = reason.as_json() if reason else None
    if row.needs_person == wanted:
        return
    await store.change(connection, row, needs_person=wanted)
    if row.report_id:
        await incidents_store.change_report(connection, site.region, row.report_id, needs_person=wanted)
    if row.needs_person is None or reason is None:
        await _record(site, connection, row, "hotline.stuck" if reason else "hotline.unstuck", SYSTEM)


async def _record(
    site: Site, connection: AsyncConnection, row: DiversionRow, kind: str, actor: str, **data: Any
) -> None:
    if row.report_id:
        await record(site, connection, kind, "report", row.report_id, actor, diversion=str(row.id), **data)
    else:
        await record(
            site, connection, kind, "incident", row.incident_id, actor, row.incident_id, diversion=str(row.id), **data
        )
