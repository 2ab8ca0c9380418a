"""Where the calls of a simulation come from: drawn like recorded ones, or from what a pack says of its demand."""

from collections import Counter
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from jieying.citypack.model import HOURS_OF_WEEK, CityPack, Level
from jieying.roads.network import hour_of_week
from jieying.simulation.fit import FittedDemand, from_full_hour
from jieying.simulation.model import (
    ANY,
    Calls,
    DrawsCalls,
    Duration,
    Empirical,
    Floats,
    LogNormal,
    StageTimes,
    nothing_recorded,
)
from jieying.simulation.practice import Practice

ENOUGH = 30  # as few recorded values are still a distribution of their own

# Where nothing is recorded. All of it is assumed, and the result says so.
ASSUMED_RELAY_S = 60.0
CALLS_PER_UNIT_AND_DAY = 5.0
_LEVEL_SHARES = {Level.RED: 0.02, Level.ORANGE: 0.08, Level.YELLOW: 0.25, Level.BLUE: 0.4, Level.WHITE: 0.25}
_BY_HOUR = (
    0.5, 0.4, 0.3, 0.2, 0.2, 0.3, 0.4, 0.7, 1.0, 0.9, 0.8, 0.9,
    1.0, 0.9, 0.8, 0.8, 0.9, 1.1, 1.2, 1.2, 1.1, 1.1, 0.9, 0.7,
)  # fmt: skip
_SPREAD = 0.5


def forgotten(calls: Calls, *names: str) -> Calls:
    """The calls without these stage times (by default all), which are then drawn."""
    given: dict[str, Any] = nothing_recorded(len(calls))
    return replace(calls, **{name: given[name] for name in names or given})


def recorded_times(calls: Calls) -> StageTimes:
    """The recorded stage times as distributions: by category and level where at least ENOUGH are recorded."""
    turnout = {
        str(level): found
        for level in Level
        if (found := _empirical(calls.turnout_s[calls.level == level.rank], ENOUGH)) is not None
    }
    on_scene = {
        code: found
        for number, code in enumerate(calls.categories)
        if (found := _empirical(calls.stay_s[calls.category == number], ENOUGH)) is not None
    }
    assumed = assumed_times()
    return StageTimes(
        answer=_empirical(calls.answer_s) or assumed.answer,
        describe=_empirical(calls.describe_s) or assumed.describe,
        relay=_empirical(calls.relay_s) or assumed.relay,
        turnout={ANY: _empirical(calls.turnout_s) or assumed.turnout[ANY], **turnout},
        on_scene={ANY: _empirical(calls.stay_s) or assumed.on_scene[ANY], **on_scene},
    )


def _empirical(values: Floats, at_least: int = 1) -> Duration | None:
    known = np.sort(values[np.isfinite(values)], axis=None)
    return Empirical(tuple(known.tolist())) if len(known) >= at_least else None


def stated(mean_s: float) -> Duration:
    """A delay of which only the mean is known: log-normal, as queues and people at work are."""
    return LogNormal(mean_s * float(np.exp(-(_SPREAD**2) / 2)), _SPREAD)


def assumed_times() -> StageTimes:
    """For a pack without any record: answered after 3 s, described in 45 s, turnout 40 s, half an hour on scene."""
    return StageTimes(
        answer=stated(3.0),
        describe=stated(45.0),
        relay=stated(ASSUMED_RELAY_S),
        turnout={ANY: stated(40.0)},
        on_scene={ANY: stated(1800.0)},
    )


@dataclass(frozen=True, eq=False)
class HourlyRates:
    """An inhomogeneous Poisson process, constant within an hour of the week: `rate` calls an hour, Monday 00:00 first.

    A call takes place, category, level and number of units from an example, each with its `weight`. Draws `days` times
    24 hours from `start` on.
    """

    rate: Floats
    examples: Calls
    weight: Floats
    zone: ZoneInfo
    start: datetime
    days: int

    def draw(self, random: np.random.Generator) -> Calls:
        hours = [self.start + timedelta(hours=hour) for hour in range(24 * self.days)]
        expected = self.rate[[hour_of_week(hour.astimezone(self.zone)) for hour in hours]]
        begins = np.repeat(np.arange(len(hours)) * 3600.0, random.poisson(expected))
        received = np.sort(begins + random.random(len(begins)) * 3600)
        chosen = random.choice(len(self.examples), len(received), p=self.weight / self.weight.sum())
        return Calls(
            start=self.start,
            received_s=received,
            lat=self.examples.lat[chosen],
            lon=self.examples.lon[chosen],
            category=self.examples.category[chosen],
            categories=self.examples.categories,
            level=self.examples.level[chosen],
            needed=self.examples.needed[chosen],
            **nothing_recorded(len(received)),
        )


def drawn_from(
    calls: Calls, pack: CityPack, days: int, calls_per_day: float | None = None, practice: Practice | None = None
) -> DrawsCalls:
    """Calls like the recorded ones, by a process fitted to them (fit.py), from the midnight before the first on.

    `calls_per_day` scales them to another number; with a practice they are handled as it teaches. Raises Invalid as
    FittedDemand does.
    """
    zone = ZoneInfo(pack.timezone)
    hours = 1 + int(from_full_hour(calls).received_s[-1] // 3600)
    fitted = FittedDemand(calls, hours, zone, practice=practice, calls_per_day=calls_per_day)
    return fitted.at(_midnight(calls.start.astimezone(zone)), days)


def of_demand(pack: CityPack, days: int, start: datetime, calls_per_day: float | None = None) -> HourlyRates:
    """Calls of a pack without a record: places of its demand.csv, else its named places, all alike; the mix of levels
    and the course of the day are assumed. `start` is a moment of the first day."""
    places = [(d.position, d.weight) for d in pack.demand if d.weight > 0] or [(p.position, 1.0) for p in pack.places]
    kinds = [category for category in pack.categories.values() if category.kind == "police"]
    of_level = Counter(category.level for category in kinds)
    share = np.array([_LEVEL_SHARES[category.level] / of_level[category.level] for category in kinds])
    zone = ZoneInfo(pack.timezone)
    # Every place with every kind would be much: as many examples as places, the kinds by their shares.
    random = np.random.default_rng([0, len(places)])
    n = max(len(places), 1000)
    place = random.choice(len(places), n) if n > len(places) else np.arange(n)
    kind = random.choice(len(kinds), n, p=share / share.sum())
    examples = Calls(
        start=start,
        received_s=np.zeros(n),
        lat=np.array([places[i][0].lat for i in place]),
        lon=np.array([places[i][0].lon for i in place]),
        category=kind.astype(np.int64),
        categories=tuple(category.code for category in kinds),
        level=np.array([kinds[k].level.rank for k in kind], np.int64),
        needed=np.zeros(n, np.int64),
        **nothing_recorded(n),
    )
    weight = np.array([places[i][1] for i in place])
    by_hour = np.array(_BY_HOUR)
    per_day = calls_per_day if calls_per_day is not None else CALLS_PER_UNIT_AND_DAY * len(pack.units)
    rate = np.tile(by_hour * (per_day / by_hour.sum()), HOURS_OF_WEEK // 24)
    return HourlyRates(rate, examples, weight, zone, _midnight(start.astimezone(zone)), days)


def _midnight(local: datetime) -> datetime:
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(ZoneInfo("UTC"))
