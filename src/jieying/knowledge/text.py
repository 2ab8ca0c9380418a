"""The text side of the search: one spelling and one word for one thing, characters and pairs of them, BM25."""

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from jieying.kit.normal import plain
from jieying.knowledge.base import synonyms

Scores = NDArray[np.float64]
WORDS_MAX = 500  # characters of a question that are read; who writes more is not asking one question

_SAME, _IDLE, _CRIES = synonyms()
_READ_AS = {plain(word): plain(same) for word, same in _SAME.items()} | {plain(word): "" for word in _IDLE}
_WORD = re.compile("|".join(re.escape(word) for word in sorted(_READ_AS, key=len, reverse=True)))
_ASKS = re.compile(r"[吗咋啥哪谁几么呢?？]|怎|什|多少|多久|多大|是不是|能不|行不|可不可以|如何|[不没]$")
_NO_WORD = re.compile(r"[^\w]+")


def common_words(text: str) -> str:
    """The text in the words of the questions: 驾照 becomes 驾驶证, idle words are left out."""
    return _WORD.sub(lambda found: _READ_AS[found[0]], plain(text[:WORDS_MAX]))


def is_cry(text: str) -> bool:
    """Whether it holds words that only somebody in danger says."""
    spelled = plain(text[:WORDS_MAX])
    return any(word in spelled for word in _CRIES)


def asks(text: str) -> bool:
    """Whether it has a word or an end that makes a question of it."""
    return bool(_ASKS.search(plain(text[:WORDS_MAX]).strip(" 。.!！~")))


def grams(text: str) -> list[str]:
    """The characters of a text and the pairs of neighbours."""
    bare = _NO_WORD.sub("", text)
    return [*bare, *(bare[i : i + 2] for i in range(len(bare) - 1))]


class Bm25:
    """Robertson and Zaragoza (2009), over characters and pairs; a score is a share of what the query could reach."""

    def __init__(self, documents: Sequence[str], k: float = 1.2, b: float = 0.5) -> None:
        counts = [Counter(grams(document)) for document in documents]
        sizes = np.array([sum(count.values()) for count in counts], dtype=float)
        self._rows = {gram: row for row, gram in enumerate(sorted({gram for count in counts for gram in count}))}
        triples = [(self._rows[gram], column, n) for column, count in enumerate(counts) for gram, n in count.items()]
        rows, columns, n = (np.array(part) for part in zip(*triples, strict=True))
        total = len(documents)
        held = np.bincount(rows)
        self._weight = np.log(1 + (total - held + 0.5) / (held + 0.5))
        self._unknown = float(np.log(1 + (total + 0.5) / 0.5))
        damped = n * (k + 1) / (n + k * (1 - b + b * sizes[columns] / sizes.mean()))
        self._matrix = csr_array((self._weight[rows] * damped, (rows, columns)), shape=(len(self._rows), total))

    def score(self, query: Sequence[str]) -> Scores:
        """How well each document holds the query's characters and pairs; zeros for an empty query."""
        asked = set(query)
        rows = sorted(self._rows[gram] for gram in asked if gram in self._rows)
        if not rows:
            return np.zeros(self._matrix.shape[1])
        reach = float(self._weight[rows].sum()) + self._unknown * (len(asked) - len(rows))
        return np.asarray(self._matrix[rows].sum(axis=0), dtype=float) / reach
