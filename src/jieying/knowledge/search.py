"""From a question in anybody's words to the questions of the base that may be meant, and how sure that is.

Three views of a question are added up: its sentence vector (kit/encoder.py) against the centre of an entry's wordings
and against the nearest of them, and its characters and pairs of them against wordings and answer (BM25). What the base
has no answer for stands beside the entries as rivals. Whether the first is meant, and whether
somebody needs help now, are two logistic regressions on these scores. Weights and thresholds were fitted by
`jieying.knowledge.learn` on learn/ and evaluation/dev.tsv.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache as remembered
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from jieying.kit.encoder import __file__ as encoder_file
from jieying.kit.encoder import encoder
from jieying.knowledge.base import labelled
from jieying.knowledge.kept import Arrays, kept
from jieying.knowledge.model import Entry
from jieying.knowledge.text import WORDS_MAX, Bm25, Scores, asks, common_words, grams, is_cry

Vectors = NDArray[np.float32]
Labelled = Sequence[tuple[str, str]]

SPOKEN = ("learn/spoken.tsv", "learn/situations.tsv")
RIVALS = "learn/others.tsv"

# Vector against the centre of the wordings and against the nearest; BM25 against wordings and answer.
WEIGHTS = np.array([40.04, 10.19, 10.36])
# Of `clues` and of `alarms`, the constant last; then from where on the best is told, and from where it is urgent.
CERTAINTY = np.array([5.19, 3.4, -2.69, 2.63, 0.84, 4.13, 2.08, 3.83, 2.39, -6.92])
URGENCY = np.array([7.73, 2.4, 3.59, -1.51, 2.37])
KNOWN, URGENT = 0.7, 0.5
SURE, LEAD = 0.9, 5.0  # who answers without a person also needs a lead over the next entry


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


@remembered
def _vector(wording: str) -> Vectors:
    """Wordings stay while entries change: a process that learns again encodes only new ones."""
    return encoder().vector(wording).astype(np.float16)


def _encoded(wordings: Iterable[str]) -> Vectors:
    return np.array([_vector(wording) for wording in wordings], dtype=np.float32)


class Search:
    """Over the given entries; nothing in it changes, other entries need another one.

    `cache` is a folder for what is learnt of the wordings, which takes longest: seconds.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        spoken: Labelled | None = None,
        rivals: Labelled | None = None,
        *,
        cache: Path | None = None,
    ) -> None:
        self.entries = tuple(entries)
        more: dict[str, list[str]] = {}
        for id_, words in spoken_wordings() if spoken is None else spoken:
            more.setdefault(id_, []).append(words)
        wordings = [(e.question, *e.wordings, *more.get(e.id, ())) for e in self.entries]
        rivals = labelled(RIVALS) if rivals is None else rivals
        of = np.array([i for i, several in enumerate(wordings) for _ in several], dtype=int)
        texts = [text for several in wordings for text in several], [text for _, text in rivals]
        self.urgent = np.array([label == "urgent" for label, _ in rivals])
        made_from = (_way(), of.tolist(), *texts, self.urgent.tolist())
        learnt = kept(cache, made_from, lambda: _learn(of, *texts, self.urgent))
        self._apart, self._sides = learnt["apart"], learnt["sides"]
        self._wordings, self._rivals = learnt["wordings"], learnt["rivals"]
        self._starts = np.searchsorted(of, np.arange(len(self.entries)))
        self._centres = _unit(np.add.reduceat(self._wordings, self._starts))
        told = [(*several, entry.answer) for several, entry in zip(wordings, self.entries, strict=True)]
        self._words = Bm25([common_words("。".join(several)) for several in told])
        self._rival_words = Bm25([common_words(text) for _, text in rivals], b=0.3)

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
        vector = _unit(encoder().vector(words[:WORDS_MAX])[None] @ self._apart)[0]
        nearest = np.maximum.reduceat(self._wordings @ vector, self._starts)
        rivals = self._rivals @ vector
        return Views(
            np.column_stack([self._centres @ vector, nearest, self._words.score(asked)]),
            np.column_stack([rivals, rivals, self._rival_words.score(asked)]),
            np.append(vector, 1.0) @ self._sides,
            asks(words),
        )


def _learn(of: NDArray[np.int64], wordings: list[str], rivals: list[str], urgent: NDArray[np.bool_]) -> Arrays:
    """The directions that tell entries apart, unit vectors of wordings (of the entry `of` says) and rivals bent by
    them, and the planes between the base's questions and others and between those and cries."""
    vectors = _encoded(wordings)
    apart = _tell_apart(vectors, of).astype(np.float32)
    ours, others = _unit(vectors @ apart), _unit(_encoded(rivals) @ apart)
    del vectors
    rows = np.ones((len(of) + len(rivals), apart.shape[1] + 1), dtype=np.float32)
    rows[: len(of), :-1], rows[len(of) :, :-1] = ours, others
    is_ours = np.arange(len(rows)) < len(of)
    cries = np.concatenate([np.zeros(len(of), dtype=bool), urgent])
    sides = np.column_stack([_side(rows, is_ours), _side(rows, cries)])
    return {"apart": apart, "wordings": ours, "rivals": others, "sides": sides}


@remembered
def _way() -> str:
    """Another text of these modules may make other vectors of the same wordings."""
    return hashlib.sha256(b"".join(Path(file).read_bytes() for file in (__file__, encoder_file))).hexdigest()


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


def _side(rows: Vectors, inside: NDArray[np.bool_], ridge: float = 2e-5) -> Scores:
    """The plane (its constant last) that parts those inside from the others; both kinds count the same in all.

    `rows`: vectors, each with a 1 behind it.
    """
    if inside.all() or not inside.any():
        return np.zeros(rows.shape[1])
    weight = np.where(inside, 0.5 / inside.sum(), 0.5 / (~inside).sum()).astype(np.float32)
    weighted = rows * weight[:, None]
    bent = (weighted.T @ rows).astype(float)
    aims = weighted.T @ np.where(inside, 1.0, -1.0).astype(np.float32)
    del weighted
    bent[np.diag_indices_from(bent)] += ridge
    plane: Scores = np.linalg.solve(bent, aims.astype(float))
    return plane


def _tell_apart(vectors: Vectors, of: NDArray[np.int64], shrink: float = 0.1) -> Scores:
    """The directions in which wordings of one entry differ count for less: the fourth root of the inverse of their
    covariance (after within-class covariance normalisation, Hatch et al. 2006), shrunk towards a sphere."""
    counts = np.bincount(of)
    sums = np.add.reduceat(vectors, np.cumsum(counts) - counts)  # wordings stand by their entries, in order
    apart = (sums / counts[:, None].astype(np.float32))[of]
    np.subtract(vectors, apart, out=apart)
    covariance = (apart.T @ apart).astype(float) / len(apart)
    del apart
    spread = np.trace(covariance) / len(covariance)
    covariance *= 1 - shrink
    covariance[np.diag_indices_from(covariance)] += shrink * spread
    values, axes = np.linalg.eigh(covariance)
    stretched: Scores = axes * values**-0.25
    return stretched


def _unit(vectors: Vectors) -> Vectors:
    lengths: Vectors = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return lengths


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
