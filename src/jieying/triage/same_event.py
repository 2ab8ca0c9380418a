"""Whether a new report speaks of an event that is known already. Suggested to a person, who decides.

Only a verbatim resend (`is_resend`) may be joined without a person. The formula is told in docs/same-event.md.
"""

import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property, lru_cache
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from jieying.kit.geo import Point, distance_m
from jieying.kit.normal import plain
from jieying.kit.reasons import Reason
from jieying.triage.same_event_weights import SHARE_OF_BEST, WEIGHTS
from jieying.triage.text import number

WINDOW_M = 600.0  # two places that witnesses name for one event lie up to 400 m from it each
WINDOW = timedelta(minutes=30)  # between two reports of one event
RESEND_WINDOW = timedelta(minutes=10)
SHOWN = 0.5  # likelier than not; F1 alone would show from 0.25 on, also a theft for a fight 50 m away
READ = 400  # characters of a report that are compared

_FEWEST_PAIRS = 5  # "快来" inside another report says nothing: fewer pairs are never a full match
_WORDS_SAID = 0.2  # share of common character pairs that is named as a reason
_LIKENESS_SAID = 0.5  # likeness that is named as a reason
# What stands beside a number tells two buildings or floors apart; words of one meaning count as one.
_COUNTED = re.compile(r"(\d+|[零〇一二两三四五六七八九十百]+)(号楼|栋|幢|座|单元|层|楼|号线|公里)")
_ONE_MEANING = {"栋": "号楼", "幢": "号楼", "座": "号楼", "楼": "层"}

Vector = NDArray[np.float32]
PROJECTION = Path(__file__).parent / "same_event.npz"
_KIND_WEIGHT, _LEAST_CHANCE = 0.1, 1e-4  # of a category's ln chance beside a sentence vector of length 1
_TEN = 10.0  # log-odds are divided by it, to be as large as the other values


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
    """What is stored of a report to compare it with later ones, 244 bytes: which projection, and the row by it."""
    by = projection()
    return by.mark + by.row(features(vector, chances, by.codes)).astype(np.float16).tobytes()


def features(vector: Vector, chances: Sequence[tuple[str, float]], codes: Sequence[str]) -> Vector:
    """The sentence vector, and of each code ln of its chance; not a number where the pack has no such code."""
    of = dict(chances)
    kinds = _KIND_WEIGHT * np.log(np.array([of.get(code, np.nan) for code in codes], np.float32) + _LEAST_CHANCE)
    return np.concatenate([vector, kinds]).astype(np.float32)


@dataclass(frozen=True)
class Projection:
    """Onto the directions in which events differ most beside what the witnesses of one event differ in.

    There the witnesses of one event lie around it with variance 1, events around the middle with `spread`. So the
    log-odds of two rows being told of one event rather than of two are known (two-covariance model of probabilistic
    linear discriminant analysis; Ioffe 2006, Brümmer and de Villiers 2010).
    """

    codes: tuple[str, ...]
    usual: Vector  # (features,)
    directions: Vector  # (features, rows)
    spread: Vector  # (rows,)

    @cached_property
    def mark(self) -> bytes:
        """Rows of another projection are not compared."""
        return crc32(self.directions.tobytes()).to_bytes(4, "big")

    def row(self, seen: Vector) -> Vector:
        """What is not a number says nothing."""
        return np.asarray(np.nan_to_num(seen - self.usual) @ self.directions, np.float32)

    def log_odds(self, one: Vector, others: Vector) -> Vector:
        """`one` (rows,) beside each of `others` (n, rows)."""
        together, apart, always = self._terms
        return np.asarray(others @ (together * one) - (one * one + others * others) @ apart + always, np.float32)

    @cached_property
    def _terms(self) -> tuple[Vector, Vector, float]:
        """Of the product of two rows, of the square of each, and what is always added."""
        e = self.spread
        always = float(np.log((1 + e) ** 2 / (1 + 2 * e)).sum()) / 2
        return e / (1 + 2 * e), e * e / (2 * (1 + e) * (1 + 2 * e)), always

    def save(self, file: Path) -> None:
        """Half precision: it is multiplied into rows that are kept in half precision."""
        np.savez_compressed(
            file, codes=np.array(self.codes), usual=self.usual.astype(np.float16),
            directions=self.directions.astype(np.float16), spread=self.spread,
        )  # fmt: skip


@cache
def projection() -> Projection:
    """The one that `same_event_fit` learnt."""
    with np.load(PROJECTION, allow_pickle=False) as stored:
        codes = tuple(str(code) for code in stored["codes"])
        usual, directions = (stored[name].astype(np.float32) for name in ("usual", "directions"))
        return Projection(codes, usual, directions, stored["spread"])


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
    if values.get("likeness", 0.0) >= _LIKENESS_SAID:
        reasons.append(Reason("same_event_meaning"))
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
    """To the likest report, and on average. Empty where nothing can be compared: without a row by this projection."""
    kept = [one.kept for one in heard if one.kept is not None]
    if mine.kept is None or not kept:
        return {}
    told = projection().log_odds(mine.kept, np.stack(kept)) / _TEN
    return {"likeness": float(told.max()), "likeness_of_all": float(told.mean())}


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
    mark = projection().mark
    ours = vector[len(mark) :] if vector and vector.startswith(mark) else None
    kept = None if ours is None else np.frombuffer(ours, np.float16).astype(np.float32)
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
