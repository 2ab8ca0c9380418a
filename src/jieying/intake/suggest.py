"""Everything that is suggested to a call-taker from the words alone, and its short form for reports that wait.

No database: it is worked out in a thread, while others are served. Who decides is the call-taker.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jieying.citypack.model import CityPack, Level
from jieying.diversion.antifraud.rules import tells_of_fraud
from jieying.intake.city import City
from jieying.kit.geo import Point
from jieying.kit.texts import LANGUAGES, Language, text
from jieying.places import ask
from jieying.places.locate import PlaceCandidate
from jieying.triage.fraud import Payment, read_payment
from jieying.triage.questions import Question
from jieying.triage.rules import Understood

PLACES = 4
_SHOWN = 3


@dataclass(frozen=True)
class Open:
    """A question not answered yet; for each of its answers, what category and level would be then."""

    question: Question
    outcomes: tuple[tuple[str | None, Level], ...]


@dataclass(frozen=True)
class Suggestions:
    """`found` knows the answers given. `payment`: the fields of a stop-payment request, where it may be fraud.

    `which`: what decides between two places that are about equally likely, in each language; empty if nothing has to.
    """

    found: Understood
    places: list[PlaceCandidate]
    payment: Payment | None
    questions: list[Open]
    which: Mapping[Language, str]

    @property
    def is_cry(self) -> bool:
        """Whether an alarm word is meant: nobody wants to read a leaflet then."""
        return any(reason.code == "alarm_word" for reason in self.found.reasons)


def suggest(
    city: City, words: str, answers: Mapping[str, int], device: Point | None = None, accuracy_m: float | None = None
) -> Suggestions:
    """All of it at once. `answers`: key question → number of its answer."""
    said = city.understanding.understand(words)
    found = city.questions.after(said, answers)
    places = city.locator.locate(words, device, accuracy_m)[:PLACES]
    fraud = tells_of_fraud(city.pack, found.category, found.fraud)
    asked = [
        Open(one, tuple(_outcome(city, said, {**answers, one.code: i}) for i in range(len(one.answers))))
        for one in city.questions.still_open(words, found.category, located=bool(places))
        if one.code not in answers
    ]
    return Suggestions(found, places, read_payment(words) if fraud else None, asked, which_place(city.pack, places))


def which_place(pack: CityPack, places: Sequence[PlaceCandidate]) -> dict[Language, str]:
    """The question that decides between places, in each language; empty if there is nothing to ask."""
    said: dict[Language, str] = {}
    for language in LANGUAGES:
        names = {area.code: getattr(area.name, language) or area.name.zh for area in pack.areas}
        asked = ask.question(places, names.__getitem__)
        if asked:
            said[language] = text(f"ask.{asked.code}", language, **asked.params)
    return said


def _outcome(city: City, said: Understood, answers: Mapping[str, int]) -> tuple[str | None, Level]:
    then = city.questions.after(said, answers)
    return then.category, then.level


def proposal_of(found: Understood, places: list[PlaceCandidate]) -> dict[str, Any]:
    """What is stored of suggestions: for the label, and for the card of a report that waits for a person."""
    best = [(found.category, found.confidence)] if found.category else []
    categories = best + [(code, sure) for code, sure in found.others if code != found.category]
    return {
        "categories": [{"code": code, "confidence": sure} for code, sure in categories[:_SHOWN]],
        "level": str(found.level),
        "ours": found.ours,
        "places": [
            {"name": p.name, "lat": p.position.lat, "lon": p.position.lon, "confidence": round(p.confidence, 3)}
            for p in places[:_SHOWN]
        ],
    }
