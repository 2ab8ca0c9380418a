"""Speeds learned from recorded drives: by road class, hour of the week and area.

A drive is taken to last `start_s + Σ base(edge) × class × area × hour`: base is the time at the speeds of the pack, the
three are factors of slowness. Their logarithms are found by ridge regression on the logarithm of the time,
robust against outliers (soft L1), along the fastest way; new speeds make new ways, so the two steps are repeated, as in
Zhan, Hasan, Ukkusuri, Kamga: Urban link travel time estimation using large-scale taxi data with partial information,
Transportation Research Part C 33 (2013) 37-49. The ridge keeps what few drives tell about near the pack's own speeds.

The hours of a day follow two harmonics, one curve for working days and one for Saturday and Sunday: 168 hours could not
be told apart from a few thousand drives.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from scipy.optimize import least_squares

from jieying.citypack.model import HOURS_OF_WEEK, SpeedTable
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point
from jieying.roads.graph import Floats, RoadGraph
from jieying.roads.network import RoadNetwork

ROUNDS = 4
# How far a class, an area and an hour may be expected from what the pack says, as standard deviations of a logarithm.
CLASS_SPREAD, AREA_SPREAD, HOUR_SPREAD = 0.25, 0.08, 0.05
NOISE = 0.35  # of one drive, likewise; beyond it an error counts less than its square
LEAST_S = 30.0  # shorter drives tell of parking, not of roads
FEWEST = 50


class Trip(NamedTuple):
    """A recorded drive; `hour` of the local week as in `hour_of_week`."""

    start: Point
    end: Point
    hour: int
    seconds: float


class TripError(NamedTuple):
    """Predicted against recorded drives. Shares: 0.1 is 10 %.

    `mdape` is the median absolute error, `bias` the median of predicted / recorded - 1, `r2` the share of the
    variance of the logarithm of the time that is explained.
    """

    n: int
    mdape: float
    bias: float
    r2: float


@dataclass(frozen=True)
class Learned:
    """Speeds, and `start_s`: what every drive takes beside the road. `used` drives; `spread` is the robust standard
    deviation of the logarithm of recorded / predicted among them."""

    speeds: SpeedTable
    start_s: float
    used: int
    spread: float


def learn_speeds(network: RoadNetwork, trips: Sequence[Trip]) -> Learned:
    """The speeds that fit the drives best. Raises Invalid for fewer than 50 that a road leads along."""
    base, recorded = network, [trip for trip in trips if trip.seconds >= LEAST_S]
    found = _Factors.none(base.graph)
    for _ in range(ROUNDS):
        on_road = _stretches(network, base, recorded)
        driven = on_road.sum(axis=1) > 0
        if driven.sum() < FEWEST:
            raise Invalid("speeds_too_few", drives=int(driven.sum()), needed=FEWEST)
        hours = np.array([trip.hour for trip in recorded])
        seconds = np.array([trip.seconds for trip in recorded])
        found = _fit(found, on_road[driven], hours[driven], seconds[driven])
        network = base.with_speeds(found.applied(base.speeds, base.graph))
    errors = np.log(seconds[driven] / found.predicted(on_road[driven], hours[driven]))
    low, high = np.quantile(errors, [0.1587, 0.8413])
    return Learned(network.speeds, found.start_s, int(driven.sum()), float(high - low) / 2)


def predict(network: RoadNetwork, start_s: float, trips: Sequence[Trip]) -> Floats:
    """Seconds that each drive should take; infinite where no road leads."""
    starts, ends = network.snap_all([trip.start for trip in trips]), network.snap_all([trip.end for trip in trips])
    times = [
        network.eta_array([start], end, trip.hour)[0] for start, end, trip in zip(starts, ends, trips, strict=True)
    ]
    return start_s + np.array(times)


def error_of(predicted: Floats, trips: Sequence[Trip]) -> TripError:
    """How far predictions are off. Raises Invalid without a drive that a road leads along."""
    recorded = np.array([trip.seconds for trip in trips])
    known = np.isfinite(predicted) & (recorded > 0) & (predicted > 0)
    if not known.any():
        raise Invalid("speeds_too_few", drives=0, needed=1)
    ratio = predicted[known] / recorded[known]
    logs = np.log(recorded[known])
    unexplained = np.sum(np.log(ratio) ** 2) / max(np.sum((logs - logs.mean()) ** 2), 1e-12)
    return TripError(
        int(known.sum()), float(np.median(np.abs(ratio - 1))), float(np.median(ratio) - 1), float(1 - unexplained)
    )


@dataclass(frozen=True)
class _Factors:
    """Logarithms of slowness: of each class (the last is of roads with a speed of their own, and stays 0), of each
    area (the last is of none, and stays 0), of each harmonic of the hours."""

    of_class: Floats
    of_area: Floats
    of_hour: Floats
    start_s: float

    @classmethod
    def none(cls, graph: RoadGraph) -> "_Factors":
        return cls(
            np.zeros(len(graph.classes) + 1), np.zeros(len(graph.areas) + 1), np.zeros(_HARMONICS.shape[1]), 10.0
        )

    def vector(self) -> Floats:
        return np.concatenate([self.of_class[:-1], self.of_area[:-1], self.of_hour, [self.start_s / 100]])

    def with_vector(self, values: Floats) -> "_Factors":
        classes, areas = len(self.of_class) - 1, len(self.of_area) - 1
        of_class, of_area, of_hour, (start,) = np.split(values, np.cumsum([classes, areas, len(self.of_hour)]))
        return _Factors(np.append(of_class, 0.0), np.append(of_area, 0.0), of_hour, float(start) * 100)

    def surprise(self) -> Floats:
        """How far the values are from none, each in its own spread."""
        return np.concatenate([self.of_class / CLASS_SPREAD, self.of_area / AREA_SPREAD, self.of_hour / HOUR_SPREAD])

    def predicted(self, on_road: Floats, hours: Floats) -> Floats:
        slowness = np.exp(np.add.outer(self.of_class, self.of_area)).ravel()
        seconds: Floats = self.start_s + on_road @ slowness * np.exp(_HARMONICS[hours] @ self.of_hour)
        return seconds

    def applied(self, speeds: SpeedTable, graph: RoadGraph) -> SpeedTable:
        """A table of speeds with these factors in it."""
        kmh = {
            name: speeds.kmh.get(name, speeds.default_kmh) / float(np.exp(slowness))
            for name, slowness in zip(graph.classes, self.of_class[:-1], strict=True)
        }
        area = {
            code: speeds.area_factor.get(code, 1.0) / float(np.exp(slowness))
            for code, slowness in zip(graph.areas, self.of_area[:-1], strict=True)
        }
        hour = np.array(speeds.hour_factor) / np.exp(_HARMONICS @ self.of_hour)
        return SpeedTable(
            {**speeds.kmh, **kmh}, speeds.default_kmh, tuple(hour.tolist()), {**speeds.area_factor, **area}
        )


def _harmonics() -> Floats:
    """A row for each hour of the week: two harmonics of the day on working days, two on the other two, and which."""
    hour = np.arange(HOURS_OF_WEEK)
    free = (hour >= 5 * 24).astype(float)
    turn = 2 * np.pi * (hour % 24) / 24
    waves = np.column_stack([np.cos(turn), np.sin(turn), np.cos(2 * turn), np.sin(2 * turn)])
    return np.column_stack([waves * (1 - free)[:, None], waves * free[:, None], free - free.mean()])


_HARMONICS = _harmonics()


def _fit(begin: _Factors, on_road: Floats, hours: Floats, seconds: Floats) -> _Factors:
    recorded = np.log(seconds)

    def residuals(values: Floats) -> Floats:
        now = begin.with_vector(values)
        return np.concatenate([(np.log(now.predicted(on_road, hours)) - recorded) / NOISE, now.surprise()])

    low = np.full(len(begin.vector()), -2.0)
    low[-1] = 0.0
    return begin.with_vector(least_squares(residuals, begin.vector(), loss="soft_l1", bounds=(low, 2.0)).x)


def _stretches(network: RoadNetwork, base: RoadNetwork, trips: Sequence[Trip]) -> Floats:
    """By drive, the base seconds on the roads of each class (its own speed last) in each area (none last)."""
    graph = base.graph
    classes = np.where(np.isnan(graph.kmh), graph.road_class, len(graph.classes))
    columns = classes * (len(graph.areas) + 1) + np.where(graph.area < 0, len(graph.areas), graph.area)
    starts, ends = network.snap_all([trip.start for trip in trips]), network.snap_all([trip.end for trip in trips])
    on_road = np.zeros((len(trips), (len(graph.classes) + 1) * (len(graph.areas) + 1)))
    for row, (start, end, trip) in enumerate(zip(starts, ends, trips, strict=True)):
        factor = base.speeds.hour_factor[trip.hour]
        for edge, begin, stop in network.stretches(start, end):
            on_road[row, columns[edge]] += base.edge_ms[edge] / 1000 * abs(stop - begin) / factor
    return on_road


def write_speeds(file: Path, speeds: SpeedTable, said: Sequence[str]) -> None:
    """A pack's `speeds.toml`, with these lines of comment above."""
    days = np.array(speeds.hour_factor).reshape(7, 24).round(3).tolist()
    lines = [
        *(f"# {line}" for line in said),
        "[speeds]",
        f"default_kmh = {speeds.default_kmh:.1f}",
        "hour_factor = [  # a row for each day, Monday first",
        *("    " + ", ".join(f"{value:.3f}" for value in day) + "," for day in days),
        "]",
        "",
        "[speeds.kmh]",
        *(f"{_key(name)} = {value:.1f}" for name, value in sorted(speeds.kmh.items())),
        "",
        "[speeds.area_factor]",
        *(f"{_key(code)} = {value:.3f}" for code, value in sorted(speeds.area_factor.items())),
    ]
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _key(name: str) -> str:
    """A TOML key in quotes."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
