"""The call-takers: who is answered when. A queue that no decision about units changes, so it runs once for all."""

import heapq

import numpy as np

from jieying.simulation.model import Floats


def answered(received_s: Floats, answer_s: Floats, describe_s: Floats, takers: int | None) -> Floats:
    """When each call is answered, first come first served, by so many call-takers (None: one for every call).

    `answer_s`: from when a call-taker turns to a call until he answers; `describe_s`: from then until the incident is
    open. He is busy in both. A call that is recorded with its answer time has waited already: give no takers then.
    """
    if takers is None:
        return received_s + answer_s
    free = [-np.inf] * takers
    moments = []
    for received, answer, describe in zip(received_s.tolist(), answer_s.tolist(), describe_s.tolist(), strict=True):
        moment = max(received, heapq.heappop(free)) + answer
        heapq.heappush(free, moment + describe)
        moments.append(moment)
    return np.array(moments)
