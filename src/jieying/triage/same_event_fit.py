"""How well same events are found on invented bursts (bursts.py), and the fit of the weights.

`python -m jieying.triage.same_event_fit PACK` learns the projection (same_event.npz) from two thirds of the events of
nine hands, and fits same_event_weights.py on the rest and on one half of the first hand's; `evaluate` judges on the
other half and on events of other hands, beside plain baselines that are fitted on the same in the same run.
"""

import random
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from jieying.citypack.model import CityPack, Place
from jieying.citypack.read import read_pack
from jieying.kit.geo import distance_m
from jieying.triage import same_event_weights
from jieying.triage.bursts import FITTED, INDEPENDENT, Bursts, Event, Report, halves, read_events
from jieying.triage.models import Proposal
from jieying.triage.rules import Understanding
from jieying.triage.same_event import (
    PROJECTION,
    SHOWN,
    Compared,
    Facts,
    Projection,
    compare,
    features,
    projection,
    similar,
)

BURSTS = 500
_FIT_BURSTS = 1200
_FIT_SEED, _JUDGED_SEED = 7, 8
SPACE_TIME = ("just_now", "recent", "lately", "near", "nearish", "near_guess", "reports")
TEXT = ("words", "likeness", "likeness_of_all", "same_numbers", "other_numbers", "reports")
_DIRECTIONS = 120
_NAMES = 2  # place names that each wording is said with, so that a name is not taken for what sets events apart
_SHRINK = 0.3  # of the mean variance within events, added to each feature's: there are more features than events
_FITTED_ON = 3  # one event in so many of the nine hands' fits the weights

Weights = Mapping[str, Mapping[str, float]]
Scores = list[tuple[str, float]]  # (incident, score) of all that are near, for one report


@dataclass(frozen=True)
class Met:
    """A report as it comes in: what is known by then, and the incident it belongs to (None: nobody told of it yet)."""

    new: Facts
    known: list[list[Facts]]
    right: str | None


def met(burst: Sequence[Report]) -> list[Met]:
    """A burst report by report, each linked to its incident before the next comes, as a person would."""
    known: dict[int, list[Facts]] = {}
    found = []
    for one in burst:
        incident = str(one.event)
        found.append(
            Met(one.facts, [list(reports) for reports in known.values()], incident if one.event in known else None)
        )
        first = (
            known[one.event][0]
            if one.event in known
            else replace(
                one.facts,
                position=one.facts.position or one.place,  # without a position, a person asked where it is
            )
        )
        facts = replace(one.facts, incident=incident, position=first.position, category=first.category, top=first.top)
        known.setdefault(one.event, []).append(facts)
    return found


def roll(pack: CityPack, events: Sequence[Event], seed: int, count: int = BURSTS) -> list[Met]:
    understanding = Understanding(pack)

    def top(code: str | None) -> str | None:
        category = pack.categories.get(code or "")
        return None if category is None else category.parent or category.code

    bursts = Bursts(events, pack.places, understanding.understand, top, seed)
    return [one for _ in range(count) for one in met(bursts.one())]


Pairs = list[tuple[int, str, Compared, bool]]  # (report, incident, in numbers, whether it is the one)


def pairs_of(given: Sequence[Met]) -> Pairs:
    found = []
    for number, one in enumerate(given):
        for reports, seen in compare(one.new, one.known):
            found.append((number, reports[0].incident, seen, reports[0].incident == one.right))
    return found


def fit(pairs: Pairs, only: Sequence[str] | None = None) -> dict[str, dict[str, float]]:
    """Logistic regression for each kind of pair; `only`: the values that it may see."""
    from sklearn.linear_model import LogisticRegression

    weights = {}
    for kind in sorted({seen.kind for _, _, seen, _ in pairs}):
        rows = [(seen.values, right) for _, _, seen, right in pairs if seen.kind == kind]
        names = [name for name in rows[0][0] if only is None or name in only]
        columns = np.array([[values[name] for name in names] for values, _ in rows])
        model = LogisticRegression(C=10, max_iter=2000).fit(columns, [right for _, right in rows])
        told = {"always": float(model.intercept_[0]), **dict(zip(names, map(float, model.coef_[0]), strict=True))}
        weights[kind] = {name: round(value, 3) for name, value in told.items()}
    return weights


def scored(pairs: Pairs, count: int, weights: Weights) -> list[Scores]:
    result: list[Scores] = [[] for _ in range(count)]
    for number, incident, seen, _ in pairs:
        of = weights[seen.kind]
        total = of["always"] + sum(of.get(name, 0.0) * value for name, value in seen.values.items())
        result[number].append((incident, float(1 / (1 + np.exp(-total)))))
    return result


def shown(scores: Scores, least: float, share: float) -> list[str]:
    best = max((score for _, score in scores), default=0.0)
    return [incident for incident, score in scores if score >= max(least, share * best)]


def figures(given: Sequence[Met], suggested: Sequence[Sequence[str]]) -> dict[str, float]:
    """Over pairs of report and suggested incident. Every suggestion that is not the right one counts against it."""
    right = sum(one.right in said for one, said in zip(given, suggested, strict=True) if one.right is not None)
    all_shown = sum(map(len, suggested))
    wanted = sum(one.right is not None for one in given)
    precision, recall = right / max(all_shown, 1), right / max(wanted, 1)
    f1 = 2 * precision * recall / max(precision + recall, 1e-9)
    return {"f1": round(f1, 4), "precision": round(precision, 4), "recall": round(recall, 4)}


def best_limits(given: Sequence[Met], scores: Sequence[Scores]) -> tuple[float, float]:
    """From which score on, and from which share of the best, suggestions are right most often (F1)."""
    grid = [(least, share) for least in np.arange(0.1, 0.9, 0.05) for share in (0.0, 0.3, 0.5, 0.7, 0.9, 1.0)]
    least, share = max(grid, key=lambda limits: figures(given, [shown(one, *limits) for one in scores])["f1"])
    return round(float(least), 2), share


def old_scores(given: Sequence[Met]) -> list[Scores]:
    """The score before there were vectors: 300 m, 15 minutes, the same upper category, pairs of the first's words."""

    def pairs(words: str) -> set[str]:
        return {words[i : i + 2] for i in range(len(words) - 1)}

    result: list[Scores] = []
    for one in given:
        scores: Scores = []
        for first, *_ in one.known:
            if one.new.position is None or first.position is None:
                continue
            away = distance_m(one.new.position, first.position)
            age = abs((one.new.received_at - first.received_at).total_seconds())
            if away > 300 or age > 900 or (one.new.top and first.top and one.new.top != first.top):
                continue
            mine, theirs = pairs(one.new.words), pairs(first.words[:60])
            share = len(mine & theirs) / max(min(len(mine), len(theirs)), 5)
            scores.append((first.incident, 0.4 * (1 - away / 300) + 0.2 * (1 - age / 900) + 0.4 * share))
        result.append(scores)
    return result


def evaluate(pack: CityPack, count: int = BURSTS) -> dict[str, Any]:
    """Precision, recall and F1 of the suggestions on held-back events, beside baselines. Takes some CPU minutes."""
    _, held_back = halves(read_events())
    first_hand = roll(pack, held_back, _JUDGED_SEED, count)
    held_back += read_events(INDEPENDENT)
    given = roll(pack, held_back, _JUDGED_SEED, count)
    result: dict[str, Any] = {
        "bursts": count,
        "reports": len(given),
        "events": len(held_back),
        "platform": figures(given, [[one.incident for one in _suggested(m)] for m in given]),
        "first_hand_only": figures(first_hand, [[one.incident for one in _suggested(m)] for m in first_hand]),
    }
    placeless = [m for m in given if m.new.position is None]
    result["without_position"] = figures(placeless, [[one.incident for one in _suggested(m)] for m in placeless])
    learn = roll(pack, learnt_from()[1], _FIT_SEED, count)
    learn_pairs, judged_pairs = pairs_of(learn), pairs_of(given)
    for name, only in (("space_time", SPACE_TIME), ("text", TEXT)):
        weights = fit(learn_pairs, only)
        limits = best_limits(learn, scored(learn_pairs, len(learn), weights))
        result[name] = figures(given, [shown(one, *limits) for one in scored(judged_pairs, len(given), weights)])
    weights = fit(judged_pairs)
    limits = best_limits(given, scored(judged_pairs, len(given), weights))
    swapped = [shown(one, *limits) for one in scored(learn_pairs, len(learn), weights)]
    result["halves_swapped"] = figures(learn, swapped)
    limits = best_limits(learn, old_scores(learn))
    result["before"] = figures(given, [shown(one, *limits) for one in old_scores(given)])
    result["before_all_shown"] = figures(given, [shown(one, 0, 0) for one in old_scores(given)])
    return result


def _suggested(one: Met) -> list[Any]:
    return similar(one.new, [facts for reports in one.known for facts in reports])


def learn_projection(understanding: Understanding, events: Sequence[Event], places: Sequence[Place]) -> Projection:
    """By linear discriminant analysis; `places` give the names that the wordings are said with."""
    from scipy.linalg import eigh

    dice = random.Random(_FIT_SEED)  # noqa: S311 -- invented reports need no cryptography
    said: list[tuple[int, Proposal]] = []
    for number, event in enumerate(events):
        for wording in event.witnesses:
            named = wording if "@" in wording else "@" + wording
            names = [dice.choice(places).name for _ in range(_NAMES)]
            for text in (wording.replace("@", ""), *(named.replace("@", name) for name in names)):
                if (proposal := understanding.proposed(text)) and proposal.vector is not None:
                    said.append((number, proposal))
    codes = sorted(code for code, _ in said[0][1].categories)
    rows = np.stack([features(one.vector, one.categories, codes) for _, one in said if one.vector is not None])
    numbers = np.array([number for number, _ in said])
    usual = rows.mean(axis=0)
    rows = rows - usual
    middles = np.stack([rows[numbers == number].mean(axis=0) for number in range(len(events))])
    within = np.cov((rows - middles[numbers]).T, bias=True)
    within += _SHRINK * np.trace(within) / len(within) * np.eye(len(within))
    spread, directions = eigh(middles.T @ middles / len(middles), within)
    best = np.argsort(-spread)[:_DIRECTIONS]
    witnesses = sum(len(event.witnesses) for event in events) / len(events)
    by_chance = 1 / witnesses  # the middle of so few varies by itself, too
    spread = np.maximum(spread[best] - by_chance, 0.01).astype(np.float32)
    return Projection(tuple(codes), usual, directions[:, best].astype(np.float32), spread)


def learnt_from() -> tuple[list[Event], list[Event]]:
    """The events that the projection and those that the weights are learnt from."""
    hands = read_events(FITTED)
    fitted, _ = halves(read_events())
    return [one for i, one in enumerate(hands) if i % _FITTED_ON], fitted + hands[::_FITTED_ON]


def main() -> None:
    """Learn the projection, fit the weights, write both."""
    pack = read_pack(Path(sys.argv[1]))
    told, events = learnt_from()
    learn_projection(Understanding(pack), told, [place for place in pack.places if place.name]).save(PROJECTION)
    projection.cache_clear()
    given = roll(pack, events, _FIT_SEED, _FIT_BURSTS)
    bare = [replace(m, new=replace(m.new, vector=None)) for m in given]
    pairs, bare_pairs = pairs_of(given), pairs_of(bare)
    weights = fit(pairs) | fit(bare_pairs)
    _, share = best_limits(given, scored(pairs, len(given), weights))
    lines = [f'"""{same_event_weights.__doc__}"""', "", f"SHARE_OF_BEST = {share}"]
    lines += ["WEIGHTS: dict[str, dict[str, float]] = {"]
    for kind, of in weights.items():
        lines += [f'    "{kind}": {{', *(f'        "{name}": {value},' for name, value in of.items()), "    },"]
    Path(str(same_event_weights.__file__)).write_text("\n".join([*lines, "}", ""]), encoding="utf-8")
    print(figures(given, [shown(one, SHOWN, share) for one in scored(pairs, len(given), weights)]))


if __name__ == "__main__":
    main()
