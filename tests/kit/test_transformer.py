"""The transformer says what BERT's encoder says when it is written out step by step, and takes any text."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf, softmax

from jieying.kit.transformer import LONGEST, Pieces, Transformer, whole
from jieying.triage.models import READER

WORDS = Pieces(["▁", "人", "火", "着火", "了", "▁有人"], [-2.0, -3.0, -3.0, -4.0, -2.0, -4.0])
UNKNOWN = 3
FIRST, LAST = 0, 2


@pytest.fixture(scope="module")
def reader() -> Transformer:
    return Transformer(READER)


def test_a_text_is_taken_apart_into_its_most_likely_pieces() -> None:
    assert WORDS.rows("有人着火了") == [FIRST, 4 + 5, 4 + 3, 4 + 4, LAST]


def test_what_is_in_no_piece_is_one_unknown_a_character() -> None:
    assert WORDS.rows("人❄❄") == [FIRST, 4 + 0, 4 + 1, UNKNOWN, UNKNOWN, LAST]


@given(st.text())
def test_any_text_has_pieces_and_not_too_many(text: str) -> None:
    rows = WORDS.rows(text)
    assert (rows[0], rows[-1]) == (FIRST, LAST)
    assert len(rows) <= LONGEST + 2
    assert all(UNKNOWN <= row < 4 + 6 for row in rows[1:-1])


def test_whole_numbers_of_eight_bits_stand_for_a_matrix_to_half_a_step() -> None:
    matrix = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    steps, size = whole(matrix)
    assert steps.dtype == np.int8
    assert np.all(np.abs(steps * size[:, None] - matrix) <= size[:, None] * 0.501)


@settings(deadline=None, max_examples=30)
@given(st.text(max_size=400))
def test_any_text_has_a_score(reader: Transformer, text: str) -> None:
    assert np.isfinite(reader.score(text))


@pytest.mark.parametrize("text", ["有人拿刀追我", "孩子在河边玩，一转眼不见了", "笑死我了", "0楼那家又在拖椅子", "❄"])
def test_a_score_is_that_of_the_encoder_written_out_step_by_step(reader: Transformer, text: str) -> None:
    assert reader.score(text) == pytest.approx(step_by_step(text), abs=0.02)


def step_by_step(text: str) -> float:
    """Devlin et al. (2018) in double precision: one head, one piece after the other, the exact GELU."""
    with np.load(READER) as file:
        stored = {name: file[name].astype(float) for name in file.files if name not in ("pieces", "scores")}
        pieces = Pieces(str(file["pieces"]).split("\n"), file["scores"].tolist())

    def through(x: np.ndarray, name: str) -> np.ndarray:
        return x @ (stored[f"{name}.whole"] * stored[f"{name}.scale"][:, None]).T + stored[f"{name}.bias"]

    def norm(x: np.ndarray, name: str) -> np.ndarray:
        x = (x - x.mean(axis=1, keepdims=True)) / x.std(axis=1, keepdims=True)
        return x * stored[f"{name}.scaled"] + stored[f"{name}.shifted"]

    rows = pieces.rows(text)
    words = stored["word.whole"][rows] * stored["word.scale"][rows, None]
    x = norm(words + stored["positions"][: len(rows)], "norm")
    heads, size = int(stored["heads"]), x.shape[1]
    for layer in range(int(stored["layers"])):
        query, key, value = np.split(through(x, f"{layer}.asked"), 3, axis=1)
        said = np.empty_like(x)
        for head in np.split(np.arange(size), heads):
            for i in range(len(rows)):
                near = softmax(key[:, head] @ query[i, head] / np.sqrt(size / heads))
                said[i, head] = near @ value[:, head]
        x = norm(x + through(said, f"{layer}.said"), f"{layer}.attended")
        inner = through(x, f"{layer}.wide")
        inner = inner * (1 + erf(inner / np.sqrt(2))) / 2
        x = norm(x + through(inner, f"{layer}.narrow"), f"{layer}.out")
    return float(x.mean(axis=0) @ stored["score"] + stored["score.bias"])
