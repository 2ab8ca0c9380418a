"""The trained half of understanding: linear models over n-grams and a sentence vector, read from one file, and a small
transformer that is asked where these leave it open whether somebody is in danger. Numpy only.

A model proposes; alarms stay with the rules. Confidences are calibrated on wordings that were left out of training.
"""

import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jieying.kit.encoder import encoder
from jieying.kit.errors import Invalid
from jieying.kit.normal import Normalised
from jieying.kit.transformer import Transformer
from jieying.triage.features import Columns, Matrix, NGrams
from jieying.triage.text import model_text

FILE = "understanding.npz"  # in the folder of the pack
READER = Path(__file__).with_name("danger.npz")  # made by tools/fit_danger.py
TASKS = ("category", "fraud", "alarm")
_SHOWN_FROM = 0.02  # chance of danger
_SPANS = 5  # words shown for a decision
READ = 400  # characters of a text that sentence vector and reader see: their time grows with them
# Log-odds of danger by n-grams and vector between which the reader is asked, and what both together make of it: a
# logistic regression over the held-out wordings of all hands (docs/understanding.md).
DOUBT = (-3.5, 2.0)
OF_NGRAMS, OF_READER, SHIFT = 0.55, 0.5, -0.15


@dataclass(frozen=True)
class Span:
    """Words of the original text, `text[start:end]`, that spoke for the decision; `weight` is their part in it."""

    text: str
    start: int
    end: int
    weight: float


@dataclass(frozen=True)
class Proposal:
    """What the model makes of a text.

    Codes of categories with their probabilities, most likely first; the probabilities that it tells of fraud, and that
    somebody is in danger (0.5: not learnt); what spoke for the first category, and for danger if it isn't unlikely; the
    sentence vector for the search for same events, None where the model has none.
    """

    categories: tuple[tuple[str, float], ...]
    fraud: float
    alarm: float
    spans: tuple[Span, ...]
    alarm_spans: tuple[Span, ...]
    vector: Matrix | None = field(default=None, compare=False, repr=False)


class Vectors(Protocol):
    """What makes a vector of a text."""

    def vector(self, text: str) -> Matrix: ...

    def commonest(self, texts: Iterable[str]) -> list[int]: ...


@dataclass(frozen=True)
class Row:
    """One text as numbers: columns of n-grams with their values, and its vector if there is one."""

    columns: Columns
    values: Matrix
    vector: Matrix | None


@dataclass(frozen=True)
class Head:
    """One decision: from a row to a score for each label."""

    labels: tuple[str, ...]
    weights: NDArray[np.float16]  # (columns of n-grams, labels)
    of_vector: Matrix  # (columns of the vector, labels)
    bias: Matrix
    temperature: float

    def chances(self, row: Row) -> Matrix:
        scores = row.values @ self.weights[row.columns].astype(np.float32) + self.bias
        if row.vector is not None:
            scores += row.vector @ self.of_vector
        powers = np.exp((scores - scores.max()) / self.temperature)
        return np.asarray(powers / powers.sum(), np.float32)

    def chance(self, label: str, row: Row) -> float:
        return float(self.chances(row)[self.labels.index(label)])


class Model:
    """All heads over the same features; only that for the category must be there. `vectors` None: n-grams alone.

    `tokens`: those of the encoder that texts have most. `reader` None: nothing is read a second time.
    """

    def __init__(
        self,
        ngrams: NGrams,
        vectors: Vectors | None,
        heads: dict[str, Head],
        tokens: Sequence[int] = (),
        reader: Transformer | None = None,
    ) -> None:
        self.ngrams, self.vectors, self.heads, self.tokens, self.reader = ngrams, vectors, heads, tokens, reader

    def row(self, text: str, found: Sequence[Columns]) -> Row:
        """`text` as model_text gives it, `found` its n-grams."""
        vector = None if self.vectors is None else self.vectors.vector(text[:READ])
        return Row(*self.ngrams.weigh(found), vector)

    def propose(self, said: Normalised) -> Proposal:
        """Takes any text in bounded time: only its first characters are read."""
        text = model_text(said)
        found = self.ngrams.find(text.text)
        row = self.row(text.text, found)
        category, fraud, alarm = (self.heads.get(task) for task in TASKS)
        assert category is not None
        chances = category.chances(row)
        danger = self._danger(text.text, alarm.chance("yes", row)) if alarm else 0.5
        return Proposal(
            _ranked(category, chances),
            fraud.chance("yes", row) if fraud else 0.0,
            danger,
            _spans(text, found, category.weights[:, int(chances.argmax())], self.ngrams.idf),
            _spans(text, found, alarm.weights[:, alarm.labels.index("yes")], self.ngrams.idf)
            if alarm and danger > _SHOWN_FROM
            else (),
            row.vector,
        )

    def _danger(self, text: str, chance: float) -> float:
        odds = math.log((chance + 1e-6) / (1 - chance + 1e-6))
        if self.reader is None or not DOUBT[0] < odds < DOUBT[1]:
            return chance
        return 1 / (1 + math.exp(-OF_NGRAMS * odds - OF_READER * self.reader.score(text[:READ]) - SHIFT))

    def save(self, file: Path) -> None:
        """Write it whole or not at all. The same model makes the same bytes."""
        content: dict[str, Any] = {
            "vocabulary": np.array("\n".join(self.ngrams.vocabulary)),
            "idf": self.ngrams.idf,
            "vectors": np.array(self.vectors is not None),
            "tokens": np.array(self.tokens, np.int32),
        }
        for task, head in self.heads.items():
            content[f"{task}.labels"] = np.array(head.labels)
            content[f"{task}.weights"] = head.weights
            content[f"{task}.of_vector"] = head.of_vector.astype(np.float16)
            content[f"{task}.bias"] = head.bias
            content[f"{task}.temperature"] = np.array(head.temperature)
        half = file.with_suffix(".half.npz")
        np.savez_compressed(half, **content)
        half.replace(file)

    @classmethod
    def load(cls, file: Path) -> "Model":
        """Raises Invalid for the file of another version of the program."""
        try:
            return cls._load(file)
        except KeyError as missing:
            raise Invalid("model_outdated", file=str(file)) from missing

    @classmethod
    def _load(cls, file: Path) -> "Model":
        with np.load(file, allow_pickle=False) as stored:
            heads = {
                task: Head(
                    tuple(str(label) for label in stored[f"{task}.labels"]),
                    stored[f"{task}.weights"],
                    stored[f"{task}.of_vector"].astype(np.float32),
                    stored[f"{task}.bias"],
                    float(stored[f"{task}.temperature"]),
                )
                for task in TASKS
                if f"{task}.labels" in stored
            }
            ngrams = NGrams(str(stored["vocabulary"]).split("\n"), stored["idf"])
            tokens: list[int] = stored["tokens"].tolist()
            vectors = encoder() if stored["vectors"] else None
            if vectors is not None:
                vectors.prepare(tokens)
            return cls(ngrams, vectors, heads, tokens, reader() if "alarm" in heads else None)


@cache
def reader() -> Transformer:
    """Loaded at first use: 32 MB of weights."""
    return Transformer(READER)


def _ranked(head: Head, chances: Matrix) -> tuple[tuple[str, float], ...]:
    order = np.argsort(-chances, kind="stable").tolist()
    shown = chances.astype(float).round(4).tolist()
    return tuple((head.labels[i], shown[i]) for i in order)


def _spans(text: Normalised, found: Sequence[Columns], weights: NDArray[np.float16], idf: Matrix) -> tuple[Span, ...]:
    """The n-grams that weighed most, joined where they overlap."""
    marks = np.zeros(len(text.text), np.float32)
    for n, columns in enumerate(found, 1):
        gains = np.where(columns >= 0, weights[columns] * idf[columns], 0).clip(0) / n
        for shift in range(n):
            marks[shift : shift + len(gains)] += gains
    if not len(marks) or marks.max() <= 0:
        return ()
    strong = marks >= max(marks.max() / 2, marks.mean())
    edges = np.flatnonzero(np.diff(np.concatenate([[0], strong.astype(np.int8), [0]]))).tolist()
    runs = [(float(marks[a:b].sum()), a, b) for a, b in zip(edges[::2], edges[1::2], strict=True)]
    shown = []
    for weight, a, b in heapq.nlargest(_SPANS, runs):
        start, end = text.span(a, b)
        while text.original[end - 1 : end + 1].isdecimal() and end < len(text.original):
            end += 1  # of a number, the models read one figure
        shown.append(Span(text.original[start:end], start, end, round(weight, 3)))
    return tuple(sorted(shown, key=lambda span: span.start))
