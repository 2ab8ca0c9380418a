"""What happens to the entries of the base and to the questions that were asked: the only writers."""

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import Level, OrgKind
from jieying.incidents import actions as incidents
from jieying.incidents import store as reports
from jieying.incidents.model import ReportState
from jieying.journal.actions import SYSTEM, Site, record
from jieying.journal.model import Entry as JournalEntry
from jieying.kit.errors import Conflict, Forbidden, NotFound, Unavailable
from jieying.kit.ids import new_id
from jieying.kit.masking import mask
from jieying.knowledge import store
from jieying.knowledge.library import search
from jieying.knowledge.model import AskedState, Entry, EntryState
from jieying.knowledge.rules import answer_of, check_entry, due_at
from jieying.vault import actions as vault

log = logging.getLogger(__name__)

RING_MOST, HIDE_MOST = 50, 500
WORDS = "words"  # the field of a question that stands in the vault
# What ends the question of a report: somebody else has dealt with the report.
_SETTLED = {"report.linked", "report.enquiry", "report.diverted", "report.unfounded"}
HEEDS = frozenset(_SETTLED | {"report.unlinked"})


async def add_entry(site: Site, entry: Entry, actor: str) -> None:
    """Raises Invalid for an entry that is not whole, Conflict when the id is taken."""
    check_entry(entry, site.clock.now().date())
    async with site.db.transaction() as connection:
        await _add_entry(site, connection, entry, actor)


async def _add_entry(site: Site, connection: AsyncConnection, entry: Entry, actor: str) -> None:
    if not await store.add_entry(connection, site.region, entry, site.clock.now(), actor):
        raise Conflict("entry_taken", entry=entry.id)
    await record(site, connection, "knowledge.added", "knowledge", entry.id, actor)


async def change_entry(site: Site, entry: Entry, version: int, actor: str) -> Row[Any]:
    """Say something else from now on. `version`: what the editor had before him. Raises NotFound, Invalid, Conflict."""
    check_entry(entry, site.clock.now().date())
    return await _change(site, entry.id, version, actor, "knowledge.changed", store.columns(entry))


async def retire_entry(site: Site, id: str, version: int, actor: str) -> Row[Any]:
    """The entry is no answer any more; it stays to be read, and a change brings it back."""
    return await _change(site, id, version, actor, "knowledge.retired", {"state": str(EntryState.RETIRED)})


async def _change(site: Site, id: str, version: int, actor: str, kind: str, changes: dict[str, Any]) -> Row[Any]:
    async with site.db.transaction() as connection:
        before = await store.get_entry(connection, site.region, id, lock=True)
        if before.version != version:
            raise Conflict("entry_changed_meanwhile", by=before.changed_by, version=before.version)
        changes = {"state": str(EntryState.CURRENT)} | changes
        row = await store.change_entry(connection, before, site.clock.now(), actor, **changes)
        await record(site, connection, kind, "knowledge", id, actor, version=row.version)
        return row


async def take_question(
    site: Site, connection: AsyncConnection, words: str, level: Level, report_id: UUID | None = None
) -> Row[Any]:
    """An enquiry: answered from the base when it is sure, else it waits in the pool with a clock.

    Part of a larger action; what becomes of the report is the caller's.
    """
    now = site.clock.now()
    found = await search(site, connection, words)
    entry = answer_of(found, level, now.date())
    state = AskedState.BY_BASE if entry else AskedState.WAITING
    id_ = new_id(now)
    if report_id is None or site.keyring.file.is_file():  # the report has the words too
        await vault.put(site, connection, "asked", id_, WORDS, words)
    given = {"answer": entry.answer, "source": entry.source, "entry_id": entry.id, "answered_at": now} if entry else {}
    await store.add_asked(
        connection, region=site.region, id=id_, state=str(state), words=mask(words), masked=True, report_id=report_id,
        org=_city(site), asked_at=now, certainty=found.certainty,
        suggested=[hit.entry.id for hit in found.hits if found.known],
        due_at=None if entry else due_at(now, 0, site.pack.targets.ladder), **given,
    )  # fmt: skip
    await record(
        site, connection, f"asked.{state}", "asked", id_, SYSTEM,
        report=str(report_id) if report_id else None, entry=entry.id if entry else None,
    )  # fmt: skip
    return await store.get_asked(connection, site.region, id_)


async def hide_words(site: Site) -> None:
    """At the start: words that an earlier version put into the pool as they were go into the vault."""
    while True:
        async with site.db.transaction() as connection:
            rows = await store.unmasked(connection, site.region, HIDE_MOST)
            if not rows:
                return
            try:
                for row in rows:
                    await vault.put(site, connection, "asked", row.id, WORDS, row.words)
                    await store.set_masked(connection, row, mask(row.words))
            except Unavailable as refused:
                log.error("the words of the pool stay readable in the database: %s", refused)
                return


async def read_words(site: Site, id: UUID, actor: str) -> str:
    """The question as it was asked, for the one who has claimed it; the look-up is journalled.

    Raises NotFound, Forbidden, Unavailable.
    """
    async with site.db.transaction() as connection:
        row = await store.get_asked(connection, site.region, id)
    if row.state != AskedState.CLAIMED or row.claimed_by != actor:
        raise Forbidden("claim_first", asked=str(id))
    return await vault.look_up(site, "asked", id, WORDS, actor, reason="asked", reason_id=id)


async def put_question(site: Site, words: str, level: Level) -> Row[Any]:
    """A question that came without a report."""
    async with site.db.transaction() as connection:
        return await take_question(site, connection, words, level)


def _city(site: Site) -> str:
    """The organisation whose ladder hears of questions that nobody answers."""
    cities = [org.code for org in site.pack.orgs.values() if org.kind is OrgKind.CITY]
    return cities[0] if cities else next(iter(site.pack.orgs))


async def claim(site: Site, id: UUID, actor: str) -> Row[Any]:
    """Say that one will answer. Of two at once one wins. Raises NotFound, Conflict."""
    return await _step(site, id, AskedState.CLAIMED, actor, claimed_by=actor)


async def release(site: Site, id: UUID, actor: str) -> Row[Any]:
    """Give a claimed question back to the pool; its clock has run on. Raises NotFound, Conflict."""
    return await _step(site, id, AskedState.WAITING, actor, holder=actor, claimed_by=None)


async def _step(
    site: Site, id: UUID, target: AskedState, actor: str, holder: str | None = None, **changes: Any
) -> Row[Any]:
    async with site.db.transaction() as connection:
        row = await store.move_asked(connection, site.region, id, target, holder=holder, **changes)
        await record(site, connection, f"asked.{target}", "asked", id, actor)
        return row


async def answer(site: Site, id: UUID, actor: str, words: str, source: str, entry_id: str | None) -> Row[Any]:
    """Answer a question that one has claimed; its report, if still unsettled, is an enquiry that was answered.

    Raises NotFound, Conflict.
    """
    async with site.db.transaction() as connection:
        if entry_id is not None:
            await store.get_entry(connection, site.region, entry_id)
        row = await store.move_asked(
            connection, site.region, id, AskedState.ANSWERED, holder=actor,
            answer=words, source=source, entry_id=entry_id, answered_at=site.clock.now(), due_at=None,
        )  # fmt: skip
        await record(site, connection, "asked.answered", "asked", id, actor, entry=entry_id)
        if row.report_id is not None:
            await _settle(site, connection, row.report_id, actor)
        return row


async def _settle(site: Site, connection: AsyncConnection, report_id: UUID, actor: str) -> None:
    report = await reports.get_report(connection, site.region, report_id, lock=True)
    if report.state == ReportState.ANSWERED:
        await incidents.settle(site, connection, report_id, actor, ReportState.ENQUIRY, "")


async def adopt(site: Site, id: UUID, entry: Entry, actor: str) -> None:
    """Take a good answer into the base. Raises NotFound, Invalid, Conflict."""
    check_entry(entry, site.clock.now().date())
    async with site.db.transaction() as connection:
        row = await store.get_asked(connection, site.region, id)
        if row.state != AskedState.ANSWERED:
            raise NotFound("no_such_answer", asked=str(id))
        await _add_entry(site, connection, entry, actor)
        await record(site, connection, "asked.adopted", "asked", id, actor, entry=entry.id)


async def follow(site: Site, connection: AsyncConnection, entries: Sequence[JournalEntry]) -> None:
    """Subscriber of the journal: what was asked with a report that somebody else has settled waits no more.

    It waits again when the report's link to an incident was undone.
    """
    last = {UUID(one.subject): one.kind for one in entries}
    settled = [report for report, kind in last.items() if kind in _SETTLED]
    unlinked = [report for report, kind in last.items() if kind not in _SETTLED]
    for row in await store.withdrawn_of_reports(connection, site.region, unlinked) if unlinked else ():
        due = due_at(row.asked_at, row.rung, site.pack.targets.ladder)
        await store.ask_again(connection, row, due)
        await record(site, connection, "asked.waiting", "asked", row.id, SYSTEM)
    for row in await store.open_of_reports(connection, site.region, settled) if settled else ():
        await store.move_asked(connection, site.region, row.id, AskedState.WITHDRAWN, due_at=None)
        await record(site, connection, "asked.withdrawn", "asked", row.id, SYSTEM)


async def ring_due(site: Site) -> bool:
    """Journal that nobody has answered in time; who is told, the ladder says (supervise/notices.py).

    False when none is due.
    """
    async with site.db.transaction() as connection:
        rows = await store.claim_due(connection, site.region, site.clock.now(), RING_MOST)
        for row in rows:
            await record(
                site, connection, "asked.overdue", "asked", row.id, SYSTEM,
                rung=row.rung, org=row.org, asked_at=row.asked_at,
            )  # fmt: skip
            await store.climb(connection, row, due_at(row.asked_at, row.rung + 1, site.pack.targets.ladder))
        return bool(rows)
