"""A small transformer that reads a text in pieces and gives it one score: BERT's encoder (Devlin et al., 2018), numpy
only. Weights and pieces stand in one file; tools/fit_danger.py makes it.
"""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]
_FIRST, _LAST, _UNKNOWN = 0, 2, 3  # rows of the table of pieces; 1 is what fills up a batch in training
SPECIAL = 4  # rows before the first piece
_START = "▁"  # what a text begins with
LONGEST = 158  # pieces read


class Pieces:
    """A text in the pieces that are most likely together, each by its own log-probability (unigram, Kudo 2018)."""

    def __init__(self, pieces: list[str], scores: list[float]) -> None:
        self._known = {piece: (row, scores[row]) for row, piece in enumerate(pieces)}
        self._longest = max(map(len, pieces))
        self._unknown = min(scores) - 10

    def rows(self, text: str) -> list[int]:
        """Rows of the table, the first and last ones of every text included; the time grows with the text."""
        text = _START + text
        best = [0.0] + [-math.inf] * len(text)
        back = [(0, _UNKNOWN)] * len(best)  # where the piece that ends here begins, and its row
        for start in range(len(text)):
            for end in range(start + 1, min(len(text), start + self._longest) + 1):
                row, score = self._known.get(text[start:end], (_UNKNOWN - SPECIAL, self._unknown))
                if (row >= 0 or end == start + 1) and best[start] + score > best[end]:
                    best[end], back[end] = best[start] + score, (start, row + SPECIAL)
        found, end = [], len(text)
        while end:
            end, row = back[end]
            found.append(row)
        return [_FIRST, *found[::-1][:LONGEST], _LAST]


class Transformer:
    """Reads weights once; safe to share between threads."""

    def __init__(self, file: Path) -> None:
        with np.load(file, allow_pickle=False) as stored:
            self._pieces = Pieces(str(stored["pieces"]).split("\n"), stored["scores"].tolist())
            self._table, self._scales = stored["word.whole"], stored["word.scale"]
            self._weights: dict[str, Matrix] = {
                name.removesuffix(".whole"): _restored(stored[name], stored[name.removesuffix("whole") + "scale"])
                if name.endswith(".whole")
                else stored[name].astype(np.float32)
                for name in stored.files
                if name not in ("pieces", "scores") and not name.endswith(".scale") and not name.startswith("word.")
            }
            self._layers, self._heads = int(stored["layers"]), int(stored["heads"])

    def score(self, text: str) -> float:
        """Above 0: rather yes."""
        rows = self._pieces.rows(text)
        w = self._weights
        x = self._table[rows] * self._scales[rows, None] + w["positions"][: len(rows)]
        x = self._norm(x, "norm")
        for layer in range(self._layers):
            x = self._norm(x + self._attention(x, f"{layer}."), f"{layer}.attended")
            inner = _gelu(x @ w[f"{layer}.wide"] + w[f"{layer}.wide.bias"])
            x = self._norm(x + inner @ w[f"{layer}.narrow"] + w[f"{layer}.narrow.bias"], f"{layer}.out")
        return float(x.mean(axis=0) @ w["score"] + w["score.bias"])

    def _attention(self, x: Matrix, layer: str) -> Matrix:
        w, (count, size) = self._weights, x.shape
        parts = x @ w[layer + "asked"] + w[layer + "asked.bias"]
        query, key, value = parts.reshape(count, 3, self._heads, -1).transpose(1, 2, 0, 3)
        near = query @ key.transpose(0, 2, 1) / math.sqrt(size / self._heads)
        near = np.exp(near - near.max(axis=2, keepdims=True))
        near /= near.sum(axis=2, keepdims=True)
        said = (near @ value).transpose(1, 0, 2).reshape(count, size)
        return np.asarray(said @ w[layer + "said"] + w[layer + "said.bias"], np.float32)

    def _norm(self, x: Matrix, name: str) -> Matrix:
        x = x - x.mean(axis=1, keepdims=True)
        x /= np.sqrt(np.mean(x * x, axis=1, keepdims=True) + 1e-12)
        return np.asarray(x * self._weights[name + ".scaled"] + self._weights[name + ".shifted"], np.float32)


def whole(matrix: Matrix) -> tuple[NDArray[np.int8], Matrix]:
    """A matrix as whole numbers of 8 bits, with the size of one in each row: a quarter of the file."""
    scale = np.abs(matrix).max(axis=1) / 127 + 1e-12
    return np.rint(matrix / scale[:, None]).astype(np.int8), scale.astype(np.float32)


def _restored(matrix: NDArray[np.int8], scale: Matrix) -> Matrix:
    return np.ascontiguousarray((matrix * scale[:, None]).T)


def _gelu(x: Matrix) -> Matrix:
    """Gaussian error linear unit, by tanh (Hendrycks and Gimpel, 2016): within 0.001 of the exact one."""
    return np.asarray(x * (0.5 + 0.5 * np.tanh(0.7978846 * x * (1 + 0.044715 * x * x))), np.float32)
