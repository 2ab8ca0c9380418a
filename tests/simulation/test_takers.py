"""The queue before the call-takers, against a count by hand and against the theory."""

import numpy as np
import pytest

from jieying.simulation.takers import answered


def test_a_call_waits_for_the_first_call_taker_who_is_free() -> None:
    received, answer, describe = np.array([0.0, 1.0, 2.0]), np.full(3, 3.0), np.full(3, 10.0)
    assert answered(received, answer, describe, 2).tolist() == [3.0, 4.0, 16.0]
    assert answered(received, answer, describe, None).tolist() == [3.0, 4.0, 5.0]


def test_so_many_wait_as_erlang_c_says() -> None:
    """10 Erlang on 14 servers: P(wait) = 0.1741."""
    random = np.random.default_rng(1)
    n = 200_000
    received = np.cumsum(random.exponential(1.0, n))
    moments = answered(received, np.zeros(n), random.exponential(10.0, n), 14)
    assert np.mean(moments > received + 1e-9) == pytest.approx(0.1741, abs=0.01)
