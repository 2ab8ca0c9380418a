"""Whether a new report speaks of an event that is known already. Suggested to a person, who decides.

Only a verbatim resend (`is_resend`) may be joined without a person. The formula is told in docs/same-event.md.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jieying.kit.encoder import SIZE
from jieying.kit.geo import Point, distance_m
from jieying.kit.normal import plain
from jieying.kit.reasons import Reason
from jieying.triage.same_event_weights import SHARE_OF_BEST, SHOWN, WEIGHTS
from jieying.triage.text import number

WINDOW_M = 600.0  # two places that witnesses name for one event lie up to 400 m from it each
WINDOW = timedelta(minutes=30)  # between two reports of one event
RESEND_WINDOW = timedelta(minutes=10)
READ = 400  # characters of a report that are compared

_FEWEST_PAIRS = 5  # "快来" inside another report says nothing: fewer pairs are never a full match
_WORDS_SAID = 0.2  # share of common character pairs that is named as a reason
_MEANING_SAID = 0.3  # likeness of sentence vectors that is named as a reason: about that of one event's witnesses
# What stands beside a number tells two buildings or floors apart; words of one meaning count as one.
_COUNTED = re.compile(r"(\d+|[零〇一二两三四五六七八九十百]+)(号楼|栋|幢|座|单元|层|楼|号线|公里)")
_ONE_MEANING = {"栋": "号楼", "幢": "号楼", "座": "号楼", "楼": "层"}

Vector = NDArray[np.float32]
_COLUMNS = SIZE  # of a sentence vector; what is kept has the chances of the categories behind them
_PLACE_DIRECTIONS = Path(__file__).parent / "same_event.npz"


@dataclass(frozen=True)
class Facts:
    """What is compared of one report; of a known one also the `incident` it belongs to.

    `category` is the code, `top` the upper of its two levels; those and `position` of a known report are its
    incident's. `guesses`: places that may be meant where the position is not known. `vector`: what `keep` made.
    """

    incident: str
    received_at: datetime
    position: Point | None
    category: str | None
    top: str | None
    words: str
    contact: str = ""
    channel: str = ""
    vector: bytes | None = None
    guesses: tuple[Point, ...] = ()


@dataclass(frozen=True)
class Similar:
    """An incident that may be the same event. `score`: the chance that it is, 0 to 1.

    `distance_m` metres, None where the position of the report is not known; `age_s` seconds to its nearest report.
    """

    incident: str
    score: float
    distance_m: float | None
    age_s: float
    reasons: tuple[Reason, ...]


def keep(vector: Vector, chances: Sequence[tuple[str, float]]) -> bytes:
    """What is stored of a report to compare it with later ones, about 3 kB.

    The sentence vector less its usual value and less the directions in which a place's name moves it, so that what
    happened is compared and not where; then the root of each category's chance. All float16.
    """
    usual, directions = _place_directions()
    moved = vector - usual
    moved = moved - (moved @ directions.T) @ directions
    kinds = np.sqrt(np.array([chance for _, chance in sorted(chances)], np.float32))
    return np.concatenate([moved / max(float(np.linalg.norm(moved)), 1e-9), kinds]).astype(np.float16).tobytes()


@cache
def _place_directions() -> tuple[Vector, Vector]:
    with np.load(_PLACE_DIRECTIONS, allow_pickle=False) as stored:
        return stored["usual"].astype(np.float32), stored["directions"].astype(np.float32)


@dataclass(frozen=True)
class _Heard:
    """What the words of one report come to."""

    pairs: frozenset[str]
    numbers: Mapping[str, frozenset[float]]
    kept: Vector | None


def similar(new: Facts, others: Sequence[Facts]) -> list[Similar]:
    """Incidents that are worth showing, best first. All reports of an incident speak for it."""
    known: dict[str, list[Facts]] = {}
    for other in others:
        known.setdefault(other.incident, []).append(other)
    seen = [(_score(one), reports[0], one) for reports, one in compare(new, list(known.values()))]
    least = max((score for score, _, _ in seen), default=0.0) * SHARE_OF_BEST
    shown = [
        Similar(first.incident, round(score, 3), one.distance_m, one.age_s, _reasons(new, first, one))
        for score, first, one in seen
        if score >= max(SHOWN, least)
    ]
    return sorted(shown, key=lambda one: (-one.score, one.age_s, one.incident))


def is_resend(new: Facts, other: Facts) -> bool:
    """The same words from the same contact by the same channel within 10 minutes: one report sent twice."""
    return (
        bool(new.contact)
        and new.contact == other.contact
        and new.channel == other.channel
        and abs(new.received_at - other.received_at) <= RESEND_WINDOW
        and plain(new.words) == plain(other.words) != ""
    )


@dataclass(frozen=True)
class Compared:
    """A report beside an incident, in numbers. `values` are what the weights weigh, by name."""

    kind: str
    values: Mapping[str, float]
    distance_m: float | None
    age_s: float


def compare(new: Facts, known: Sequence[Sequence[Facts]]) -> list[tuple[Sequence[Facts], Compared]]:
    """What the formula sees of each incident, by its reports; those outside of the window in space or time are not."""
    mine, found = _hear(new), []
    heard = [[_hear(one) for one in reports] for reports in known]
    rare = _rarity(mine, heard)
    for reports, said in zip(known, heard, strict=True):
        age = min(abs((new.received_at - one.received_at).total_seconds()) for one in reports)
        place = reports[0].position
        away = distance_m(new.position, place) if new.position and place else None
        if age <= WINDOW.total_seconds() and (away is None or away <= WINDOW_M):
            found.append((reports, _measured(new, mine, reports, said, rare, away, age)))
    return found


def _score(one: Compared) -> float:
    weights = WEIGHTS[one.kind]
    return 1 / (1 + math.exp(-weights["always"] - sum(weights[name] * value for name, value in one.values.items())))


def _reasons(new: Facts, first: Facts, one: Compared) -> tuple[Reason, ...]:
    values = one.values
    reasons = [] if one.distance_m is None else [Reason("same_event_near", {"distance_m": round(one.distance_m)})]
    reasons.append(Reason("same_event_recent", {"age_s": round(one.age_s)}))
    if new.top and new.top == first.top:
        reasons.append(Reason("same_event_category", {"category": new.top}))
    if values.get("meaning", 0.0) >= _MEANING_SAID:
        reasons.append(Reason("same_event_meaning", {"percent": round(values["meaning"] * 100)}))
    if values["words"] >= _WORDS_SAID:
        reasons.append(Reason("same_event_words", {"percent": round(values["words"] * 100)}))
    if values["other_numbers"]:
        reasons.append(Reason("same_event_other_numbers"))
    if values["same_contact"]:
        reasons.append(Reason("same_event_contact"))
    return tuple(reasons)


def _measured(
    new: Facts, mine: _Heard, known: Sequence[Facts], heard: Sequence[_Heard], rare: Mapping[str, float],
    away: float | None, age: float,
) -> Compared:  # fmt: skip
    likeness = _likeness(mine, heard)
    numbers = [(mine.numbers[n], one.numbers[n]) for one in heard for n in mine.numbers.keys() & one.numbers.keys()]
    agree = any(a & b for a, b in numbers)
    values = {
        "just_now": math.exp(-age / 60),
        "recent": math.exp(-age / 300),
        "lately": math.exp(-age / 900),
        "same_category": float(new.category is not None and new.category == known[0].category),
        "words": max(_share(mine.pairs, one.pairs, rare) for one in heard),
        "same_numbers": float(agree),
        "other_numbers": float(bool(numbers) and not agree),
        "same_contact": float(bool(new.contact) and any(new.contact == one.contact for one in known)),
        "reports": math.log(len(known)),
    }
    place = known[0].position
    if away is not None:
        values |= {"near": math.exp(-away / 100), "nearish": math.exp(-away / 400)}
    else:
        guesses = [distance_m(one, place) for one in new.guesses] if place else []
        values["near_guess"] = math.exp(-min(guesses, default=math.inf) / 400)
    values |= likeness
    kind = ("placed" if away is not None else "placeless") + ("" if likeness else "_no_vector")
    return Compared(kind, values, away, age)


def _likeness(mine: _Heard, heard: Sequence[_Heard]) -> dict[str, float]:
    """Of the meaning, to the likest report and to the middle of all; of the categories, to the likest and on average.

    Empty where nothing can be compared: without a vector, or with one of another model.
    """
    if mine.kept is None:
        return {}
    kept = [one.kept for one in heard if one.kept is not None and one.kept.shape == mine.kept.shape]
    if not kept:
        return {}
    if len(kept) == 1:  # as most incidents are
        meaning, kind = (
            float(kept[0][:_COLUMNS] @ mine.kept[:_COLUMNS]),
            float(kept[0][_COLUMNS:] @ mine.kept[_COLUMNS:]),
        )
        return {"meaning": meaning, "meaning_of_all": meaning, "kinds": kind, "kinds_of_all": kind}
    rows = np.stack(kept)
    meanings, kinds = rows[:, :_COLUMNS] @ mine.kept[:_COLUMNS], rows[:, _COLUMNS:] @ mine.kept[_COLUMNS:]
    middle = float(np.linalg.norm(rows[:, :_COLUMNS].mean(axis=0)))
    return {
        "meaning": float(meanings.max()),
        "meaning_of_all": float(meanings.mean()) / max(middle, 1e-9),
        "kinds": float(kinds.max()),
        "kinds_of_all": float(kinds.mean()),
    }


def _hear(one: Facts) -> _Heard:
    return _heard(one.words[:READ], one.vector)


@lru_cache(maxsize=2048)  # an incident is compared with every report near it; some 10 MB
def _heard(words: str, vector: bytes | None) -> _Heard:
    text = plain(words).replace(" ", "")
    numbers: dict[str, frozenset[float]] = {}
    for said, counted in _COUNTED.findall(text):
        value = number(said)
        if value is not None:
            of = _ONE_MEANING.get(counted, counted)
            numbers[of] = numbers.get(of, frozenset()) | {value}
    pairs = frozenset(text[i : i + 2] for i in range(len(text) - 1))
    kept = None if vector is None else np.frombuffer(vector, np.float16).astype(np.float32)
    return _Heard(pairs, numbers, kept)


def _rarity(mine: _Heard, heard: Sequence[Sequence[_Heard]]) -> Mapping[str, float]:
    """What a pair of characters weighs, 0 to 1: less, the more incidents around are told with it, as a place's name."""
    counts: Counter[str] = Counter()
    for reports in heard:
        counts.update(frozenset().union(*(mine.pairs & one.pairs for one in reports)))
    usual = math.log(2 + len(heard))
    return {pair: math.log(1 + (len(heard) + 1) / count) / usual for pair, count in counts.items()}


def _share(a: frozenset[str], b: frozenset[str], rare: Mapping[str, float]) -> float:
    """Weight of the common pairs as a share of the smaller set: a short report may repeat a part of a long one."""
    return sum(rare[pair] for pair in a & b) / max(min(len(a), len(b)), _FEWEST_PAIRS)
