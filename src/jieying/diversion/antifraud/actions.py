"""What happens to fraud cases and their stop-payment requests: the only writers, with batches.py.

Everybody locks in the same order: case, requests, journal. No value of a field ever goes into the journal.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.diversion.antifraud import store
from jieying.diversion.antifraud.fields import Fields, as_json, corrected, faults, from_json
from jieying.diversion.antifraud.model import (
    LASTS,
    RUNNING,
    TIMES_MOST,
    CaseState,
    CloseReason,
    MadeBy,
    StopState,
    refuse_move,
)
from jieying.diversion.antifraud.rules import PATIENCE, counts, due_at, number_for
from jieying.diversion.antifraud.scope import place_of
from jieying.journal.actions import SYSTEM, Site, record
from jieying.kit.errors import Conflict, Invalid
from jieying.kit.ids import new_id

RING_MOST = 50
# What a further transfer of the same victim has in common with the first.
_SAME_VICTIM = ("victim", "contact", "account")


async def tell(
    site: Site,
    connection: AsyncConnection,
    case_id: UUID,
    kind: str,
    actor: str,
    *,
    on_incident: bool = True,
    **data: Any,
) -> None:
    """The journal's entry on a case, and on the timeline of its incident where that should know."""
    place = await place_of(site, connection, await store.get_case(connection, site.region, case_id))
    incident = place.incident if on_incident else None
    await record(site, connection, kind, "fraud", case_id, actor, incident, org=place.org, **data)


async def new_draft(site: Site, connection: AsyncConnection, case_id: UUID, fields: Fields) -> Row[Any]:
    now = site.clock.now()
    return await store.add_stop(
        connection, region=site.region, id=new_id(now), case_id=case_id, state=str(StopState.DRAFT),
        fields=as_json(fields), due_at=due_at(StopState.DRAFT, now),
    )  # fmt: skip


async def look_up(site: Site, case_id: UUID, actor: str) -> None:
    """Somebody opens a case and sees it in full; its reason is the case itself."""
    async with site.db.transaction() as connection:
        await tell(site, connection, case_id, "fraud.looked_up", actor, on_incident=False)


async def set_reporter(site: Site, case_id: UUID, made_by: MadeBy, acting_as: str, actor: str) -> None:
    """Note whether the victim reports or somebody for the victim, and as what. Raises NotFound, Conflict."""
    async with site.db.transaction() as connection:
        await store.move_case(
            connection, site.region, case_id, CaseState.OPEN, made_by=str(made_by), acting_as=acting_as.strip()
        )
        await tell(site, connection, case_id, "fraud.reporter", actor, on_incident=False, made_by=str(made_by))


async def add_draft(site: Site, case_id: UUID, actor: str) -> Row[Any]:
    """A request for a further account of the same victim. Raises NotFound, Conflict."""
    async with site.db.transaction() as connection:
        await _open_case(site, connection, case_id)
        first = (await store.stops_of(connection, site.region, [case_id]))[0]
        same = {name: field for name, field in from_json(first.fields).items() if name in _SAME_VICTIM}
        row = await new_draft(site, connection, case_id, same)
        await tell(site, connection, case_id, "fraud.added", actor, on_incident=False, stop=str(row.id))
        return row


async def _open_case(site: Site, connection: AsyncConnection, case_id: UUID) -> Row[Any]:
    """The case, locked; raises Conflict when it is closed."""
    case = await store.get_case(connection, site.region, case_id, lock=True)
    if case.state != CaseState.OPEN:
        raise Conflict("fraud_case_is", stop_case=case.state)
    return case


async def _locked(site: Site, connection: AsyncConnection, id: UUID) -> tuple[Row[Any], Row[Any]]:
    """(case, request), both locked, the case open."""
    case = await _open_case(site, connection, (await store.get_stop(connection, site.region, id)).case_id)
    return case, await store.get_stop(connection, site.region, id, lock=True)


async def correct_fields(site: Site, id: UUID, given: Mapping[str, str], version: int, actor: str) -> Row[Any]:
    """A person has looked at these fields and says what they are; nothing is refused for being wrong yet.

    Raises NotFound, Conflict when it is no draft any more or somebody else has changed it.
    """
    async with site.db.transaction() as connection:
        case, row = await _locked(site, connection, id)
        if row.state != StopState.DRAFT:
            raise Conflict("stop_no_draft", stop_now=row.state)
        fields, changed = corrected(from_json(row.fields), given)
        after = await store.change_stop(connection, row, version, fields=as_json(fields))
        await tell(
            site, connection, case.id, "fraud.fields", actor, on_incident=False, stop=str(id), fields=changed,
            checked=sorted(given.keys() & fields.keys() - set(changed)),
        )  # fmt: skip
        return after


async def request(site: Site, id: UUID, version: int, actor: str) -> Row[Any]:
    """Ask for the payment to be stopped. Raises Invalid naming every missing or wrong field, NotFound, Conflict."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        case, row = await _locked(site, connection, id)
        if row.state != StopState.DRAFT:
            raise refuse_move(row.state, StopState.REQUESTED)
        if row.version != version:
            raise Conflict("stop_changed_meanwhile", version=row.version)
        fields = from_json(row.fields)
        found = faults(fields, case.made_by, case.acting_as, now)
        if found:
            raise Invalid(
                "stop_faults", stop_fields=list(dict.fromkeys(fault.field for fault in found)),
                faults=[{"field": fault.field, "code": fault.code} for fault in found],
            )  # fmt: skip
        account = fields["counter_account"].value
        number = await _number(site, connection, case.id, account, id)
        return await _request(site, connection, row, actor, number=number, counter_account=account)


async def _request(site: Site, connection: AsyncConnection, row: Row[Any], actor: str, **values: Any) -> Row[Any]:
    now = site.clock.now()
    after = await store.move_stop(
        connection, site.region, row.id, StopState.REQUESTED, requested_at=now, requested_by=actor,
        due_at=due_at(StopState.REQUESTED, now), answer=None, answer_at=None, refusal=None, **values,
    )  # fmt: skip
    await tell(site, connection, row.case_id, "fraud.requested", actor, stop=str(row.id), number=after.number)
    return after


async def _number(site: Site, connection: AsyncConnection, case_id: UUID, account: str, without: UUID | None) -> int:
    """Which time this is for the account; raises Conflict telling what runs already, or that it was twice."""
    rows = await store.stops_of(connection, site.region, [case_id])
    earlier = {
        row.number: row for row in rows if row.id != without and row.counter_account == account and counts(row.state)
    }
    number = number_for({number: row.state for number, row in earlier.items()})
    if number is None and TIMES_MOST in earlier:
        raise Conflict("stop_twice", most=TIMES_MOST)
    if number is None:
        raise Conflict("stop_already", stop_now=earlier[1].state, by=earlier[1].requested_by)
    return number


async def renew(site: Site, id: UUID, actor: str) -> Row[Any]:
    """Ask for the second and last time. Raises NotFound, Conflict when it was twice or none is or was in force."""
    async with site.db.transaction() as connection:
        _, row = await _locked(site, connection, id)
        if row.number == TIMES_MOST:
            raise Conflict("stop_twice", most=TIMES_MOST)
        await store.move_stop(connection, site.region, id, StopState.RENEWED, due_at=None)
        number = await _number(site, connection, row.case_id, row.counter_account, without=None)
        second = await new_draft(site, connection, row.case_id, from_json(row.fields))
        return await _request(site, connection, second, actor, number=number, counter_account=row.counter_account)


async def take_back(site: Site, id: UUID, actor: str) -> Row[Any]:
    """A request that is not sent yet, or was refused, becomes a draft again, to be corrected."""
    return await _step(site, id, StopState.DRAFT, "fraud.taken_back", actor, counter_account=None, requested_at=None)


async def withdraw(site: Site, id: UUID, actor: str) -> Row[Any]:
    """What is sent cannot be withdrawn: the other side answers. Raises NotFound, Conflict."""
    return await _step(site, id, StopState.WITHDRAWN, "fraud.withdrawn", actor)


async def _step(site: Site, id: UUID, target: StopState, kind: str, actor: str, **changes: Any) -> Row[Any]:
    async with site.db.transaction() as connection:
        case, _ = await _locked(site, connection, id)
        due = due_at(target, site.clock.now())
        row = await store.move_stop(connection, site.region, id, target, due_at=due, **changes)
        await tell(site, connection, case.id, kind, actor, stop=str(id))
        return row


async def close(site: Site, case_id: UUID, reason: CloseReason, actor: str) -> None:
    """Raises NotFound, Conflict as long as a request runs; drafts are withdrawn with it."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        await _open_case(site, connection, case_id)
        for row in await store.stops_of(connection, site.region, [case_id]):
            if row.state in RUNNING:
                raise Conflict("fraud_stop_runs", stop_now=row.state)
            if row.state == StopState.DRAFT:
                await store.move_stop(connection, site.region, row.id, StopState.WITHDRAWN, due_at=None)
        await store.move_case(
            connection, site.region, case_id, CaseState.OPEN,
            state=str(CaseState.CLOSED), closed_at=now, close_reason=str(reason),
        )  # fmt: skip
        await tell(site, connection, case_id, "fraud.closed", actor, close_reason=str(reason))


async def reopen(site: Site, case_id: UUID, actor: str) -> None:
    """Raises NotFound, Conflict when it is not closed."""
    async with site.db.transaction() as connection:
        await store.move_case(
            connection, site.region, case_id, CaseState.CLOSED,
            state=str(CaseState.OPEN), closed_at=None, close_reason=None,
        )  # fmt: skip
        await tell(site, connection, case_id, "fraud.reopened", actor)


async def ring_due(site: Site) -> bool:
    """Say that nothing has happened, that a stop is about to end, or that it has ended: then it lapses.

    Who is told, supervise/notices.py says. False when nothing is due.
    """
    now = site.clock.now()
    async with site.db.transaction() as connection:
        rows = await store.claim_due(connection, site.region, now, RING_MOST)
        for row in rows:
            if row.state == StopState.STOPPED and now >= row.answer_at + LASTS:
                await store.move_stop(connection, site.region, row.id, StopState.LAPSED, due_at=None)
                await tell(site, connection, row.case_id, "fraud.lapsed", SYSTEM, stop=str(row.id), number=row.number)
            elif row.state == StopState.STOPPED:
                await store.set_due(connection, row, row.answer_at + LASTS, 0)
                await tell(
                    site, connection, row.case_id, "fraud.expiring", SYSTEM, stop=str(row.id), number=row.number,
                    ends_at=row.answer_at + LASTS,
                )  # fmt: skip
            else:
                again = row.rung + 1 < len(site.pack.targets.ladder)
                due = now + PATIENCE[StopState(row.state)] if again else None
                await store.set_due(connection, row, due, row.rung + 1)
                await tell(
                    site, connection, row.case_id, "fraud.waiting", SYSTEM, stop=str(row.id), stop_state=row.state,
                    rung=row.rung,
                )  # fmt: skip
        return bool(rows)
