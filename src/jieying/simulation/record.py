"""Recorded calls (`replay.calls`) as a simulation takes them, and what the record itself comes to."""

from collections.abc import Sequence

import numpy as np

from jieying.replay.calls import Call
from jieying.replay.compare import recorded_times
from jieying.simulation.measure import INTERVALS, times_of
from jieying.simulation.model import SLOTS, Calls


def of_record(recorded: Sequence[Call]) -> Calls:
    """Recorded calls with all their stage times; they come in the order they were received, and there is at least one.

    The record has no moment of answering before the entry: answering and describing are one, `answer_s`. What lies
    between entry and the first dispatch is the relay. As many units as arrived, and at least one.
    """
    start = recorded[0].received
    number = {code: i for i, code in enumerate(sorted({call.category for call in recorded}))}
    turnout, stay = np.full((len(recorded), SLOTS), np.nan), np.full((len(recorded), SLOTS), np.nan)
    for i, call in enumerate(recorded):
        for slot, unit in enumerate(call.arrived[:SLOTS]):
            turnout[i, slot] = np.nan if unit.turnout_s is None else unit.turnout_s
            stay[i, slot] = np.nan if unit.stay_s is None else unit.stay_s
    dispatched = [min(unit.dispatch for unit in call.units) for call in recorded]
    return Calls(
        start=start,
        received_s=np.array([(call.received - start).total_seconds() for call in recorded]),
        lat=np.array([call.point.lat for call in recorded]),
        lon=np.array([call.point.lon for call in recorded]),
        category=np.array([number[call.category] for call in recorded], np.int64),
        categories=tuple(number),
        level=np.array([call.level.rank for call in recorded], np.int64),
        needed=np.array([max(1, len(call.arrived)) for call in recorded], np.int64),
        answer_s=np.array([(call.entry - call.received).total_seconds() for call in recorded]),
        describe_s=np.zeros(len(recorded)),
        relay_s=np.array(
            [(sent - call.entry).total_seconds() for call, sent in zip(recorded, dispatched, strict=True)]
        ),
        turnout_s=turnout,
        stay_s=stay,
    )


def recorded_figures(calls: Sequence[Call]) -> dict[str, dict[str, float | None]]:
    """The intervals of a record, plain numbers where a policy has figures; of the unit that arrived first."""
    found = [recorded_times(call) for call in calls]
    given = {name: np.array([getattr(one, name) for one in found], float) for name in INTERVALS}
    return {
        name: {key: round(value, 4) if np.isfinite(value) else None for key, value in times_of(seconds).items()}
        for name, seconds in given.items()
    }
