"""What is suggested to a call-taker while she types. Nothing is stored."""

import asyncio
from datetime import date
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.access.api import SiteNow
from jieying.citypack.model import Name
from jieying.incidents import store
from jieying.intake import rules
from jieying.intake.api import Answers, Takes, city_of
from jieying.intake.city import City
from jieying.intake.same import facts_of, similar_incidents, top_category
from jieying.intake.suggest import Suggestions, suggest
from jieying.journal.actions import Site
from jieying.kit.api import Body, PositionIn
from jieying.kit.geo import Point
from jieying.knowledge.library import search
from jieying.places.locate import PlaceCandidate
from jieying.triage.rules import Understood
from jieying.triage.same_event import Facts

router = APIRouter(tags=["intake"])

ANSWERS_SHOWN = 3
GONE = 499  # nobody reads this answer any more


class Said(Body):
    """`position`: where a device says it is. `at`: where the call-taker decided that it is."""

    words: str
    position: PositionIn | None = None
    at: PositionIn | None = None
    answers: Answers = Field({}, max_length=50)


class ReasonShown(BaseModel):
    code: str
    params: dict[str, Any]


class CategoryShown(BaseModel):
    category: str
    confidence: float


class SpanShown(BaseModel):
    """`words[start:end]` of what was sent, counted in code points: an emoji is one."""

    text: str
    start: int
    end: int


class WordShown(SpanShown):
    weight: float


class AlarmShown(BaseModel):
    word: str
    start: int
    end: int
    level: str


class PlaceShown(BaseModel):
    name: str
    kind: str
    lat: float
    lon: float
    confidence: float
    area: str | None
    reasons: list[ReasonShown]


class SimilarShown(BaseModel):
    incident: str
    number: str
    score: float
    distance_m: float | None
    age_s: float
    reasons: list[ReasonShown]


class FieldShown(BaseModel):
    """A field of a stop-payment request; not `certain`: only its surroundings suggest what it is."""

    value: str
    start: int
    end: int
    certain: bool


class FraudShown(BaseModel):
    likely: bool
    confidence: float
    fields: dict[str, FieldShown]
    missing: list[str]


class NameShown(BaseModel):
    zh: str
    en: str


class AnswerShown(BaseModel):
    """An answer, and what category and level are once it is given."""

    say: NameShown
    category: str | None
    level: str


class QuestionShown(BaseModel):
    code: str
    ask: NameShown
    answers: list[AnswerShown]


class KnowledgeHit(BaseModel):
    entry: str
    question: str
    answer: str
    source: str
    valid_until: date
    score: float


class KnowledgeShown(BaseModel):
    """Entries that may answer, best first; none where the base has no answer or somebody needs help now."""

    sure: bool
    certainty: float
    hits: list[KnowledgeHit]


class UnderstoodView(BaseModel):
    category: str | None
    confidence: float
    others: list[CategoryShown]
    level: str
    ours: str
    reasons: list[ReasonShown]
    spans: list[WordShown]
    alarms: list[AlarmShown]
    fraud: FraudShown
    places: list[PlaceShown]
    which_place: NameShown | None
    questions: list[QuestionShown]
    similar: list[SimilarShown]
    knowledge: KnowledgeShown


@router.post("/understand", response_model=UnderstoodView)
async def understand(given: Said, request: Request, site: SiteNow, _: Takes) -> UnderstoodView | Response:
    """What the platform makes of these words, and what the answers to key questions change in it."""
    rules.check_words(given.words)
    city = city_of(request)
    city.questions.check(given.answers)
    device = given.position.point if given.position else None
    accuracy = given.position.accuracy_m if given.position else None
    async with city.turns:
        if await request.is_disconnected():  # she typed on: the newer words are waiting already
            return Response(status_code=GONE)
        made = await asyncio.to_thread(suggest, city, given.words, given.answers, device, accuracy)
    return await _shown(site, city, given, made)


async def _shown(site: Site, city: City, given: Said, made: Suggestions) -> UnderstoodView:
    found = made.found
    at = given.at.point if given.at else made.places[0].position if made.places else None
    async with site.db.transaction() as connection:
        similar = await _similar(site, city, connection, given.words, found, at)
        knowledge = await _knowledge(site, connection, given.words, made)
    return UnderstoodView(
        category=found.category,
        confidence=found.confidence,
        others=[CategoryShown(category=code, confidence=sure) for code, sure in found.others],
        level=str(found.level),
        ours=found.ours,
        reasons=_reasons(found.reasons),
        spans=[WordShown(text=s.text, start=s.start, end=s.end, weight=s.weight) for s in found.spans],
        alarms=[AlarmShown(word=a.word, start=a.start, end=a.end, level=str(a.level)) for a in found.alarms],
        fraud=_fraud(made),
        places=[
            PlaceShown(
                name=p.name, kind=p.kind, lat=p.position.lat, lon=p.position.lon, confidence=p.confidence,
                area=p.area, reasons=_reasons(p.reasons),
            )
            for p in made.places
        ],
        which_place=NameShown(zh=made.which["zh"], en=made.which["en"]) if made.which else None,
        questions=[
            QuestionShown(
                code=one.question.code,
                ask=_name(one.question.ask),
                answers=[
                    AnswerShown(say=_name(answer.say), category=category, level=str(level))
                    for answer, (category, level) in zip(one.question.answers, one.outcomes, strict=True)
                ],
            )
            for one in made.questions
        ],
        similar=similar,
        knowledge=knowledge,
    )  # fmt: skip


def _reasons(reasons: Any) -> list[ReasonShown]:
    return [ReasonShown(code=one.code, params=dict(one.params)) for one in reasons]


def _name(name: Name) -> NameShown:
    return NameShown(zh=name.zh, en=name.en or name.zh)


def _fraud(made: Suggestions) -> FraudShown:
    payment = made.payment
    fields = vars(payment) if payment else {}
    return FraudShown(
        likely=payment is not None,
        confidence=round(made.found.fraud, 3),
        fields={
            name: FieldShown(value=said.value, start=said.start, end=said.end, certain=said.certain)
            for name, said in fields.items()
            if said is not None
        },
        missing=list(payment.missing) if payment else [],
    )


async def _similar(
    site: Site, city: City, connection: AsyncConnection, words: str, found: Understood, at: Point | None
) -> list[SimilarShown]:
    top = top_category(city, found.category)
    mine = Facts("", site.clock.now(), at, found.category, top, words, vector=found.vector)
    return [SimilarShown(**one) for one in await similar_incidents(site, city, connection, mine)]


async def _knowledge(site: Site, connection: AsyncConnection, words: str, made: Suggestions) -> KnowledgeShown:
    if made.is_cry:
        return KnowledgeShown(sure=False, certainty=0.0, hits=[])
    found = await search(site, connection, words, ANSWERS_SHOWN)
    hits = [
        KnowledgeHit(
            entry=hit.entry.id, question=hit.entry.question, answer=hit.entry.answer, source=hit.entry.source,
            valid_until=hit.entry.valid_until, score=hit.score,
        )
        for hit in (found.hits if found.known else ())
    ]  # fmt: skip
    return KnowledgeShown(sure=found.sure, certainty=found.certainty, hits=hits)


class SimilarListView(BaseModel):
    similar: list[SimilarShown]


@router.get("/reports/{id}/similar")
async def similar(id: UUID, request: Request, site: SiteNow, _: Takes) -> SimilarListView:
    """Which open incidents a report that waits for a person may speak of, as it stands now; also without a place."""
    city = city_of(request)
    async with site.db.transaction() as connection:
        report = await store.get_report(connection, site.region, id)
        device = None if report.lat is None else Point(report.lat, report.lon)
        places = city.locator.locate(report.words, device, report.accuracy_m)
        chosen = rules.choose_place(places)
        point = chosen.position if isinstance(chosen, PlaceCandidate) else None
        mine = facts_of(city, report, report.category, point, places)
        apart_from = [*report.apart_from, *([report.incident_id] if report.incident_id else [])]
        found = await similar_incidents(site, city, connection, mine, apart_from)
    return SimilarListView(similar=[SimilarShown.model_validate(one) for one in found])
