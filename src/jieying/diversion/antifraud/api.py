"""The anti-fraud desk over HTTP. There is no way to ask for an account or a person: only for the cases of victims."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from jieying.access.api import SiteNow, needs
from jieying.access.rules import Account, Permission
from jieying.diversion.antifraud import actions, batches, store
from jieying.diversion.antifraud.exchange import render, sha256
from jieying.diversion.antifraud.model import FIELD_MOST, CaseState, CloseReason, Format, MadeBy
from jieying.diversion.antifraud.scope import need_city, places, seen_case
from jieying.diversion.antifraud.views import CaseLine, CaseView, show_case, show_lines
from jieying.journal.actions import Site
from jieying.kit.api import Body

router = APIRouter(prefix="/antifraud", tags=["antifraud"])

Reads = Annotated[Account, needs(Permission.FRAUD_READ)]
Works = Annotated[Account, needs(Permission.FRAUD_DESK)]
_PLAIN = r"^[^\x00-\x1f\x7f]*$"
Line = Annotated[str, Field(max_length=FIELD_MOST, pattern=_PLAIN)]
LIST_MOST = 500


class CasesView(BaseModel):
    cases: list[CaseLine]


@router.get("/cases")
async def list_cases(site: SiteNow, account: Reads, state: CaseState = CaseState.OPEN) -> CasesView:
    """The cases of the account's scope, most urgent first; accounts and names are masked."""
    async with site.db.transaction() as connection:
        rows = await store.list_cases(connection, site.region, state, LIST_MOST)
        where = await places(site, connection, rows)
        seen = [row for row in rows if account.sees(where[row.id].org_paths)]
        stops = await store.stops_of(connection, site.region, [row.id for row in seen])
    return CasesView(cases=show_lines(seen, stops, where, site.clock.now()))


@router.get("/cases/{id}")
async def read_case(id: UUID, site: SiteNow, account: Reads) -> CaseView:
    """One case in full. That it was looked at is on record, with the case as the reason."""
    async with site.db.transaction() as connection:
        await seen_case(site, connection, account, id)
    await actions.look_up(site, id, account.actor)
    return await _shown(site, account, id)


async def _shown(site: Site, account: Account, id: UUID) -> CaseView:
    async with site.db.transaction() as connection:
        return await show_case(site, connection, *await seen_case(site, connection, account, id))


async def _case_of(site: Site, account: Account, stop: UUID) -> UUID:
    """The case of a request, if the account may see it."""
    async with site.db.transaction() as connection:
        row = await store.get_stop(connection, site.region, stop)
        await seen_case(site, connection, account, row.case_id)
    case: UUID = row.case_id
    return case


class ReporterIn(Body):
    made_by: MadeBy
    acting_as: Line = ""


@router.post("/cases/{id}/reporter")
async def set_reporter(id: UUID, given: ReporterIn, site: SiteNow, account: Works) -> CaseView:
    """Whether the victim reports, or somebody for the victim, and as what."""
    async with site.db.transaction() as connection:
        await seen_case(site, connection, account, id)
    await actions.set_reporter(site, id, given.made_by, given.acting_as, account.actor)
    return await _shown(site, account, id)


@router.post("/cases/{id}/requests", status_code=201)
async def add_request(id: UUID, site: SiteNow, account: Works) -> CaseView:
    """A further draft: the victim has paid to another account too."""
    async with site.db.transaction() as connection:
        await seen_case(site, connection, account, id)
    await actions.add_draft(site, id, account.actor)
    return await _shown(site, account, id)


class CloseIn(Body):
    reason: CloseReason


@router.post("/cases/{id}/close")
async def close(id: UUID, given: CloseIn, site: SiteNow, account: Works) -> CaseView:
    async with site.db.transaction() as connection:
        await seen_case(site, connection, account, id)
    await actions.close(site, id, given.reason, account.actor)
    return await _shown(site, account, id)


@router.post("/cases/{id}/reopen")
async def reopen(id: UUID, site: SiteNow, account: Works) -> CaseView:
    async with site.db.transaction() as connection:
        await seen_case(site, connection, account, id)
    await actions.reopen(site, id, account.actor)
    return await _shown(site, account, id)


class FieldsIn(Body):
    """What a person has looked at; an empty value takes the field away. `version`: of the request as it was shown."""

    victim: Line | None = None
    contact: Line | None = None
    account: Line | None = None
    counter_account: Line | None = None
    counter_name: Line | None = None
    bank: Line | None = None
    amount: Line | None = None
    time: Line | None = None
    method: Line | None = None
    version: int = Field(ge=1)


class VersionIn(Body):
    version: int = Field(ge=1)


@router.post("/requests/{id}/fields")
async def correct_fields(id: UUID, given: FieldsIn, site: SiteNow, account: Works) -> CaseView:
    case = await _case_of(site, account, id)
    values = given.model_dump(exclude={"version"}, exclude_none=True)
    await actions.correct_fields(site, id, values, given.version, account.actor)
    return await _shown(site, account, case)


@router.post("/requests/{id}/request")
async def request(id: UUID, given: VersionIn, site: SiteNow, account: Works) -> CaseView:
    """Ask for the payment to be stopped; 422 names every field that is missing or wrong."""
    case = await _case_of(site, account, id)
    await actions.request(site, id, given.version, account.actor)
    return await _shown(site, account, case)


@router.post("/requests/{id}/take-back")
async def take_back(id: UUID, site: SiteNow, account: Works) -> CaseView:
    case = await _case_of(site, account, id)
    await actions.take_back(site, id, account.actor)
    return await _shown(site, account, case)


@router.post("/requests/{id}/withdraw")
async def withdraw(id: UUID, site: SiteNow, account: Works) -> CaseView:
    case = await _case_of(site, account, id)
    await actions.withdraw(site, id, account.actor)
    return await _shown(site, account, case)


@router.post("/requests/{id}/renew")
async def renew(id: UUID, site: SiteNow, account: Works) -> CaseView:
    """The second and last time for this account."""
    case = await _case_of(site, account, id)
    await actions.renew(site, id, account.actor)
    return await _shown(site, account, case)


class BatchView(BaseModel):
    batch: UUID
    count: int
    sha256: dict[str, str]


@router.post("/exports", status_code=201)
async def export(site: SiteNow, account: Works) -> BatchView:
    """Everything that is requested becomes one batch and is marked sent; its file is fetched then, or again later."""
    need_city(site, account)
    row = await batches.export(site, account.actor)
    return BatchView(
        batch=row.id, count=len(row.rows), sha256={str(one): sha256(render(row.rows, one)) for one in Format}
    )


@router.get("/exports/{id}")
async def read_export(id: UUID, site: SiteNow, account: Works, format: Format = Format.CSV) -> Response:
    """The file of a batch; that it was read is on record."""
    need_city(site, account)
    row = await batches.read_batch(site, id, account.actor)
    content = render(row.rows, format)
    headers = {
        "Content-Disposition": f'attachment; filename="stop-payment-{id}.{format}"',
        "X-Content-SHA256": sha256(content),
    }
    media = "text/csv; charset=utf-8" if format is Format.CSV else "application/x-ndjson"
    return Response(content, media_type=media, headers=headers)


class TakenView(BaseModel):
    taken: int
    repeated: int
    late: int


@router.post("/answers")
async def take_answers(request: Request, site: SiteNow, account: Works) -> TakenView:
    """The file of answers as the raw body; 422 names every bad line, and then nothing of it has been taken."""
    need_city(site, account)
    taken = await batches.take_answers(site, await request.body(), account.actor)
    return TakenView(taken=taken.taken, repeated=taken.repeated, late=taken.late)
