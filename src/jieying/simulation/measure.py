"""What came out, in figures: one Sample for each replication, together a PolicyResult; differences are paired."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import h3.api.basic_str as h3
import numpy as np
from scipy.special import stdtrit

from jieying.citypack.model import CityPack, Level
from jieying.simulation.model import LATE_S, Floats, Ints, Outcome
from jieying.simulation.result import Cell, Difference, Figure, Part, PolicyResult, Times

INTERVALS = ("response", "travel", "answer", "processing", "turnout")
EDGES_S = [float(edge) for edge in range(0, 1801, 30)]
CELL_RESOLUTION = 8  # hexagons of about 0.7 km²
_CONFIDENCE = 0.975  # two-sided 95 %


@dataclass(frozen=True, eq=False)
class Sample:
    """The figures of one replication. A part is `n, within_300s, p50_s, p90_s`; a cell: calls, arrivals, their seconds,
    late calls."""

    times: dict[str, dict[str, float]]
    parts: dict[str, dict[str, dict[str, float]]]
    whole: dict[str, float]
    work: Floats
    histogram: Ints
    cells: dict[str, tuple[int, int, float, int]]


def sample(outcome: Outcome, pack: CityPack) -> Sample:
    """The figures of one replication."""
    response = outcome.on_scene_s - outcome.received_s
    seconds = {
        "response": response,
        "travel": outcome.on_scene_s - outcome.en_route_s,
        "answer": outcome.answered_s - outcome.received_s,
        "processing": outcome.offered_s - outcome.answered_s,
        "turnout": outcome.en_route_s - outcome.offered_s,
    }
    reached, late = np.isfinite(response), ~(response <= LATE_S)
    targets = np.array([pack.targets.seconds[level]["arrive"] for level in Level], float)
    levels = {str(level): outcome.level == level.rank for level in Level}
    areas = {area.code: outcome.area == number for number, area in enumerate(pack.areas)}
    n = max(1, len(response))
    return Sample(
        times={name: times_of(values) for name, values in seconds.items()},
        parts={
            "by_level": {name: _part(response[these]) for name, these in levels.items() if these.any()},
            "by_area": {name: _part(response[these]) for name, these in areas.items() if these.any()},
        },
        whole={
            "late_share": float(late.sum()) / n,
            "within_target": float((response <= targets[outcome.level]).sum()) / n,
            "waited": float(outcome.waited.sum()),
            "unserved": float((~reached).sum()),
            "moves": float(outcome.moves),
            "drive_s": outcome.road_s,
            "events": float(outcome.events),
            "seconds": outcome.seconds,
        },
        work=np.divide(outcome.busy_s, outcome.duty_s, out=np.zeros_like(outcome.busy_s), where=outcome.duty_s > 0),
        histogram=np.histogram(response[reached], [*EDGES_S, np.inf])[0].astype(np.int64),
        cells=_cells(outcome, response, reached, late),
    )


def times_of(seconds: Floats) -> dict[str, float]:
    """An interval over the calls that have it."""
    known = seconds[np.isfinite(seconds)]
    names = ("p50_s", "p90_s", "p95_s", "mean_s", "within_300s")
    if not len(known):
        return {"n": 0.0, **dict.fromkeys(names, np.nan)}
    values = [*np.percentile(known, [50, 90, 95]).tolist(), float(known.mean()), float(np.mean(known <= LATE_S))]
    return {"n": float(len(known)), **dict(zip(names, values, strict=True))}


def _part(response: Floats) -> dict[str, float]:
    times = times_of(response)
    return {name: times[name] for name in ("n", "within_300s", "p50_s", "p90_s")}


def _cells(outcome: Outcome, response: Floats, reached: Any, late: Any) -> dict[str, tuple[int, int, float, int]]:
    points, which = np.unique(np.stack([outcome.lat, outcome.lon], axis=1), axis=0, return_inverse=True)
    names = [h3.latlng_to_cell(lat, lon, CELL_RESOLUTION) for lat, lon in points.tolist()]
    cells, cell_of_point = np.unique(np.array(names, dtype=str), return_inverse=True)
    cell = cell_of_point[which.ravel()] if len(points) else np.zeros(0, np.int64)
    counts = [
        np.bincount(cell, weights, minlength=len(cells)).tolist()
        for weights in (np.ones(len(cell)), reached.astype(float), np.where(reached, response, 0.0), late.astype(float))
    ]
    return {
        str(name): (int(calls), int(arrived), seconds, int(slow))
        for name, calls, arrived, seconds, slow in zip(cells, *counts, strict=True)
    }


def figure(values: Sequence[float], digits: int = 4) -> Figure:
    """Mean and 95 % interval over replications; those that have no value are left out."""
    known = np.array([value for value in values if np.isfinite(value)])
    if not len(known):
        return {"value": None, "low": None, "high": None}
    mean = float(known.mean())
    if len(known) == 1:
        return {"value": round(mean, digits), "low": None, "high": None}
    half = float(stdtrit(len(known) - 1, _CONFIDENCE) * known.std(ddof=1) / np.sqrt(len(known)))
    return {"value": round(mean, digits), "low": round(mean - half, digits), "high": round(mean + half, digits)}


def combine(samples: Sequence[Sample], codes: Sequence[str]) -> PolicyResult:
    """All replications of one variant together; `codes` are those of the units."""
    counts = np.sum([one.histogram for one in samples], axis=0)
    work = np.mean([one.work for one in samples], axis=0)
    whole = {name: [one.whole[name] for one in samples] for name in samples[0].whole}
    seconds = float(np.sum(whole["seconds"]))
    times = {name: _times([one.times[name] for one in samples]) for name in INTERVALS}
    return {
        "response": times["response"],
        "travel": times["travel"],
        "answer": times["answer"],
        "processing": times["processing"],
        "turnout": times["turnout"],
        "late_share": figure(whole["late_share"]),
        "within_target": figure(whole["within_target"]),
        "by_level": _parts(samples, "by_level"),
        "by_area": _parts(samples, "by_area"),
        "work_per_unit": {code: round(float(share), 4) for code, share in zip(codes, work, strict=True)},
        "waited": figure(whole["waited"]),
        "unserved": figure(whole["unserved"]),
        "moves": figure(whole["moves"]),
        "drive_s": figure(whole["drive_s"], 1),
        "histogram": {"edges_s": EDGES_S, "share": (counts / max(1, counts.sum())).round(5).tolist()},
        "cells": _mean_cells(samples),
        "events": float(np.mean(whole["events"])),
        "events_per_s": round(float(np.sum(whole["events"])) / seconds) if seconds else 0.0,
        "seconds": round(seconds, 3),
    }


def _times(given: Sequence[dict[str, float]]) -> Times:
    def over(name: str, digits: int = 2) -> Figure:
        return figure([one[name] for one in given], digits)

    return {
        "n": _mean_n(given),
        "p50_s": over("p50_s"),
        "p90_s": over("p90_s"),
        "p95_s": over("p95_s"),
        "mean_s": over("mean_s"),
        "within_300s": over("within_300s", 4),
    }


def _mean_n(given: Sequence[dict[str, float]]) -> float:
    return round(float(np.mean([one["n"] for one in given])), 2)


def _parts(samples: Sequence[Sample], kind: str) -> dict[str, Part]:
    names = dict.fromkeys(name for one in samples for name in one.parts[kind])
    parts: dict[str, Part] = {}
    for name in names:
        given = [one.parts[kind][name] for one in samples if name in one.parts[kind]]
        parts[name] = {
            "n": round(sum(one["n"] for one in given) / len(samples), 2),
            "within_300s": figure([one["within_300s"] for one in given]),
            "p50_s": figure([one["p50_s"] for one in given], 2),
            "p90_s": figure([one["p90_s"] for one in given], 2),
        }
    return parts


def _mean_cells(samples: Sequence[Sample]) -> list[Cell]:
    sums: dict[str, list[float]] = {}
    for one in samples:
        for name, counts in one.cells.items():
            sums[name] = [a + b for a, b in zip(sums.get(name, [0.0] * 4), counts, strict=True)]
    return [
        {
            "cell": name,
            "n": round(calls / len(samples), 2),
            "mean_s": round(seconds / arrived, 1),
            "late_share": round(late / calls, 4),
        }
        for name, (calls, arrived, seconds, late) in sorted(sums.items())
        if arrived
    ]


def difference(before: tuple[str, Sequence[Sample]], after: tuple[str, Sequence[Sample]]) -> Difference:
    """From one variant to another, paired by replication."""

    def over(value: Callable[[Sample], float], relative: bool) -> Figure:
        pairs = [(value(a), value(b)) for a, b in zip(before[1], after[1], strict=True)]
        return figure([_relative(a, b) if relative else 100 * (b - a) for a, b in pairs])

    return {
        "from": before[0],
        "to": after[0],
        "p50_s": over(lambda one: one.times["response"]["p50_s"], True),
        "p90_s": over(lambda one: one.times["response"]["p90_s"], True),
        "mean_s": over(lambda one: one.times["response"]["mean_s"], True),
        "within_300s": over(lambda one: one.times["response"]["within_300s"], False),
        "late_share": over(lambda one: one.whole["late_share"], True),
    }


def _relative(before: float, after: float) -> float:
    return (after - before) / before if before else np.nan
