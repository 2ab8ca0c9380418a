"""The trained half of understanding: linear models over n-grams and a sentence vector, read from one file, numpy only.

A model proposes; alarms stay with the rules. Confidences are calibrated on wordings that were left out of training.
"""

import heapq
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from jieying.kit.normal import normalise
from jieying.triage.features import Matrix, NGrams, Vectors, grams
from jieying.triage.text import READ_CHARACTERS

FILE = "understanding.npz"  # in the folder of the pack
TASKS = ("category", "fraud")
_SPANS = 5  # words shown for a decision


@dataclass(frozen=True)
class Span:
    """Words of the original text, `text[start:end]`, that spoke for the decision; `weight` is their part in it."""

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Proposal:
    """What the model makes of a text: codes of categories with their probabilities, most likely first.

    `vector`: the sentence vector, for the search for same events; None where the model has none.
    """

    categories: tuple[tuple[str, float], ...]
    fraud: float
    spans: tuple[Span, ...]
    vector: Matrix | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True)
class Head:
    """One decision: a row of n-gram columns, then of vector columns, to a score for each label."""

    labels: tuple[str, ...]
    weights: Matrix  # (columns of both kinds, labels)
    bias: Matrix
    temperature: float

    def chances(self, columns: NDArray[np.intp], values: Matrix) -> Matrix:
        scores = (values @ self.weights[columns] + self.bias) / self.temperature
        powers = np.exp(scores - scores.max())
        return np.asarray(powers / powers.sum(), np.float32)


class Model:
    """All heads over the same features. `vectors` None: n-grams alone."""

    def __init__(self, ngrams: NGrams, vectors: Vectors | None, heads: dict[str, Head]) -> None:
        self.ngrams, self.vectors, self.heads = ngrams, vectors, heads

    def row(self, text: str) -> tuple[NDArray[np.intp], Matrix]:
        columns, values = self.ngrams.row(text)
        if self.vectors is None:
            return columns, values
        more, vector = self.vectors.row(text)
        return np.concatenate([columns, more + self.ngrams.size]), np.concatenate([values, vector])

    def propose(self, words: str) -> Proposal:
        """Takes any text in bounded time: only its first characters are read."""
        columns, values = self.row(words)
        category, fraud = self.heads["category"], self.heads["fraud"]
        chances = category.chances(columns, values)
        best = int(np.argmax(chances))
        return Proposal(
            _ranked(category, chances),
            float(fraud.chances(columns, values)[fraud.labels.index("yes")]),
            self._spans(words, category.weights[:, best]),
            None if self.vectors is None else values[-self.vectors.size :],
        )

    def _spans(self, words: str, weights: Matrix) -> tuple[Span, ...]:
        """The n-grams that weighed most, joined where they overlap."""
        text = normalise(words[:READ_CHARACTERS])
        marks = np.zeros(len(text.text), np.float32)
        for gram, start in grams(text.text):
            column = self.ngrams.column(gram)
            if column is not None and weights[column] > 0:
                marks[start : start + len(gram)] += weights[column] * self.ngrams.idf[column] / len(gram)
        if not len(marks) or marks.max() <= 0:
            return ()
        strong = marks >= max(marks.max() / 2, marks.mean())
        edges = np.flatnonzero(np.diff(np.concatenate([[0], strong.astype(np.int8), [0]])))
        found = [(float(marks[a:b].sum()), int(a), int(b)) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        shown = []
        for weight, a, b in heapq.nlargest(_SPANS, found):
            start, end = text.span(a, b)
            shown.append(Span(words[start:end], start, end, round(weight, 3)))
        return tuple(sorted(shown, key=lambda span: span.start))

    def save(self, file: Path) -> None:
        """Write it whole or not at all. The same model makes the same bytes."""
        content: dict[str, Any] = {
            "vocabulary": np.array("\n".join(self.ngrams.vocabulary)),
            "idf": self.ngrams.idf,
            "vectors": np.array(self.vectors is not None),
        }
        for task, head in self.heads.items():
            content[f"{task}.labels"] = np.array(head.labels)
            content[f"{task}.weights"] = head.weights.astype(np.float16)
            content[f"{task}.bias"] = head.bias
            content[f"{task}.temperature"] = np.array(head.temperature)
        half = file.with_suffix(".half.npz")
        np.savez_compressed(half, **content)
        half.replace(file)

    @classmethod
    def load(cls, file: Path) -> "Model":
        with np.load(file, allow_pickle=False) as stored:
            heads = {
                task: Head(
                    tuple(str(label) for label in stored[f"{task}.labels"]),
                    stored[f"{task}.weights"].astype(np.float32),
                    stored[f"{task}.bias"],
                    float(stored[f"{task}.temperature"]),
                )
                for task in TASKS
            }
            ngrams = NGrams(str(stored["vocabulary"]).split("\n"), stored["idf"])
            return cls(ngrams, Vectors() if stored["vectors"] else None, heads)


def _ranked(head: Head, chances: Matrix) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-chances, kind="stable")
    return tuple((head.labels[i], round(float(chances[i]), 4)) for i in order)
