"""Requests go out as a batch, and answers come back: each is one transaction, wholly done or not at all."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.diversion.antifraud import store
from jieying.diversion.antifraud.exchange import RowFault, read_answers
from jieying.diversion.antifraud.fields import from_json
from jieying.diversion.antifraud.model import Answer, StopState
from jieying.diversion.antifraud.rules import AnswerRow, Known, due_at, judge
from jieying.diversion.antifraud.scope import places
from jieying.journal.actions import Site, entry
from jieying.journal.store import NewEntry, append
from jieying.kit.errors import Conflict, Invalid
from jieying.kit.ids import new_id

BATCH_MOST = 500
FAULTS_SHOWN = 100


async def export(site: Site, actor: str) -> Row[Any]:
    """Put everything that is requested into a batch and mark it sent. Raises Conflict when nothing is."""
    now = site.clock.now()
    id_ = new_id(now)
    async with site.db.transaction() as connection:
        rows = await store.claim_requested(connection, site.region, BATCH_MOST)
        if not rows:
            raise Conflict("nothing_to_send")
        cases = {id_: await store.get_case(connection, site.region, id_) for id_ in {row.case_id for row in rows}}
        content = [_columns(row, cases[row.case_id], id_) for row in rows]
        await store.add_batch(connection, region=site.region, id=id_, at=now, by=actor, rows=content)
        for row in rows:
            await store.move_stop(
                connection, site.region, row.id, StopState.SENT,
                sent_at=now, batch_id=id_, due_at=due_at(StopState.SENT, now),
            )  # fmt: skip
        told = entry(site, "fraud.exported", "fraud_batch", id_, actor, count=len(rows))
        await _append(site, connection, [(row, "fraud.sent", {"batch": str(id_)}) for row in rows], actor, [told])
        return await store.get_batch(connection, site.region, id_)


def _columns(row: Row[Any], case: Row[Any], batch: UUID) -> dict[str, Any]:
    values = {name: field.value for name, field in from_json(row.fields).items()}
    return {
        "request_id": str(row.id), "batch_id": str(batch), "number": row.number, **values, "made_by": case.made_by,
        "acting_as": case.acting_as, "requested_at": row.requested_at.isoformat(),
    }  # fmt: skip


async def read_batch(site: Site, id: UUID, actor: str) -> Row[Any]:
    """What was sent, once more; that it was read is on record. Raises NotFound."""
    async with site.db.transaction() as connection:
        row = await store.get_batch(connection, site.region, id)
        await append(connection, [entry(site, "fraud.export_read", "fraud_batch", id, actor)])
        return row


@dataclass(frozen=True)
class Taken:
    """How many answers changed something, were known already, or came too late to change anything."""

    taken: int = 0
    repeated: int = 0
    late: int = 0


async def take_answers(site: Site, content: bytes, actor: str) -> Taken:
    """Read a file of answers. Raises Invalid naming every bad line, and then nothing of the file has been taken."""
    rows, wrong = read_answers(content)
    told: list[tuple[Row[Any], str, dict[str, Any]]] = []
    counted = {"apply": 0, "repeated": 0, "late": 0}
    async with site.db.transaction() as connection:
        requests = await store.lock_stops(connection, site.region, [UUID(row.request) for row in rows])
        ours = await store.known_batches(connection, site.region, [UUID(row.batch) for row in rows])
        for row in rows:
            known = requests.get(row.request)
            verdict = (
                "unknown_request" if known is None else judge(_known(known), row, row.batch in ours, site.clock.now())
            )
            if verdict not in counted:
                wrong.append(RowFault(row.line, verdict))
                continue
            counted[verdict] += 1
            if verdict == "apply":
                after = await _apply(site, connection, row)
                requests[row.request] = after
                told.append((after, f"fraud.{row.answer}", {"refusal": row.reason} if row.reason else {}))
        if wrong:
            raise _bad(wrong)
        await _append(site, connection, told, actor)
    return Taken(counted["apply"], counted["repeated"], counted["late"])


def _known(row: Row[Any]) -> Known:
    batch = str(row.batch_id) if row.batch_id else None
    return Known(StopState(row.state), batch, row.sent_at, row.answer, row.answer_at, row.stopped_amount)


def _bad(wrong: list[RowFault]) -> Invalid:
    wrong.sort(key=lambda fault: fault.line)
    shown = [{"line": fault.line, "code": fault.code} for fault in wrong[:FAULTS_SHOWN]]
    return Invalid("answers_bad", count=len(wrong), line=wrong[0].line, answer_fault=wrong[0].code, rows=shown)


async def _apply(site: Site, connection: AsyncConnection, row: AnswerRow) -> Row[Any]:
    state = StopState(row.answer)
    amount: Decimal | None = row.stopped_amount if row.answer is Answer.STOPPED else None
    return await store.move_stop(
        connection, site.region, UUID(row.request), state, answer=str(row.answer), answer_at=row.at,
        refusal=row.reason, stopped_amount=amount, due_at=due_at(state, site.clock.now(), row.at),
    )  # fmt: skip


async def _append(
    site: Site,
    connection: AsyncConnection,
    told: list[tuple[Row[Any], str, dict[str, Any]]],
    actor: str,
    more: list[NewEntry] | None = None,
) -> None:
    """Journal what became of several requests, each on its case and on the timeline of its incident."""
    if not told:
        return
    ids = {row.case_id for row, _, _ in told}
    where = await places(site, connection, [await store.get_case(connection, site.region, id_) for id_ in ids])
    entries = [
        entry(
            site, kind, "fraud", row.case_id, actor, where[row.case_id].incident,
            org=where[row.case_id].org, stop=str(row.id), number=row.number, **data,
        )
        for row, kind, data in sorted(told, key=lambda one: one[0].id)
    ]  # fmt: skip
    await append(connection, [*entries, *(more or [])])
