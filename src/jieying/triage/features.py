"""What the models see of a text: character n-grams weighed by TF-IDF, and a sentence vector.

Texts are those of `model_text`.
"""

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain, repeat
from operator import add

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
Columns = NDArray[np.intp]
LONGEST = 3  # characters of an n-gram


class NGrams:
    """Runs of 1 to 3 characters, weighed by (1 + ln n) · idf. `vocabulary[i]` is what column i stands for."""

    def __init__(self, vocabulary: Sequence[str], idf: Matrix) -> None:
        self.vocabulary = list(vocabulary)
        self.idf = idf
        self._column = {gram: i for i, gram in enumerate(self.vocabulary)}

    @classmethod
    def learn(cls, texts: Sequence[str]) -> "NGrams":
        """Runs of two characters must stand in two texts, of three in four: the rest weighs much and tells nothing."""
        seen = Counter(gram for text in texts for gram in set(chain(*grams(text))))
        kept = sorted(gram for gram, texts_with in seen.items() if texts_with >= 2 ** (len(gram) - 1))
        return cls(kept, np.array([math.log((1 + len(texts)) / (1 + seen[gram])) + 1 for gram in kept], np.float32))

    @property
    def size(self) -> int:
        return len(self.vocabulary)

    def find(self, text: str) -> list[Columns]:
        """For each length, the column of the n-gram that begins at each character, -1 for one that is not known."""
        return [np.fromiter(map(self._column.get, run, repeat(-1)), np.intp, len(run)) for run in grams(text)]

    def weigh(self, found: Sequence[Columns]) -> tuple[Columns, Matrix]:
        """The columns that are not 0 and their values, a row of length 1."""
        every = np.concatenate(found)
        columns, counts = np.unique(every[every >= 0], return_counts=True)
        values = (1 + np.log(counts.astype(np.float32))) * self.idf[columns]
        return columns, values / (np.linalg.norm(values) or 1)


def grams(text: str) -> Iterator[list[str]]:
    """For each length, the n-grams of a text in order: the i-th begins at character i."""
    run = list(text)
    for n in range(1, LONGEST + 1):
        yield run
        run = list(map(add, run, text[n:]))
