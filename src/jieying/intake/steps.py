"""The way of a report, in the order it is walked:

1. store            take_report (intake/actions.py): committed before it is acknowledged
2. understand       category, level, whose business it is
   to_anti_fraud    fraud is at the anti-fraud desk with this very commit, whatever becomes of it here
3. answer           a text report gets its automatic reply, an enquiry its answer, the hotline what is surely its
                    business; who speaks, a person
4. locate           the place to go to
5. find_same        a verbatim resend joins its incident; others are suggested
6. open             the incident, or the one it joins
7. offer            dispatch/actions.py, from the incident's due column

Steps 2 to 6 are one transaction, claimed by a due column: a killed process leaves the report due. A step that can't
go on names the reason, and a person gets the report; it is never dropped.
"""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level
from jieying.dispatch.rules import plan_for
from jieying.diversion.antifraud.arrival import bring_to_desk
from jieying.diversion.hotline import actions as hotline
from jieying.diversion.hotline import store as hotline_store
from jieying.incidents import actions as incidents
from jieying.incidents import store
from jieying.incidents.model import Channel, ReportState
from jieying.incidents.store import ReportRow
from jieying.intake.actions import divert_answered
from jieying.intake.city import City
from jieying.intake.rules import choose_place
from jieying.intake.same import facts_of, similar_incidents
from jieying.intake.suggest import proposal_of
from jieying.journal.actions import SYSTEM, Site, record
from jieying.journal.store import gathering
from jieying.kit.errors import Conflict, Unavailable
from jieying.kit.geo import Point
from jieying.kit.reasons import Reason
from jieying.knowledge import actions as knowledge
from jieying.knowledge import store as knowledge_store
from jieying.knowledge.model import AskedState
from jieying.places.locate import PlaceCandidate
from jieying.triage.rules import Understood
from jieying.triage.same_event import RESEND_WINDOW, is_resend

log = logging.getLogger(__name__)

AT_ONCE = 8  # reports in one transaction


@dataclass
class Work:
    """One report on its way through the steps, and what they found out."""

    site: Site
    city: City
    connection: AsyncConnection
    report: ReportRow
    category: str = ""
    level: Level = Level.YELLOW
    reasons: tuple[Reason, ...] = ()
    ours: str = "unclear"
    found: Understood | None = None
    sure: bool = False
    vector: bytes | None = None
    fraud: float = 0.0
    place: PlaceCandidate | None = None
    joins: UUID | None = None
    similar: list[dict[str, Any]] = field(default_factory=list)
    settled: bool = False
    step: str = ""

    @property
    def device(self) -> Point | None:
        return None if self.report.lat is None else Point(self.report.lat, self.report.lon)


Step = Callable[[Work], Awaitable[Reason | None]]


async def understand(work: Work) -> Reason | None:
    """What it is and how urgent; what a call-taker decided stands."""
    given = work.report.by_person
    found = work.city.understand(work.report.words, work.report.category if given else None, work.report.answers)
    work.category, work.level, work.reasons = _decided(work, found)
    work.found, work.ours = found, found.ours
    work.sure, work.vector, work.fraud = found.sure, found.vector, found.fraud
    if given and work.category:  # what a person says it is, it is
        work.ours, work.sure, work.fraud = work.city.pack.categories[work.category].kind, True, 0.0
    return None


async def to_anti_fraud(work: Work) -> Reason | None:
    """Fraud goes to the anti-fraud desk besides: minutes count there, even if nobody knows yet where to drive."""
    await bring_to_desk(work.site, work.connection, work.report, work.category, work.fraud)
    return None


async def answer(work: Work) -> Reason | None:
    """A text report is answered by its automatic reply; whatever isn't ours for certain goes to a person."""
    understood: dict[str, Any] = {
        "category": work.category or None,
        "level": str(work.level),
        "reasons": [reason.as_json() for reason in work.reasons],
        "vector": work.vector,
    }
    region, report = work.site.region, work.report
    if report.state != ReportState.RECEIVED:
        work.report = await store.change_report(work.connection, region, report.id, **understood)
    elif Channel(report.channel).is_spoken:
        work.report = await store.change_report(work.connection, region, report.id, **understood)
        return Reason("not_answered")
    else:
        work.report = await incidents.answer_report(
            work.site, work.connection, report.id, SYSTEM, reply="reply.received", **understood
        )
    if work.ours == "police":  # an alarm word raises the level and may still leave open what it is
        return None if work.category else Reason("ours_unclear")
    if work.ours == "enquiry" and await _answered_by_base(work):
        return None
    if work.ours == "hotline" and await _handed_to_hotline(work):
        return None
    return Reason(f"ours_{work.ours}")


async def _answered_by_base(work: Work) -> bool:
    """Whether the knowledge base answered the enquiry; else it waits in the pool, and call-takers see the report.

    Who speaks is answered by the person at the other end.
    """
    report, region = work.report, work.site.region
    if Channel(report.channel).is_spoken or await knowledge_store.asked_of_report(work.connection, region, report.id):
        return False
    asked = await knowledge.take_question(work.site, work.connection, report.words, work.level, report.id)
    work.settled = asked.state == AskedState.BY_BASE
    if work.settled:
        await store.change_report(work.connection, region, report.id, reply="reply.enquiry")
        await incidents.settle(work.site, work.connection, report.id, SYSTEM, ReportState.ENQUIRY, asked.entry_id)
    return work.settled


async def _handed_to_hotline(work: Work) -> bool:
    """Whether it went to the city hotline by itself: what is surely theirs, and neither urgent nor theirs before."""
    report = work.report
    by_itself = (
        work.city.hands_on
        and work.sure
        and work.level not in (Level.RED, Level.ORANGE)
        and not Channel(report.channel).is_spoken
        and report.channel != Channel.HOTLINE_12345
        and not await hotline_store.latest_of(work.connection, work.site.region, [report.id])
    )
    if by_itself:
        await divert_answered(work.site, work.city, work.connection, report, SYSTEM, hotline.SERVICE, "")
        work.settled = True
    return by_itself


def _decided(work: Work, found: Understood) -> tuple[str, Level, tuple[Reason, ...]]:
    if not work.report.by_person:
        return found.category or "", found.level, found.reasons
    category = work.report.category or found.category or ""
    level = Level(work.report.level) if work.report.level else found.level
    return category, level, (Reason("call_taker_decided"), *found.reasons)


def _candidates(work: Work) -> list[PlaceCandidate]:
    return work.city.locator.locate(work.report.words, work.device, work.report.accuracy_m)


def _proposal(work: Work) -> dict[str, Any] | None:
    """What the steps would have done, for the person who decides now; None when nothing was said."""
    said = work.report.words.strip() and work.found
    return proposal_of(work.found, _candidates(work)) if said and work.found else None


async def locate(work: Work) -> Reason | None:
    candidates = _candidates(work)
    chosen = choose_place(candidates)
    if isinstance(chosen, Reason):
        return chosen
    work.place = chosen
    return None


async def find_same(work: Work) -> Reason | None:
    """Join a verbatim resend to the incident of the first; note which incidents may be the same event."""
    now, region = work.site.clock.now(), work.site.region
    mine = facts_of(work.city, work.report, work.category, work.place.position if work.place else None)
    if mine.contact:
        since = now - RESEND_WINDOW
        for other in await store.earlier_from(work.connection, region, mine.contact, since, work.report.id):
            apart = other.incident_id in work.report.apart_from
            if not apart and is_resend(mine, facts_of(work.city, other, other.category, None)):
                work.joins = other.incident_id
                return None
    apart_from = work.report.apart_from
    work.similar = await similar_incidents(work.site, work.city, work.connection, mine, apart_from)
    return None


async def open_incident(work: Work) -> Reason | None:
    if work.joins is not None:
        try:
            await incidents.link_report(work.site, work.connection, work.report, work.joins)
            return None
        except Conflict:  # closed in the meantime: it is a new incident after all
            work.joins = None
    place = work.place
    if place is None or place.org is None:
        return Reason("place_unknown")
    plan = plan_for(work.city.pack, work.category, work.level)
    await incidents.open_incident(
        work.site, work.connection, work.report,
        incidents.Opening(
            work.category, work.level, (*work.reasons, *place.reasons), place.position, place.name,
            round(place.confidence, 3), place.area, place.org, plan.code, plan.units, work.similar,
        ),
    )  # fmt: skip
    return None


STEPS: tuple[Step, ...] = (understand, to_anti_fraud, answer, locate, find_same, open_incident)


async def take_next(site: Site, city: City) -> bool:
    """Take the steps of the reports that are due first, in one transaction; False when none is due.

    Many at once cost less, and the more there are the more that counts. When one fails each is taken by itself.
    """
    reports: list[ReportRow] = []
    try:
        async with site.db.transaction() as connection, gathering(connection):
            reports = await store.claim_due_reports(connection, site.region, site.clock.now(), AT_ONCE)
            for report in reports:
                await _walk(Work(site, city, connection, report))
    except Unavailable:
        raise
    except Exception:
        if not reports:
            raise
        for report in reports:
            await _take_alone(site, city, report.id)
    return bool(reports)


async def _take_alone(site: Site, city: City, report_id: UUID) -> None:
    """The steps of one report; when one of them fails, a person gets it."""
    work = None
    try:
        async with site.db.transaction() as connection, gathering(connection):
            report = await store.get_report(connection, site.region, report_id, lock=True)
            if report.steps_due_at is not None and report.steps_due_at <= site.clock.now():
                work = Work(site, city, connection, report)
                await _walk(work)
    except Unavailable:
        raise
    except Exception as error:
        step = work.step if work else ""
        busy = isinstance(error, Conflict) and error.code == "busy"
        if not busy:
            log.exception("step %s of report %s failed", step, report_id)
        await _after_failure(site, report_id, step, busy)


async def _walk(work: Work) -> None:
    """One step after the other, until one can't go on."""
    for step in STEPS:
        work.step = step.__name__
        reason = await step(work)
        if reason is not None:
            await incidents.hand_to_person(work.site, work.connection, work.report, reason, proposal=_proposal(work))
        if reason is not None or work.settled:
            break


async def _after_failure(site: Site, report_id: UUID, step: str, busy: bool) -> None:
    """Nothing of the failed steps is left: try again when rows were merely busy, else a person gets it."""
    now = site.clock.now()
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, report_id, lock=True)
        if report.steps_due_at is None:
            return
        if busy and report.steps_tries < 5:
            again = now + timedelta(seconds=0.1 * (report.steps_tries + 1))
            await store.change_report(
                connection, site.region, report_id, steps_due_at=again, steps_tries=report.steps_tries + 1
            )
            return
        await record(site, connection, "report.step_failed", "report", report_id, SYSTEM, step=step)
        await incidents.hand_to_person(site, connection, report, Reason("step_failed", {"step": step}))
