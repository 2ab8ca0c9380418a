"""All chance of one replication, drawn before it begins: whatever the policy decides, it meets the same calls, the same
durations and the same breakdowns (common random numbers).

A call's draws stand in its own row, numbered from the seed, the replication and the call: no decision moves them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from jieying.citypack.model import Level
from jieying.simulation.model import (
    ANY,
    SLOTS,
    Calls,
    Conditions,
    DrawsCalls,
    Drive,
    Duration,
    Floats,
    Ints,
    StageTimes,
)
from jieying.simulation.takers import answered

_CALLS, _STAGES, _UNITS = 0, 1, 2  # streams of one replication
_TINY = 2.0**-53


@dataclass(frozen=True, eq=False)
class Draws:
    """One replication: the calls, when each is answered and open, the delay that the relay adds where there is one,
    and for each unit that is sent the turnout and the stay on scene. A drive lasts `extra_s + slow × road time`."""

    calls: Calls
    answered_s: Floats
    opened_s: Floats
    relay_s: Floats
    turnout_s: Floats  # calls × SLOTS, as the next two
    stay_s: Floats
    extra_s: Floats  # by call
    slow: Floats
    breakdowns: list[list[float]]  # by unit, moments
    seconds: float  # until the last call


def draw(
    source: DrawsCalls, times: StageTimes, conditions: Conditions, units: int, seed: int, replication: int
) -> Draws:
    """Draw one replication for so many units."""
    calls = source.draw(np.random.default_rng([seed, replication, _CALLS]))
    n = len(calls)
    u = np.random.default_rng([seed, replication, _STAGES]).random((n, 3 + 3 * SLOTS)) + _TINY
    answer = _known_or(calls.answer_s, times.answer.quantile(u[:, 0]))
    describe = _known_or(calls.describe_s, times.describe.quantile(u[:, 1]))
    relay = _known_or(calls.relay_s, times.relay.quantile(u[:, 2]))
    turnout, stay, drive = (u[:, 3 + part * SLOTS : 3 + (part + 1) * SLOTS] for part in range(3))
    levels = [str(level) for level in Level]
    moment = answered(calls.received_s, answer, describe, conditions.takers)
    seconds = float(calls.received_s[-1]) if n else 0.0
    return Draws(
        calls,
        moment,
        moment + describe,
        relay,
        _known_or(calls.turnout_s, _by_kind(turnout, calls.level, levels, times.turnout)),
        _known_or(calls.stay_s, _by_kind(stay, calls.category, calls.categories, times.on_scene)),
        np.full(n, times.drive.offset_s) if calls.extra_s is None else calls.extra_s,
        _slowness(calls, times.drive, drive),
        [_breakdowns(conditions, seed, replication, unit, seconds) for unit in range(units)],
        seconds,
    )


def _slowness(calls: Calls, drive: Drive, u: Floats) -> Floats:
    """The factor on the road time for each unit of each call; the call's own, for all its units, if it has one."""
    if calls.slow is not None:
        return np.repeat(calls.slow[:, None], SLOTS, axis=1)
    factor: Floats = drive.scale * np.exp(drive.sigma * ndtri(u))
    return factor


def _known_or(known: Floats, drawn: Floats) -> Floats:
    return np.where(np.isnan(known), drawn, known)


def _by_kind(u: Floats, kind: Ints, names: Sequence[str], durations: Mapping[str, Duration]) -> Floats:
    drawn = np.empty_like(u)
    for number, name in enumerate(names):
        these = kind == number
        if these.any():
            drawn[these] = durations.get(name, durations[ANY]).quantile(u[these])
    return drawn


def _breakdowns(conditions: Conditions, seed: int, replication: int, unit: int, seconds: float) -> list[float]:
    if not conditions.breakdowns_per_day:
        return []
    random = np.random.default_rng([seed, replication, _UNITS, unit])
    moments, now = [], 0.0
    while (now := now + random.exponential(86400 / conditions.breakdowns_per_day)) < seconds:
        moments.append(now)
    return moments
