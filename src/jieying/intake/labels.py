"""What call-takers accept or change is kept as a label: what the platform proposed, what a person decided.

The words stay in the report, a label repeats none of them. From labels others train and evaluate on their own
corrections (`jieying understand labels`); nobody is measured by them, so that an export names no person.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from jieying.citypack.model import CityPack
from jieying.incidents import store as incidents
from jieying.incidents.store import ReportRow
from jieying.intake import store
from jieying.intake.city import City
from jieying.intake.suggest import proposal_of
from jieying.journal.actions import Site, record
from jieying.journal.model import Entry
from jieying.kit.geo import Point
from jieying.kit.ids import new_id
from jieying.kit.masking import mask
from jieying.triage.questions import Questions

log = logging.getLogger(__name__)

Decided = dict[str, Any]
_AMENDED = ("category", "level", "place")
HEEDS = frozenset({"incident.amended"})


def decided(
    category: str | None = None, level: str | None = None, point: Point | None = None, **more: str | None
) -> Decided:
    """What a person decided; what she left to the platform is left out."""
    place = {"lat": point.lat, "lon": point.lon} if point else None
    all_of = {"category": category, "level": level and str(level), "place": place, **more}
    return {key: value for key, value in all_of.items() if value}


async def keep(
    site: Site, city: City, connection: AsyncConnection, report: ReportRow, act: str, actor: str, what: Decided
) -> None:
    """Store a label beside the decision, in its transaction; nothing decided, nothing stored."""
    if not what:
        return
    now, proposed = site.clock.now(), _proposed(city, report.words)
    if "place" in what:
        what = {**what, "place": _named(what["place"], proposed.get("places", ()))}
    await store.add_label(
        connection, region=site.region, id=new_id(now), report_id=report.id, act=act, at=now, by=actor,
        model=city.model, proposed=proposed, decided=what,
    )  # fmt: skip


def _named(place: dict[str, Any], proposed: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A place that was proposed has a name; one that was chosen on the map has none."""
    same = [one for one in proposed if (one["lat"], one["lon"]) == (place.get("lat"), place.get("lon"))]
    return {"name": same[0]["name"], **place} if same else place


def _proposed(city: City, words: str) -> dict[str, Any]:
    """What the platform makes of the words alone. A label is not worth that a decision fails."""
    try:
        return proposal_of(city.understanding.understand(words), city.locator.locate(words, None, None))
    except Exception:
        log.exception("a label is kept without what was proposed")
        return {}


async def follow(city: City, site: Site, connection: AsyncConnection, entries: Sequence[Entry]) -> None:
    """Subscriber of the journal: a person corrected an incident; its first report is what was misunderstood."""
    for one in entries:
        what = {key: one.data[key] for key in _AMENDED if key in one.data}
        if not what:
            continue
        if "lat" in one.data:
            what["place"] = {"name": one.data.get("place", ""), "lat": one.data["lat"], "lon": one.data["lon"]}
        elif "place" in what:
            what["place"] = {"name": what["place"]}
        first = (await incidents.reports_of(connection, site.region, UUID(one.subject)))[:1]
        for report in first:
            await keep(site, city, connection, report, "amended", one.actor, what)


async def export(site: Site, questions: Questions, actor: str) -> list[dict[str, Any]]:
    """One line for each report with labels, as `understand evaluate --data` reads it; names and numbers masked."""
    async with site.db.transaction() as connection:
        labels = await store.list_labels(connection, site.region)
        rows = await incidents.reports_by_ids(connection, site.region, list({one.report_id for one in labels}))
        reports = {row.id: row for row in rows}
        lines = list(_lines(site.pack, questions, labels, reports))
        await record(site, connection, "label.exported", "label", site.region, actor, count=len(lines))
    return lines


def _lines(
    pack: CityPack, questions: Questions, labels: Sequence[Any], reports: Mapping[UUID, ReportRow]
) -> Iterator[dict[str, Any]]:
    by_report: dict[UUID, list[Any]] = {}
    for one in labels:
        by_report.setdefault(one.report_id, []).append(one)
    for id_, several in by_report.items():
        what = {key: value for one in several for key, value in one.decided.items()}
        words = _masked(reports[id_], questions)
        if not words:
            continue
        category = pack.categories.get(what.get("category", ""))
        yield {
            "text": words,
            "category": category.code if category else None,
            "level": what.get("level"),
            "alarms": None,
            "place": mask(what.get("place", {}).get("name", "")) or None,
            "ours": what.get("ours") or (category.kind if category else None),
            "proposed": several[-1].proposed,
            "model": several[-1].model,
            "at": several[-1].at.isoformat(),
        }


def _masked(report: ReportRow, questions: Questions) -> str:
    """The words and what was answered to key questions, without what would tell who it was."""
    asked = {one.code: one for one in questions}
    answers = [
        f"{asked[code].ask.zh}{asked[code].answers[index].say.zh}"
        for code, index in report.answers.items()
        if code in asked and index < len(asked[code].answers)
    ]
    words = report.words.strip()
    for secret in (report.reporter_name.strip(), report.reporter_contact.strip()):
        words = words.replace(secret, "*" * len(secret)) if len(secret) > 1 else words
    return "\n".join([mask(words), *answers]) if words else ""
