"""Demand fitted to recorded calls: an inhomogeneous Poisson process by hour of the week and place.

The rate of an hour of the week is that hour's own mean drawn towards the smooth curve of its kind of day, the more the
fewer weeks were recorded (the gamma-Poisson shrinkage of empirical Bayes). A call is drawn like a recorded one of about
the same time of day on a day of the same kind, with its category and level, and stands where one of its nearest
neighbours was recorded: a density by nearest neighbours, narrow where calls are many, never in the sea (Loftsgaarden
and Quesenberry, Annals of Mathematical Statistics 36 (1965) 1049-1051). How long all takes, and how many units, is told
by practice.py.
"""

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import h3.api.numpy_int as h3
import numpy as np
from scipy.spatial import cKDTree
from scipy.stats import chi2, kstest

from jieying.citypack.model import HOURS_OF_WEEK, DemandPoint
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point
from jieying.roads.network import hour_of_week
from jieying.simulation.model import Calls, Floats, Ints, nothing_recorded
from jieying.simulation.practice import Bools, Practice, local_days

CURVE_H = 1.5  # standard deviation of the smoothing over the hours of a day
LIKE_H = 1.0  # of the time of day within which calls are alike
OTHER_DAY = 0.1  # what a call of another kind of day counts as a model
PRIOR_WEEKS = 4.0  # so many recorded weeks of an hour weigh as much as the curve
NEIGHBOURS = 8
FEWEST = 10
CELL = 9  # H3 resolution of the demand points, hexagons of about 0.1 km²


class Hours(NamedTuple):
    """Full hours of a time on end; `off`: on a Saturday, a Sunday or a public holiday."""

    of_week: Ints
    off: Bools

    @classmethod
    def of(cls, start: datetime, count: int, zone: ZoneInfo, holidays: Collection[date]) -> "Hours":
        local = [(start + timedelta(hours=hour)).astimezone(zone) for hour in range(count)]
        off = [moment.weekday() >= 5 or moment.date() in holidays for moment in local]
        return cls(np.array([hour_of_week(moment) for moment in local], np.int64), np.array(off, bool))


class Goodness(NamedTuple):
    """How Poisson-like counted calls are. `dispersion`: Pearson's chi-square of the hourly counts by its degrees of
    freedom, 1 for a Poisson process of just these rates, with its probability; `ks_p`: probability of the times between
    calls after time-rescaling (Brown et al., Neural Computation 14 (2002) 325-346)."""

    hours: int
    calls: int
    expected: float
    dispersion: float
    dispersion_p: float
    ks_p: float


class FittedDemand:
    """Calls to come, `DrawsCalls`: `days` times 24 hours from `start` on. `rate` is calls an hour by kind of day
    (working, off) and hour of the week."""

    def __init__(
        self,
        calls: Calls,
        hours: int,
        zone: ZoneInfo,
        holidays: Collection[date] = (),
        practice: Practice | None = None,
        calls_per_day: float | None = None,
    ) -> None:
        """Fit to all calls of so many full hours from the one in which the first came; later ones are left out.

        With a practice, drawn calls are handled as it teaches, else with as many units as their models, and nothing is
        known of their times. `calls_per_day` scales the rates. Raises Invalid for fewer than ten calls.
        """
        calls = from_full_hour(calls)
        inside = calls.received_s < hours * 3600
        if inside.sum() < FEWEST:
            raise Invalid("demand_too_little", calls=int(inside.sum()), needed=FEWEST)
        self.zone, self.holidays, self.practice = zone, holidays, practice
        self.calls, self._inside = calls, np.flatnonzero(inside)
        self.start, self.hours = calls.start, hours
        self.rate = _rates(Hours.of(calls.start, hours, zone, holidays), _counted(calls, hours))
        if calls_per_day is not None:
            self.rate *= calls_per_day * 7 / sum(self.rate[int(hour >= 120), hour] for hour in range(HOURS_OF_WEEK))
        off, time_of_day = local_days(calls, zone, holidays)
        self._off, self._time_of_day = off[inside], time_of_day[inside]
        plane = _plane(calls.lat[inside], calls.lon[inside])
        self._near: Ints = np.asarray(cKDTree(plane).query(plane, k=NEIGHBOURS)[1], np.int64)
        self._chances: dict[tuple[int, bool], Floats] = {}

    def at(self, start: datetime, days: int) -> "FittedDemand":
        """The same demand, drawn for another time."""
        other = object.__new__(FittedDemand)
        other.__dict__ = {**self.__dict__, "start": start, "hours": days * 24}
        return other

    def draw(self, random: np.random.Generator) -> Calls:
        hours = Hours.of(self.start, self.hours, self.zone, self.holidays)
        counts = random.poisson(self.expected(hours))
        received = _moments(counts, random)
        models = [
            random.choice(self._inside.size, count, p=self._like(int(hour) % 24, bool(off)))
            for hour, off, count in zip(*hours, counts.tolist(), strict=True)
        ]
        chosen = np.concatenate(models).astype(np.int64)
        where = self._inside[self._near[chosen, random.integers(NEIGHBOURS, size=len(chosen))]]
        like = self._inside[chosen]
        calls = Calls(
            start=self.start,
            received_s=received,
            lat=self.calls.lat[where],
            lon=self.calls.lon[where],
            category=self.calls.category[like],
            categories=self.calls.categories,
            level=self.calls.level[like],
            needed=self.calls.needed[like],
            **nothing_recorded(len(like)),
        )
        if self.practice is None:
            return calls
        return self.practice.handled(calls, local_days(calls, self.zone, self.holidays).off, random)

    def expected(self, hours: Hours) -> Floats:
        """How many calls each hour should bring."""
        expected: Floats = self.rate[hours.off.astype(np.int64), hours.of_week]
        return expected

    def goodness(self, calls: Calls, hours: int) -> Goodness:
        """How well the rates tell calls of so many hours from the one of the first; best asked for calls that they
        were not fitted to."""
        calls = from_full_hour(calls)
        expected = self.expected(Hours.of(calls.start, hours, self.zone, self.holidays))
        counted = _counted(calls, hours)
        chi_square = float(np.sum((counted - expected) ** 2 / expected))
        passed = np.interp(calls.received_s / 3600, np.arange(hours + 1), np.concatenate([[0.0], np.cumsum(expected)]))
        return Goodness(
            hours=hours,
            calls=int(counted.sum()),
            expected=float(expected.sum()),
            dispersion=chi_square / hours,
            dispersion_p=float(2 * min(chi2.cdf(chi_square, hours), chi2.sf(chi_square, hours))),
            ks_p=float(kstest(np.diff(passed[calls.received_s < hours * 3600]), "expon").pvalue),
        )

    def points(self) -> list[DemandPoint]:
        """Where calls come from, for the pack's demand.csv: H3 cells at the middle of their calls, and their share."""
        shares = np.bincount(self._near.ravel(), minlength=len(self._inside)) / self._near.size
        lat, lon = self.calls.lat[self._inside], self.calls.lon[self._inside]
        cells = np.array([h3.latlng_to_cell(*pair, CELL) for pair in zip(lat.tolist(), lon.tolist(), strict=True)])
        found, of_call = np.unique(cells, return_inverse=True)
        weight, middle_lat, middle_lon = (np.bincount(of_call, shares * by, len(found)) for by in (1.0, lat, lon))
        return [
            DemandPoint(Point(float(y / w), float(x / w)), float(w))
            for y, x, w in zip(middle_lat, middle_lon, weight, strict=True)
            if w > 0
        ]

    def _like(self, hour: int, off: bool) -> Floats:
        """The chance of each recorded call to be the model of one in that hour of the day."""
        if (hour, off) not in self._chances:
            apart = _around(self._time_of_day - hour - 0.5) / LIKE_H
            weight = np.exp(-(apart**2) / 2) * np.where(self._off == off, 1.0, OTHER_DAY)
            self._chances[hour, off] = weight / weight.sum()
        return self._chances[hour, off]


def from_full_hour(calls: Calls) -> Calls:
    """The same calls, counted from the full hour before the first."""
    start = calls.start.replace(minute=0, second=0, microsecond=0)
    return replace(calls, start=start, received_s=calls.received_s + (calls.start - start).total_seconds())


def _moments(counts: Ints, random: np.random.Generator) -> Floats:
    """Times within each hour, ascending."""
    hours = np.repeat(np.arange(len(counts)), counts)
    moments: Floats = np.sort((hours + random.random(len(hours))) * 3600)
    return moments


def _counted(calls: Calls, hours: int) -> Floats:
    which = calls.received_s[calls.received_s < hours * 3600] // 3600
    return np.bincount(which.astype(np.int64), minlength=hours).astype(float)


def _rates(hours: Hours, counted: Floats) -> Floats:
    """Calls an hour by kind of day and hour of the week."""
    rates = np.empty((2, HOURS_OF_WEEK))
    kernel = np.exp(-((_around(np.arange(24.0)) / CURVE_H) ** 2) / 2)
    spread = np.array([np.roll(kernel, hour) for hour in range(24)])
    for kind in (0, 1):
        these = hours.off == kind if (hours.off == kind).any() else np.ones(len(hours.off), bool)
        of_day = hours.of_week[these] % 24
        calls, times = (np.bincount(of_day, weights, 24) for weights in (counted[these], None))
        curve = (spread @ calls) / np.maximum(spread @ times, 1e-9)
        own_calls, own_times = (
            np.bincount(hours.of_week[these], weights, HOURS_OF_WEEK) for weights in (counted[these], None)
        )
        prior = np.tile(curve, 7)
        rates[kind] = (own_calls + PRIOR_WEEKS * prior) / (own_times + PRIOR_WEEKS)
    return np.maximum(rates, 1e-6)


def _around(hours: Floats) -> Floats:
    """Hours apart on the clock's face, -12 to 12."""
    apart: Floats = (hours + 12) % 24 - 12
    return apart


def _plane(lat: Floats, lon: Floats) -> Floats:
    plane: Floats = np.column_stack([lat, lon * np.cos(np.radians(lat.mean()))])
    return plane
