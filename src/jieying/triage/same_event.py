"""Whether a new report speaks of an event that is known already. Suggested to a person, who decides.

Only a verbatim resend (`is_resend`) may be joined without a person.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from jieying.kit.geo import Point, distance_m
from jieying.kit.normal import plain
from jieying.kit.reasons import Reason

WINDOW_M = 300.0
WINDOW = timedelta(minutes=15)
RESEND_WINDOW = timedelta(minutes=10)

# What nearness in space, in time, and of the words count for a score of 0 to 1.
_SPACE, _TIME, _WORDS = 0.4, 0.2, 0.4
_FEWEST_PAIRS = 5  # "快来" inside another report says nothing: fewer pairs are never a full match
_WORTH_SAYING = 0.2  # share of common character pairs that is named as a reason


@dataclass(frozen=True)
class Facts:
    """What is compared of a report or of the incident it became; `category` is the top-level code."""

    incident: str
    received_at: datetime
    position: Point | None
    category: str | None
    words: str
    contact: str = ""
    channel: str = ""


@dataclass(frozen=True)
class Similar:
    """An incident that may be the same event. `score` 0 to 1; metres; seconds between the two reports."""

    incident: str
    score: float
    distance_m: float
    age_s: float
    reasons: tuple[Reason, ...]


def similar(new: Facts, others: Sequence[Facts], now: datetime) -> list[Similar]:
    """Those of the last 15 minutes within 300 m whose top-level category is the same or not known, best first.

    An incident with several reports appears once, by its best one.
    """
    best: dict[str, Similar] = {}
    pairs = _pairs(new.words)
    for other in others:
        one = _compared(new, pairs, other, now)
        if one and (one.incident not in best or one.score > best[one.incident].score):
            best[one.incident] = one
    return sorted(best.values(), key=lambda one: (-one.score, one.distance_m, one.incident))


def is_resend(new: Facts, other: Facts) -> bool:
    """The same words from the same contact by the same channel within 10 minutes: one report sent twice."""
    return (
        bool(new.contact)
        and new.contact == other.contact
        and new.channel == other.channel
        and abs(new.received_at - other.received_at) <= RESEND_WINDOW
        and plain(new.words) == plain(other.words) != ""
    )


def _compared(new: Facts, pairs: set[str], other: Facts, now: datetime) -> Similar | None:
    if new.position is None or other.position is None or now - other.received_at > WINDOW:
        return None
    if new.category and other.category and new.category != other.category:
        return None
    away = distance_m(new.position, other.position)
    age = abs((new.received_at - other.received_at).total_seconds())
    if away > WINDOW_M or age > WINDOW.total_seconds():
        return None
    share = _overlap(pairs, _pairs(other.words))
    reasons = [
        Reason("same_event_near", {"distance_m": round(away)}),
        Reason("same_event_recent", {"age_s": round(age)}),
    ]
    if new.category and other.category:
        reasons.append(Reason("same_event_category", {"category": new.category}))
    if share >= _WORTH_SAYING:
        reasons.append(Reason("same_event_words", {"percent": round(share * 100)}))
    score = _SPACE * (1 - away / WINDOW_M) + _TIME * (1 - age / WINDOW.total_seconds()) + _WORDS * share
    return Similar(other.incident, round(score, 3), away, age, tuple(reasons))


def _pairs(words: str) -> set[str]:
    text = plain(words).replace(" ", "")
    return {text[i : i + 2] for i in range(len(text) - 1)}


def _overlap(a: set[str], b: set[str]) -> float:
    """Common pairs as a share of the smaller set: a short report may repeat a part of a long one."""
    return len(a & b) / max(min(len(a), len(b)), _FEWEST_PAIRS)
