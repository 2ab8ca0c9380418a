"""Cases and requests as the API shows them: in lists masked, in full only where a case is opened."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import BaseModel
from sqlalchemy import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.diversion.antifraud import store
from jieying.diversion.antifraud.fields import faults, from_json, masked
from jieying.diversion.antifraud.model import LASTS, TIMES_MOST, StopState
from jieying.diversion.antifraud.rules import urgency
from jieying.diversion.antifraud.scope import Place
from jieying.journal import store as journal
from jieying.journal.actions import Site


class FieldView(BaseModel):
    value: str
    source: str
    certain: bool
    checked: bool
    start: int | None
    end: int | None


class FaultView(BaseModel):
    field: str
    code: str


class StopView(BaseModel):
    id: UUID
    state: str
    number: int
    fields: dict[str, FieldView]
    faults: list[FaultView]
    requested_at: datetime | None
    sent_at: datetime | None
    answer_at: datetime | None
    refusal: str | None
    stopped_amount: str | None
    ends_at: datetime | None
    due_at: datetime | None
    may_renew: bool
    version: int


class HistoryView(BaseModel):
    at: datetime
    kind: str
    actor: str
    data: dict[str, Any]


class CaseView(BaseModel):
    id: UUID
    state: str
    report: UUID
    incident: UUID | None
    number: str | None
    channel: str
    words: str
    received_at: datetime
    opened_at: datetime
    made_by: str
    acting_as: str
    close_reason: str | None
    stops: list[StopView]
    history: list[HistoryView]


class CaseLine(BaseModel):
    """One line of the list: masked, with the request that is most urgent."""

    id: UUID
    state: str
    number: str | None
    opened_at: datetime
    victim: str
    counter_account: str
    bank: str
    amount: str
    transferred_at: datetime | None
    stop_state: str
    stop_number: int
    stops: int
    faults: list[FaultView]
    due_at: datetime | None
    ends_at: datetime | None


def _moment(value: str | None) -> datetime | None:
    """The time of the transfer, if it has been understood."""
    try:
        moment = datetime.fromisoformat(value or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _ends_at(row: Row[Any]) -> datetime | None:
    return row.answer_at + LASTS if row.state in (StopState.STOPPED, StopState.LAPSED) else None


def _faults(row: Row[Any], case: Row[Any], now: datetime) -> list[FaultView]:
    if row.state != StopState.DRAFT:
        return []
    found = faults(from_json(row.fields), case.made_by, case.acting_as, now)
    return [FaultView(field=fault.field, code=fault.code) for fault in found]


def _stop(row: Row[Any], case: Row[Any], now: datetime) -> StopView:
    return StopView(
        id=row.id, state=row.state, number=row.number, version=row.version,
        fields={name: FieldView(**field.as_json()) for name, field in from_json(row.fields).items()},
        faults=_faults(row, case, now), requested_at=row.requested_at, sent_at=row.sent_at, answer_at=row.answer_at,
        refusal=row.refusal, stopped_amount=None if row.stopped_amount is None else str(row.stopped_amount),
        ends_at=_ends_at(row), due_at=row.due_at,
        may_renew=row.state in (StopState.STOPPED, StopState.LAPSED) and row.number < TIMES_MOST,
    )  # fmt: skip


async def show_case(site: Site, connection: AsyncConnection, case: Row[Any], place: Place) -> CaseView:
    """Everything of one case; whoever shows it records that it was looked at."""
    now, report = site.clock.now(), place.report
    rows = await store.stops_of(connection, site.region, [case.id])
    entries = await journal.of_subject(connection, site.region, "fraud", case.id)
    return CaseView(
        id=case.id, state=case.state, report=report.id, incident=place.incident, number=place.number,
        channel=report.channel, words=report.words, received_at=report.received_at, opened_at=case.opened_at,
        made_by=case.made_by, acting_as=case.acting_as, close_reason=case.close_reason,
        stops=[_stop(row, case, now) for row in rows],
        history=[HistoryView(at=one.at, kind=one.kind, actor=one.actor, data=one.data) for one in entries],
    )  # fmt: skip


def show_lines(
    cases: Sequence[Row[Any]], stops: Sequence[Row[Any]], places: dict[UUID, Place], now: datetime
) -> list[CaseLine]:
    """The list, most urgent first."""
    of_case: dict[UUID, list[tuple[tuple[int, float], Row[Any]]]] = {}
    for row in stops:
        time = row.fields.get("time", {}).get("value")
        of_case.setdefault(row.case_id, []).append((urgency(row.state, _moment(time), row.due_at, now), row))
    ranked = sorted(((*min(of_case[case.id], key=lambda one: one[0]), case) for case in cases), key=lambda one: one[0])
    return [_line(row, case, places[case.id], len(of_case[case.id]), now) for _, row, case in ranked]


def _line(row: Row[Any], case: Row[Any], place: Place, stops: int, now: datetime) -> CaseLine:
    values = {name: field.value for name, field in from_json(row.fields).items()}

    def hidden(name: str) -> str:
        return masked(name, values.get(name, ""))

    return CaseLine(
        id=case.id, state=case.state, number=place.number, opened_at=case.opened_at, victim=hidden("victim"),
        counter_account=hidden("counter_account"), bank=values.get("bank", ""), amount=values.get("amount", ""),
        transferred_at=_moment(values.get("time")), stop_state=row.state, stop_number=row.number, stops=stops,
        faults=_faults(row, case, now), due_at=row.due_at, ends_at=_ends_at(row),
    )  # fmt: skip
