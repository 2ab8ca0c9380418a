"""Offers and assignments: the only writers of what binds a unit to an incident.

Everybody locks in one order: incident, assignment, unit, journal.
"""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level
from jieying.dispatch.decide import Decider
from jieying.dispatch.rules import CallFacts, Candidate, choose, plan_for, skills_needed
from jieying.incidents import store
from jieying.incidents.model import AssignmentState, IncidentState, illegal
from jieying.incidents.store import AssignmentRow, IncidentRow
from jieying.journal.actions import SYSTEM, Site, record
from jieying.journal.store import gathering
from jieying.kit.errors import Conflict, Invalid, NotFound
from jieying.kit.geo import Point, cell_of
from jieying.kit.ids import new_id
from jieying.kit.reasons import Reason
from jieying.places.areas import OUTSIDE_M, AreaIndex
from jieying.units import store as units
from jieying.units.model import UnitStatus

# Who declined, did not react or was released is asked again for the same incident only after this time.
ASK_AGAIN = timedelta(minutes=3)
# A unit that becomes free wakes this many waiting incidents: the most urgent may be out of its reach or skills.
WAKE = 3


def call_facts(decider: Decider, incident: IncidentRow) -> CallFacts:
    """What the ranking knows of an incident's row."""
    level = Level(incident.level)
    plan = plan_for(decider.pack, incident.category, level)
    return CallFacts(
        Point(incident.lat, incident.lon),
        level,
        incident.org_path,
        skills_needed(decider.pack.categories.get(incident.category), plan),
    )


async def ranked(site: Site, decider: Decider, connection: AsyncConnection, incident: IncidentRow) -> list[Candidate]:
    """All candidates for an incident now, best first."""
    now = site.clock.now()
    plan = plan_for(site.pack, incident.category, Level(incident.level))
    rows = await units.candidates(connection, site.region, plan.preempt)
    facts = [fact for row in rows if (fact := decider.unit_facts(row, now))]
    return decider.rank(call_facts(decider, incident), plan, facts, now)


async def offer_next(site: Site, decider: Decider) -> bool:
    """Decide the most urgent incident whose offer is due; False when none is."""
    async with site.db.transaction() as connection, gathering(connection):
        incident = await store.claim_due_incident(connection, site.region, site.clock.now())
        if incident is None:
            return False
        await _decide(site, decider, connection, incident)
        return True


async def _decide(site: Site, decider: Decider, connection: AsyncConnection, incident: IncidentRow) -> None:
    now = site.clock.now()
    first = incident.offered_at is None
    given = [] if first else await store.assignments_of(connection, site.region, [incident.id])
    missing = 0 if incident.outcome else incident.units_needed - _serving(incident, given)
    if incident.state not in ("open", "active") or missing <= 0:
        await _decided(site, connection, incident, None, None)
        return
    tried = {
        a.unit for a in given
        if a.state in store.LIVE_VALUES
        or (a.state in ("declined", "expired", "released") and a.ended_at > now - ASK_AGAIN)
    }  # fmt: skip
    candidates = await ranked(site, decider, connection, incident)
    # Units are locked in the order of their codes: two decisions about the same units can't block each other.
    for candidate in sorted(choose(candidates, missing, tried), key=lambda chosen: chosen.unit):
        if await _offer(site, connection, incident, candidate, SYSTEM):
            missing -= 1
    reason = None
    if missing > 0:
        reason = Reason("no_unit_free" if not candidates else "all_units_asked", {"missing": missing})
    # Those who declined may be asked again later; a unit that becomes free wakes it sooner (wake_waiting).
    await _decided(site, connection, incident, now + ASK_AGAIN if missing > 0 and candidates else None, reason)


def _serving(incident: IncidentRow, given: list[AssignmentRow]) -> int:
    """How many units are asked, bound or done since the incident was last opened or came back."""
    since = max(moment for moment in (incident.opened_at, incident.reopened_at, incident.taken_back_at) if moment)
    return sum(a.state in store.LIVE_VALUES or (a.state == "cleared" and a.cleared_at >= since) for a in given)


async def _decided(
    site: Site, connection: AsyncConnection, incident: IncidentRow, due: datetime | None, waiting: Reason | None
) -> None:
    """Note when to decide again and why it waits; the journal tells when that is something new."""
    reason = waiting.as_json() if waiting else None
    if reason == incident.waiting_reason:
        await store.set_dispatch_due(connection, site.region, incident.id, due)
        return
    since = (incident.waiting_since or site.clock.now()) if waiting else None
    await store.change_incident(
        connection, site.region, incident.id, dispatch_due_at=due, waiting_since=since, waiting_reason=reason
    )
    kind = "incident.waiting" if waiting else "incident.waiting_ended"
    await record(site, connection, kind, "incident", incident.id, SYSTEM, incident.id, reason=reason)


async def _offer(
    site: Site, connection: AsyncConnection, incident: IncidentRow, candidate: Candidate, actor: str
) -> bool:
    """Offer the incident to a unit, taking it from a less urgent one first where that is so; False if too late."""
    now = site.clock.now()
    if candidate.preempts and not await _preempt(site, connection, candidate):
        return False
    id_ = new_id(now)
    if not await units.take_offer(connection, site.region, candidate.unit, id_, incident.id, incident.level_rank):
        return False
    expires_at = now + timedelta(seconds=site.pack.dispatch.offer_timeout_s)
    await store.add_assignment(
        connection, region=site.region, id=id_, incident_id=incident.id, unit=candidate.unit,
        state=str(AssignmentState.OFFERED), eta_s=candidate.eta_s, score=candidate.score,
        reasons=[reason.as_json() for reason in candidate.reasons], offered_at=now, expires_at=expires_at,
    )  # fmt: skip
    path = site.pack.orgs[site.pack.units[candidate.unit].org].path
    paths = incident.org_paths if path in incident.org_paths else [*incident.org_paths, path]
    if path not in incident.org_paths:
        incident.org_paths.append(path)  # the row in hand, for the next unit of the same decision
    await store.mark_time(connection, site.region, incident.id, "offered_at", now, org_paths=paths)
    await record(
        site, connection, "assignment.offered", "incident", incident.id, actor, incident.id,
        assignment=str(id_), unit=candidate.unit, eta_s=round(candidate.eta_s, 1), score=round(candidate.score, 4),
        expires_at=expires_at, reasons=[reason.as_json() for reason in candidate.reasons],
    )  # fmt: skip
    return True


async def _preempt(site: Site, connection: AsyncConnection, candidate: Candidate) -> bool:
    """Release a unit from the less urgent incident that it is on its way to; that one is decided again."""
    left = UUID(candidate.preempts)
    await store.lock_incidents(connection, site.region, [left])  # before looking: it may just be arriving there
    given = await store.assignments_of(connection, site.region, [left])
    running = [a for a in given if a.unit == candidate.unit and a.state in ("accepted", "en_route")]
    unit = await units.find_unit(connection, site.region, candidate.unit, lock=True)
    if not running or unit is None or unit.base != UnitStatus.AVAILABLE:
        return False
    await _end(site, connection, running[0], AssignmentState.RELEASED, SYSTEM, "preempted")
    return True


async def _stop(
    site: Site, connection: AsyncConnection, assignment: AssignmentRow, state: AssignmentState, actor: str, reason: str
) -> None:
    """End an assignment before its work is done and free its unit. The incident is locked."""
    running = AssignmentState(assignment.state).is_running
    await store.move_assignment(
        connection, site.region, assignment.id, state, ended_at=site.clock.now(), end_reason=reason, expires_at=None
    )
    if running:
        await units.move_active(connection, site.region, assignment.unit, assignment.id, None)
    else:
        await units.drop_offer(connection, site.region, assignment.unit, assignment.id)
    await _journal_step(site, connection, str(state), assignment, actor, reason=reason)


async def _end(
    site: Site, connection: AsyncConnection, assignment: AssignmentRow, state: AssignmentState, actor: str, reason: str
) -> IncidentRow:
    """End an assignment before its work is done; the incident is offered again. The incident is locked."""
    await _stop(site, connection, assignment, state, actor, reason)
    incident = await _settle(site, connection, assignment.incident_id, actor)
    if incident.state not in ("open", "active") or incident.outcome:
        return incident
    return await store.change_incident(connection, site.region, incident.id, dispatch_due_at=site.clock.now())


async def _anybody_left(site: Site, connection: AsyncConnection, incident: UUID) -> bool:
    given = await store.assignments_of(connection, site.region, [incident])
    return any(AssignmentState(a.state).is_running for a in given)


async def _locked(site: Site, connection: AsyncConnection, assignment_id: UUID) -> tuple[AssignmentRow, IncidentRow]:
    """An assignment and its incident, the incident locked."""
    assignment = await store.get_assignment(connection, site.region, assignment_id)
    incident = await store.get_incident(connection, site.region, assignment.incident_id, lock=True)
    return await store.get_assignment(connection, site.region, assignment_id), incident


async def offer_to(site: Site, decider: Decider, incident_id: UUID, unit: str, actor: str) -> IncidentRow:
    """A dispatcher chooses the unit. Raises NotFound for an unknown unit, Conflict when it can't be had now."""
    if unit not in site.pack.units:
        raise NotFound("no_such_unit", unit=unit)
    async with site.db.transaction() as connection:
        incident = await store.get_incident(connection, site.region, incident_id, lock=True)
        if incident.state not in ("open", "active"):
            raise Conflict("incident_ended", state=incident.state)
        chosen = [c for c in await ranked(site, decider, connection, incident) if c.unit == unit]
        if not chosen or not await _offer(site, connection, incident, chosen[0], actor):
            row = await units.find_unit(connection, site.region, unit)
            status = row.status if row else "off_duty"
            if status == "available" and not chosen:
                raise Conflict("unit_out_of_reach", unit=unit, minutes=decider.pack.dispatch.max_eta_s // 60)
            raise Conflict("unit_not_free", unit=unit, status=status)
        changes = {"waiting_since": None, "waiting_reason": None, "dispatch_due_at": site.clock.now()}
        return await store.change_incident(connection, site.region, incident_id, **changes)


async def accept(site: Site, assignment_id: UUID, actor: str) -> IncidentRow:
    """The unit takes the incident. Raises Conflict when the offer has ended or the unit is bound elsewhere."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        assignment, incident = await _locked(site, connection, assignment_id)
        await store.move_assignment(
            connection, site.region, assignment_id, AssignmentState.ACCEPTED, accepted_at=now, expires_at=None
        )
        if not await units.bind(
            connection, site.region, assignment.unit, assignment_id, incident.id, incident.level_rank
        ):
            raise Conflict("unit_bound", unit=assignment.unit)
        if incident.state == IncidentState.OPEN:
            await store.move_incident(connection, site.region, incident.id, IncidentState.ACTIVE)
        row = await store.mark_time(connection, site.region, incident.id, "accepted_at", now)
        await _journal_step(site, connection, "accepted", assignment, actor)
        return row


async def _journal_step(
    site: Site, connection: AsyncConnection, step: str, assignment: AssignmentRow, actor: str, **data: Any
) -> None:
    await record(
        site, connection, f"assignment.{step}", "incident", assignment.incident_id, actor, assignment.incident_id,
        assignment=str(assignment.id), unit=assignment.unit, **data,
    )  # fmt: skip


async def go_on(site: Site, assignment_id: UUID, target: AssignmentState, actor: str) -> IncidentRow:
    """The unit is en route, or on scene."""
    now = site.clock.now()
    name = f"{target}_at"
    async with site.db.transaction() as connection:
        assignment, incident = await _locked(site, connection, assignment_id)
        await store.move_assignment(connection, site.region, assignment_id, target, **{name: now})
        await units.move_active(connection, site.region, assignment.unit, assignment_id, str(target))
        row = await store.mark_time(connection, site.region, incident.id, name, now)
        await _journal_step(site, connection, str(target), assignment, actor)
        return row


async def clear(site: Site, assignment_id: UUID, actor: str) -> IncidentRow:
    """The unit's work on the incident is done; it is free, and whoever waits for a unit is decided again."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        assignment, incident = await _locked(site, connection, assignment_id)
        await store.move_assignment(
            connection, site.region, assignment_id, AssignmentState.CLEARED, cleared_at=now, ended_at=now
        )
        await units.move_active(connection, site.region, assignment.unit, assignment_id, None)
        await store.mark_time(connection, site.region, incident.id, "cleared_at", now)
        await _journal_step(site, connection, "cleared", assignment, actor)
        await store.wake_waiting(connection, site.region, now, WAKE)
        return await _settle(site, connection, incident.id, actor)


async def _settle(site: Site, connection: AsyncConnection, incident_id: UUID, actor: str) -> IncidentRow:
    """What follows for an incident when nobody is bound any more: resolved if there is an outcome, else open again."""
    incident = await store.get_incident(connection, site.region, incident_id)
    if incident.state not in ("open", "active") or await _anybody_left(site, connection, incident_id):
        return incident
    if incident.outcome:
        await _withdraw_offers(site, connection, incident_id, actor)
        row = await store.move_incident(
            connection, site.region, incident_id, IncidentState.RESOLVED,
            resolved_at=site.clock.now(), dispatch_due_at=None,
        )  # fmt: skip
        await record(
            site, connection, "incident.resolved", "incident", incident_id, actor, incident_id, outcome=incident.outcome
        )
        return row
    if incident.state == IncidentState.ACTIVE:
        return await store.move_incident(connection, site.region, incident_id, IncidentState.OPEN)
    return incident


async def turn_down(site: Site, assignment_id: UUID, state: AssignmentState, actor: str, reason: str) -> IncidentRow:
    """Declined, expired or withdrawn while offered; released while running. The next candidate is asked."""
    async with site.db.transaction() as connection:
        assignment, _ = await _locked(site, connection, assignment_id)
        row = await _end(site, connection, assignment, state, actor, reason)
        await store.wake_waiting(connection, site.region, site.clock.now(), WAKE)
        return row


async def expire_due(site: Site) -> int:
    """End every offer whose time is up; each in a transaction of its own, so that one fault stops no other."""
    async with site.db.transaction() as connection:
        due = await store.due_expiries(connection, site.region, site.clock.now())
    ended = 0
    for assignment in due:
        try:
            await turn_down(site, assignment.id, AssignmentState.EXPIRED, SYSTEM, "no_answer")
            ended += 1
        except Conflict:
            continue  # accepted or declined in this very moment
    return ended


async def record_outcome(site: Site, incident_id: UUID, actor: str, outcome: str, notes: str) -> IncidentRow:
    """What was found and done. Resolved at once when no unit is bound any more, else when the last one clears."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        incident = await store.get_incident(connection, site.region, incident_id, lock=True)
        if incident.state not in ("open", "active"):
            raise Conflict("illegal_transition", current=incident.state, target="resolved")
        await store.change_incident(
            connection, site.region, incident_id, outcome=outcome, outcome_notes=notes,
            dispatch_due_at=None, waiting_since=None, waiting_reason=None,
        )  # fmt: skip
        await record(site, connection, "incident.outcome", "incident", incident_id, actor, incident_id, outcome=outcome)
        await _withdraw_offers(site, connection, incident_id, actor)
        await store.wake_waiting(connection, site.region, now, WAKE)
        return await _settle(site, connection, incident_id, actor)


async def _withdraw_offers(site: Site, connection: AsyncConnection, incident_id: UUID, actor: str) -> None:
    """Nobody else is needed: the offers that still run end."""
    for a in await store.assignments_of(connection, site.region, [incident_id]):
        if a.state == AssignmentState.OFFERED:
            await _stop(site, connection, a, AssignmentState.WITHDRAWN, actor, "resolved")


async def leave_to_others(
    site: Site, incident_id: UUID, actor: str, target: IncidentState, reason: str, into: UUID | None = None
) -> IncidentRow:
    """Divert an incident to another service, or merge it into the one that goes on; its units are free."""
    async with site.db.transaction() as connection:
        return await leave(site, connection, incident_id, actor, target, reason, into)


async def leave(
    site: Site,
    connection: AsyncConnection,
    incident_id: UUID,
    actor: str,
    target: IncidentState,
    reason: str,
    into: UUID | None = None,
) -> IncidentRow:
    """As `leave_to_others`, as part of a larger action."""
    ids = [incident_id, into] if into else [incident_id]
    await store.lock_incidents(connection, site.region, ids)
    if into is not None:
        goes_on = await store.get_incident(connection, site.region, into)
        if into == incident_id:
            raise Invalid("merge_into_itself")
        if goes_on.state not in ("open", "active", "resolved"):
            raise Conflict("incident_ended", state=goes_on.state)
    left = await store.get_incident(connection, site.region, incident_id)
    for a in await store.assignments_of(connection, site.region, [incident_id]):
        if a.state in store.LIVE_VALUES:
            offered = a.state == AssignmentState.OFFERED
            ended = AssignmentState.WITHDRAWN if offered else AssignmentState.RELEASED
            await _stop(site, connection, a, ended, actor, str(target))
    waited = {"waiting_since": left.waiting_since, "waiting_reason": left.waiting_reason}
    row = await store.move_incident(
        connection, site.region, incident_id, target,
        merged_into=into, dispatch_due_at=None, waiting_since=None, waiting_reason=None,
        before_merge=waited if into else None,
    )  # fmt: skip
    if into is not None:
        moved = await store.move_reports(connection, site.region, incident_id, into)
        await store.change_incident(connection, site.region, into, reports_count=goes_on.reports_count + moved)
        await record(site, connection, "incident.took_over", "incident", into, actor, into, merged=str(incident_id))
    await record(
        site, connection, f"incident.{target}", "incident", incident_id, actor, incident_id,
        reason=reason, into=str(into) if into else None,
    )  # fmt: skip
    await store.wake_waiting(connection, site.region, site.clock.now(), WAKE)
    return row


async def undo_merge(site: Site, incident_id: UUID, actor: str, reason: str) -> IncidentRow:
    """Two events after all: the merged incident is open again, with the reports that the other still has of it.

    Its clocks run on; its units were free and may be elsewhere, so that the next offer is due at once.
    """
    async with site.db.transaction() as connection:
        into = (await store.get_incident(connection, site.region, incident_id)).merged_into
        if into is not None:
            await store.lock_incidents(connection, site.region, [incident_id, into])
        incident = await store.get_incident(connection, site.region, incident_id, lock=True)
        if incident.state != IncidentState.MERGED or into is None:
            raise illegal(incident.state, IncidentState.OPEN)
        holder = await store.get_incident(connection, site.region, into)
        if holder.state == IncidentState.MERGED:  # its reports have gone on: that merge is undone first
            raise Conflict("incident_ended", state=holder.state)
        given = await store.give_back_reports(connection, site.region, into, incident_id)
        waited = incident.before_merge
        since = waited["waiting_since"]
        await store.move_incident(
            connection, site.region, incident_id, IncidentState.OPEN, only={IncidentState.MERGED},
            merged_into=None, before_merge=None, reports_count=given, dispatch_due_at=site.clock.now(),
            waiting_since=datetime.fromisoformat(since) if since else None, waiting_reason=waited["waiting_reason"],
        )  # fmt: skip
        await store.change_incident(connection, site.region, into, reports_count=holder.reports_count - given)
        await record(
            site, connection, "incident.unmerged", "incident", incident_id, actor, incident_id,
            reason=reason, into=str(into),
        )  # fmt: skip
        await record(site, connection, "incident.gave_back", "incident", into, actor, into, merged=str(incident_id))
        return await _settle(site, connection, incident_id, actor)


async def hand_over(site: Site, incident_id: UUID, actor: str, unit: str | None) -> IncidentRow:
    """Caller and officer are in direct contact."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        incident = await store.get_incident(connection, site.region, incident_id, lock=True)
        if incident.state not in ("open", "active"):
            raise Conflict("incident_ended", state=incident.state)
        given = [
            a for a in await store.assignments_of(connection, site.region, [incident_id])
            if a.state in store.LIVE_VALUES and unit in (None, a.unit)
        ]  # fmt: skip
        if not given:
            raise Conflict("nobody_to_hand_over_to", unit=unit or "")
        await store.mark_handed_over(connection, site.region, given[0].id, now)
        row = await store.mark_time(connection, site.region, incident_id, "handed_over_at", now)
        await _journal_step(site, connection, "handed_over", given[0], actor)
        return row


def where(site: Site, areas: AreaIndex, point: Point) -> dict[str, Any]:
    """What follows from an incident's position: cell, area and who answers for it. Raises Invalid outside the city."""
    area = areas.area_of(point) or areas.nearest_area(point, OUTSIDE_M)
    if area is None:
        raise Invalid("outside_city", lat=round(point.lat, 5), lon=round(point.lon, 5))
    path = site.pack.orgs[area.org].path
    return {"lat": point.lat, "lon": point.lon, "cell": cell_of(point), "place_confidence": 1.0,
            "area": area.code, "org": area.org, "org_path": path}  # fmt: skip


async def amend(site: Site, incident_id: UUID, actor: str, changes: dict[str, Any]) -> IncidentRow:
    """Correct category, level, place or number of units; plan and offers follow."""
    async with site.db.transaction() as connection:
        incident = await store.get_incident(connection, site.region, incident_id, lock=True)
        if incident.state not in ("open", "active"):
            raise Conflict("incident_ended", state=incident.state)
        level = Level(changes.get("level", incident.level))
        if level != incident.level:  # the words that led to the old level do not explain the new one
            changes = {**changes, "level_reasons": [Reason("amended_by_hand").as_json()]}
        plan = plan_for(site.pack, changes.get("category", incident.category), level)
        needed = changes.get("units_needed") or (plan.units if plan.code != incident.plan else incident.units_needed)
        new_path = changes.get("org_path", incident.org_path)
        paths = incident.org_paths if new_path in incident.org_paths else [*incident.org_paths, new_path]
        row = await store.change_incident(
            connection, site.region, incident_id,
            **{**changes, "level_rank": level.rank, "plan": plan.code, "units_needed": needed, "org_paths": paths,
               "dispatch_due_at": site.clock.now()},
        )  # fmt: skip
        # What a unit is bound to now is more or less urgent: that decides who may take it from there.
        await units.set_level(connection, site.region, incident_id, level.rank)
        told = {
            key: value for key, value in changes.items() if key in ("category", "level", "lat", "lon", "place", "org")
        }
        await record(
            site, connection, "incident.amended", "incident", incident_id, actor, incident_id,
            units_needed=needed, **told,
        )  # fmt: skip
        return row


async def set_unit_status(site: Site, code: str, actor: str, status: str, reason: str | None) -> None:
    """Set what is set by hand; a unit that becomes available wakes the most urgent waiting incident."""
    async with site.db.transaction() as connection:
        if await units.find_unit(connection, site.region, code, lock=True) is None:
            raise NotFound("no_such_unit", unit=code)
        await units.set_base(connection, site.region, code, status, reason)
        await record(site, connection, "unit.status", "unit", code, actor, status=status, reason=reason, unit=code)
        if status == "available":
            await store.wake_waiting(connection, site.region, site.clock.now(), WAKE)


async def apply_roster(site: Site, on: list[str], off: list[str]) -> None:
    """Begin and end duties; those who are on can be offered what waits."""
    async with site.db.transaction() as connection:
        begun = await units.set_roster(connection, site.region, on, True) if on else []
        ended = await units.set_roster(connection, site.region, off, False) if off else []
        for code, kind in [*((c, "duty.begun") for c in sorted(begun)), *((c, "duty.ended") for c in sorted(ended))]:
            await record(site, connection, kind, "unit", code, SYSTEM, unit=code)
        if begun:
            await store.wake_waiting(connection, site.region, site.clock.now(), len(begun))
