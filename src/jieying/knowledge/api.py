"""Looking up answers, keeping the base, and the pool of questions that officers claim and answer."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field
from sqlalchemy import Row

from jieying.access.api import SignedIn, SiteNow, needs
from jieying.access.rules import Account, Permission
from jieying.citypack.model import Level
from jieying.incidents import store as reports
from jieying.journal.actions import Site
from jieying.kit.api import Body
from jieying.kit.errors import NotFound
from jieying.knowledge import actions, store
from jieying.knowledge.library import search
from jieying.knowledge.model import AskedState, Entry, QuestionClass, Scope

router = APIRouter(prefix="/knowledge", tags=["knowledge"])

Reads = Annotated[Account, needs(Permission.KNOWLEDGE_READ)]
Answers = Annotated[Account, needs(Permission.KNOWLEDGE_ANSWER)]
Edits = Annotated[Account, needs(Permission.KNOWLEDGE_EDIT)]
_PLAIN = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
Line = Annotated[str, Field(min_length=1, max_length=200, pattern=_PLAIN)]
Text = Annotated[str, Field(min_length=1, max_length=4000, pattern=_PLAIN)]
Code = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[A-Za-z0-9_-]+$")]


class QuestionView(BaseModel):
    id: str
    state: str
    class_: str = Field(alias="class")
    question: str
    wordings: list[str]
    answer: str
    source: str
    scope: str
    valid_until: date
    expires_soon: bool
    version: int
    changed_at: datetime
    changed_by: str


class PastView(BaseModel):
    version: int
    content: dict[str, Any]


class EntryDetail(QuestionView):
    past: list[PastView]


class QuestionsView(BaseModel):
    entries: list[QuestionView]


class HitView(BaseModel):
    entry: str
    class_: str = Field(alias="class")
    question: str
    answer: str
    source: str
    valid_until: date
    score: float


class FoundView(BaseModel):
    """Not `known`: the base has no answer. `urgent`: no question, somebody needs help now."""

    known: bool
    certainty: float
    urgent: bool
    hits: list[HitView]


class AskedView(BaseModel):
    """`words` are masked; who has claimed the question reads the original at `/original`."""

    id: UUID
    state: str
    words: str
    report: UUID | None
    asked_at: datetime
    due_at: datetime | None
    rung: int
    certainty: float
    suggested: list[str]
    claimed_by: str | None
    answer: str | None
    source: str | None
    entry: str | None
    answered_at: datetime | None


class AskedListView(BaseModel):
    asked: list[AskedView]


def _entry(site: Site, row: Row[Any]) -> dict[str, Any]:
    soon = store.entry_of(row).expires_soon(site.clock.now().date())
    return {**row._mapping, "expires_soon": soon}


def _asked(row: Row[Any]) -> AskedView:
    return AskedView(**{**row._mapping, "report": row.report_id, "entry": row.entry_id})


@router.get("/search")
async def find(
    site: SiteNow, _: Reads, q: Annotated[str, Query(max_length=2000)], most: Annotated[int, Query(ge=1, le=20)] = 3
) -> FoundView:
    """The entries that a question may mean, best first; always offer "none of these" beside them."""
    async with site.db.transaction() as connection:
        found = await search(site, connection, q, most)
    hits = [
        HitView(**{"class": hit.entry.class_}, entry=hit.entry.id, question=hit.entry.question, answer=hit.entry.answer,
                source=hit.entry.source, valid_until=hit.entry.valid_until, score=hit.score)
        for hit in found.hits
    ]  # fmt: skip
    return FoundView(known=found.known, certainty=found.certainty, urgent=found.urgent, hits=hits)


@router.get("/entries")
async def list_entries(
    site: SiteNow,
    _: Reads,
    class_: Annotated[QuestionClass | None, Query(alias="class")] = None,
    retired: bool = False,
) -> QuestionsView:
    async with site.db.transaction() as connection:
        rows = await store.list_entries(connection, site.region, class_, "retired" if retired else "current")
    return QuestionsView(entries=[QuestionView(**_entry(site, row)) for row in rows])


@router.get("/entries/{id}")
async def read_entry(id: Code, site: SiteNow, _: Reads) -> EntryDetail:
    """An entry with what it said before, newest first."""
    async with site.db.transaction() as connection:
        row = await store.get_entry(connection, site.region, id)
        past = await store.past_of(connection, site.region, id)
    return EntryDetail(**_entry(site, row), past=[PastView(version=p.version, content=p.content) for p in past])


class EntryIn(Body):
    class_: QuestionClass = Field(alias="class")
    question: Line
    wordings: list[Line] = Field([], max_length=10)
    answer: Text
    source: Text
    scope: Scope
    valid_until: date

    def entry(self, id: str) -> Entry:
        return Entry(
            id, self.class_, self.question, tuple(self.wordings), self.answer, self.source, self.scope, self.valid_until
        )


class NewEntryIn(EntryIn):
    id: Code


class ChangedEntryIn(EntryIn):
    version: int = Field(ge=1)


class VersionIn(Body):
    version: int = Field(ge=1)


@router.post("/entries", status_code=201)
async def add_entry(given: NewEntryIn, site: SiteNow, account: Edits) -> EntryDetail:
    await actions.add_entry(site, given.entry(given.id), account.actor)
    return await read_entry(given.id, site, account)


@router.put("/entries/{id}")
async def change_entry(id: Code, given: ChangedEntryIn, site: SiteNow, account: Edits) -> EntryDetail:
    """Say something else from now on; `version` is what the editor had before him."""
    await actions.change_entry(site, given.entry(id), given.version, account.actor)
    return await read_entry(id, site, account)


@router.post("/entries/{id}/retire")
async def retire_entry(id: Code, given: VersionIn, site: SiteNow, account: Edits) -> EntryDetail:
    await actions.retire_entry(site, id, given.version, account.actor)
    return await read_entry(id, site, account)


@router.get("/asked")
async def list_asked(
    site: SiteNow, _: Answers, state: Annotated[list[AskedState] | None, Query()] = None
) -> AskedListView:
    """The pool, the longest waiting first: what waits and what is claimed, or other states that are asked for."""
    async with site.db.transaction() as connection:
        rows = await store.list_asked(connection, site.region, state or store.OPEN)
    return AskedListView(asked=[_asked(row) for row in rows])


@router.get("/reports/{id}")
async def read_answer(id: UUID, site: SiteNow, account: SignedIn) -> AskedView:
    """What was answered to the enquiry of a report; a gateway reads only of those that it handed in itself."""
    async with site.db.transaction() as connection:
        report = await reports.find_report(connection, site.region, id)
        own = report is not None and report.handed_in_by == account.actor
        row = await store.asked_of_report(connection, site.region, id)
    if row is None or not (own or account.may(Permission.REPORT_READ)):
        raise NotFound("no_such_report", report=str(id))
    return _asked(row)


class QuestionIn(Body):
    words: Text


@router.post("/asked", status_code=201)
async def ask(given: QuestionIn, site: SiteNow, account: Answers) -> AskedView:
    """Put a question that came by another way to the base; unsure, it waits in the pool."""
    return _asked(await actions.put_question(site, given.words, Level.WHITE))


class OriginalView(BaseModel):
    words: str


@router.post("/asked/{id}/original")
async def read_original(id: UUID, site: SiteNow, account: Answers) -> OriginalView:
    """The question as it was asked, unmasked, for the one who has claimed it. The look-up is journalled."""
    return OriginalView(words=await actions.read_words(site, id, account.actor))


@router.post("/asked/{id}/claim")
async def claim(id: UUID, site: SiteNow, account: Answers) -> AskedView:
    return _asked(await actions.claim(site, id, account.actor))


@router.post("/asked/{id}/release")
async def release(id: UUID, site: SiteNow, account: Answers) -> AskedView:
    return _asked(await actions.release(site, id, account.actor))


class AnswerIn(Body):
    answer: Text
    source: Text
    entry: Code | None = None


@router.post("/asked/{id}/answer")
async def answer(id: UUID, given: AnswerIn, site: SiteNow, account: Answers) -> AskedView:
    return _asked(await actions.answer(site, id, account.actor, given.answer, given.source, given.entry))


@router.post("/asked/{id}/adopt", status_code=201)
async def adopt(id: UUID, given: NewEntryIn, site: SiteNow, account: Edits) -> EntryDetail:
    """Take a good answer into the base."""
    await actions.adopt(site, id, given.entry(given.id), account.actor)
    return await read_entry(given.id, site, account)
