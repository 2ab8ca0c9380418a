"""The front door: a report is committed before it is acknowledged, and taken once however often it is sent."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level
from jieying.dispatch.actions import where
from jieying.dispatch.rules import plan_for
from jieying.diversion.hotline import actions as hotline
from jieying.incidents import actions as incidents
from jieying.incidents import store
from jieying.incidents.model import Channel, ReportState
from jieying.incidents.store import ReportRow
from jieying.intake import labels, rules
from jieying.intake.city import City
from jieying.intake.store import find_media
from jieying.journal.actions import Site, entry
from jieying.journal.store import append
from jieying.kit.errors import Conflict, Invalid
from jieying.kit.geo import Point
from jieying.kit.ids import new_id
from jieying.kit.reasons import Reason
from jieying.knowledge import store as knowledge


@dataclass(frozen=True)
class NewReport:
    """One contact by one channel, as handed in. `answered`: a call-taker is already speaking with the reporter.

    `answers`: key question → number of the answer. `same_as`: the incident it speaks of. `enquiry`: the entry of the
    knowledge base that answered it. With either of the last two the report is settled as it is taken.
    """

    channel: Channel
    words: str = ""
    reporter_name: str = ""
    reporter_contact: str = ""
    point: Point | None = None
    accuracy_m: float | None = None
    occurred_at: datetime | None = None
    media: Sequence[str] = ()
    answered: bool = False
    category: str | None = None
    level: Level | None = None
    answers: Mapping[str, int] = field(default_factory=dict)
    same_as: UUID | None = None
    enquiry: str | None = None


@dataclass(frozen=True)
class Taken:
    """The acknowledgement. `repeated`: this very report had been taken before under its key."""

    id: UUID
    state: str
    received_at: datetime
    repeated: bool = False


def check(site: Site, city: City, new: NewReport) -> None:
    """Raises Invalid with the first thing that is wrong; nothing has been stored then."""
    rules.check_words(new.words)
    rules.check_words(new.reporter_name)
    rules.check_words(new.reporter_contact)
    rules.check_occurred(new.occurred_at, site.clock.now(), site.clock.speed)
    rules.check_content(new.channel, new.words, new.point, new.media)
    if new.point is not None:
        rules.check_point(city.areas, new.point)
    if new.category is not None and new.category not in site.pack.categories:
        raise Invalid("no_such_category", category=new.category)
    city.questions.check(new.answers)
    if new.same_as and new.enquiry:
        raise Invalid("same_and_enquiry")


def _body_hash(new: NewReport) -> str:
    return hashlib.sha256(orjson.dumps(new, option=orjson.OPT_SORT_KEYS, default=list)).hexdigest()


async def take_report(site: Site, city: City, new: NewReport, sender: str, key: str | None) -> Taken:
    """Store a report. Raises Invalid, or Conflict("key_reused") for a known key with another body."""
    check(site, city, new)
    now = site.clock.now()
    id_ = new_id(now)
    state = ReportState.ANSWERED if new.answered else ReportState.RECEIVED
    async with site.db.transaction() as connection:
        if key is not None:
            earlier = await store.claim_key(connection, site.region, sender, key, _body_hash(new), id_)
            if earlier is not None:
                return await _repeat(site, connection, earlier, new)
        if new.media:
            await _check_media(site, connection, new.media)
        await store.add_report(connection, **_columns(site, new, id_, state, now, sender))
        kinds = ["report.received", "report.answered"] if new.answered else ["report.received"]
        told = [entry(site, kind, "report", id_, sender, channel=str(new.channel)) for kind in kinds]
        await append(connection, told)
        if new.answered:
            report = await store.get_report(connection, site.region, id_)
            state = await _decide(site, city, connection, report, "handed_in", sender, new)
    return Taken(id_, str(state), now)


async def _decide(
    site: Site, city: City, connection: AsyncConnection, report: ReportRow, act: str, actor: str, new: NewReport
) -> ReportState:
    """What the call-taker decided while she spoke is kept as a label; of another incident, or answered, it is settled.

    Raises NotFound for an incident or an entry that is not there.
    """
    same_as = str(new.same_as) if new.same_as else None
    ours = "enquiry" if new.enquiry else None
    what = labels.decided(new.category, new.level, new.point, same_as=same_as, ours=ours, entry=new.enquiry)
    await labels.keep(site, city, connection, report, act, actor, what)
    if new.same_as:
        await incidents.link_report(site, connection, report, new.same_as, actor)
        return ReportState.LINKED
    if new.enquiry:
        entry_ = await knowledge.get_entry(connection, site.region, new.enquiry)
        await incidents.settle(site, connection, report.id, actor, ReportState.ENQUIRY, entry_.id)
        return ReportState.ENQUIRY
    return ReportState.ANSWERED


def _columns(site: Site, new: NewReport, id_: UUID, state: ReportState, now: datetime, sender: str) -> dict[str, Any]:
    rings = new.channel.is_spoken and not new.answered
    return {
        "region": site.region,
        "id": id_,
        "channel": str(new.channel),
        "state": str(state),
        "received_at": now,
        "answered_at": now if new.answered else None,
        "occurred_at": new.occurred_at,
        "reporter_name": new.reporter_name,
        "reporter_contact": new.reporter_contact,
        "words": new.words,
        "lat": new.point.lat if new.point else None,
        "lon": new.point.lon if new.point else None,
        "accuracy_m": new.accuracy_m,
        "media": list(new.media),
        "category": new.category,
        "level": str(new.level) if new.level else None,
        "by_person": new.category is not None or new.level is not None,
        "answers": dict(new.answers),
        "needs_person": Reason("not_answered").as_json() if rings else None,
        "handed_in_by": sender,
        # Who speaks is answered by a person first; the steps follow when the words are written down.
        "steps_due_at": None if rings else now,
    }


async def _repeat(site: Site, connection: AsyncConnection, earlier: tuple[UUID, str], new: NewReport) -> Taken:
    report_id, body_hash = earlier
    if body_hash != _body_hash(new):
        raise Conflict("key_reused")
    row = await store.get_report(connection, site.region, report_id)
    return Taken(row.id, row.state, row.received_at, repeated=True)


async def _check_media(site: Site, connection: AsyncConnection, media: Sequence[str]) -> None:
    known = {row.sha256 for row in await find_media(connection, site.region, list(media))}
    for sha256 in media:
        if sha256 not in known:
            raise Invalid("no_such_media", sha256=sha256)


async def answer(site: Site, report_id: UUID, actor: str) -> ReportRow:
    """A call-taker answers; what a gateway wrote down of the speech goes through the steps now."""
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, report_id, lock=True)
        has_words = bool(report.words.strip())
        return await incidents.answer_report(
            site, connection, report_id, actor,
            needs_person=None if has_words else Reason("words_missing").as_json(),
            steps_due_at=site.clock.now() if has_words else None,
        )  # fmt: skip


async def describe(site: Site, city: City, report_id: UUID, actor: str, new: NewReport) -> None:
    """A call-taker writes down what is said, with what she decides; the steps go on from it.

    Raises Invalid, Conflict.
    """
    check(site, city, new)
    by_person: dict[str, Any] = {"answers": dict(new.answers)}
    by_person |= {"reporter_name": new.reporter_name} if new.reporter_name else {}
    by_person |= {"reporter_contact": new.reporter_contact} if new.reporter_contact else {}
    if new.category or new.level:
        by_person |= {"category": new.category, "level": new.level and str(new.level), "by_person": True}
    async with site.db.transaction() as connection:
        report = await incidents.describe_report(site, connection, report_id, actor, new.words, new.point, by_person)
        await _decide(site, city, connection, report, "described", actor, new)


async def settle(site: Site, city: City, report_id: UUID, actor: str, state: ReportState, reason: str) -> None:
    """End a report that is no incident: an enquiry answered, unfounded."""
    async with site.db.transaction() as connection:
        report = await incidents.settle_report(site, connection, report_id, actor, state, reason)
        what = labels.decided(ours=_OURS[state])
        await labels.keep(site, city, connection, report, "settled", actor, what)


_OURS = {ReportState.ENQUIRY: "enquiry", ReportState.UNFOUNDED: "unfounded"}


@dataclass(frozen=True)
class ByHand:
    """What a call-taker decided on opening an incident herself."""

    category: str
    level: Level | None
    point: Point
    place: str


async def open_by_hand(site: Site, city: City, report_id: UUID, actor: str, given: ByHand) -> UUID:
    """Open an incident for a report that the steps could not settle. Raises Invalid, Conflict."""
    if given.category not in site.pack.categories:
        raise Invalid("no_such_category", category=given.category)
    located = where(site, city.areas, given.point)
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, report_id, lock=True)
        if report.state == ReportState.RECEIVED:
            report = await incidents.answer_report(site, connection, report_id, actor)
        level = given.level or site.pack.categories[given.category].level
        plan = plan_for(site.pack, given.category, level)
        opening = incidents.Opening(
            given.category, level, (Reason("call_taker_decided"),), given.point, given.place, 1.0,
            located["area"], located["org"], plan.code, plan.units,
        )  # fmt: skip
        what = labels.decided(given.category, level, given.point)
        await labels.keep(site, city, connection, report, "opened", actor, what)
        return await incidents.open_incident(site, connection, report, opening, actor)


async def link(site: Site, city: City, report_id: UUID, incident_id: UUID, actor: str) -> None:
    """A call-taker says that a report belongs to an incident."""
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, report_id, lock=True)
        await labels.keep(site, city, connection, report, "linked", actor, labels.decided(same_as=str(incident_id)))
        await incidents.link_report(site, connection, report, incident_id, actor)


async def divert(site: Site, city: City, report_id: UUID, actor: str, to: str, reason: str) -> None:
    """A call-taker says that a report is another service's business. Raises NotFound, Conflict."""
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, report_id, lock=True)
        if report.state == ReportState.RECEIVED:
            report = await incidents.answer_report(site, connection, report_id, actor)
        await labels.keep(site, city, connection, report, "settled", actor, labels.decided(ours="hotline"))
        await divert_answered(site, city, connection, report, actor, to, reason)


async def divert_answered(
    site: Site, city: City, connection: AsyncConnection, report: ReportRow, actor: str, to: str, reason: str
) -> None:
    """Divert an answered report, as part of a larger action; what goes to the hotline is due to be sent with it."""
    await incidents.settle(site, connection, report.id, actor, ReportState.DIVERTED, f"{to}: {reason}")
    if to != hotline.SERVICE:
        return
    if not Channel(report.channel).is_spoken:
        await store.change_report(connection, site.region, report.id, reply="reply.hotline")
    where_to = _where_to(city, report)
    await hotline.divert_report(site, connection, report.id, report.category, where_to, actor, reason)


def _where_to(city: City, report: ReportRow) -> hotline.Where:
    """The place the reporter means, as well as it is known."""
    device = None if report.lat is None else Point(report.lat, report.lon)
    found = city.locator.locate(report.words, device, report.accuracy_m)
    named = next((one for one in found if one.confidence >= rules.SURE), None)
    return hotline.Where(named.name if named else "", device or (named.position if named else None))
