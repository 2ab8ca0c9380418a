"""How calls are handled, as recorded calls teach it: a call to come takes its stage times from a recorded one like it.

A bootstrap among neighbours (Lall and Sharma: A nearest neighbor bootstrap for resampling hydrologic time series, Water
Resources Research 32 (1996) 679-693): all times of a call are taken together, so that what belongs together stays so.
Alike are calls of the same category, level and kind of day; where there are few, of the same level and kind of day.
"""

from collections.abc import Collection
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares

from jieying.citypack.model import Level
from jieying.kit.errors import Invalid
from jieying.simulation.model import Calls, Floats, Ints

Bools = NDArray[np.bool_]

ENOUGH = 30  # as few recorded calls are still a sample of their kind
HANDLED = ("needed", "answer_s", "describe_s", "relay_s", "turnout_s", "stay_s", "extra_s", "slow")
NOISE = 0.5  # of the logarithm of a drive's time; an outlier counts less than its square


def part(calls: Calls, which: Bools | Ints) -> Calls:
    """Some of the calls."""
    arrays = {f.name: getattr(calls, f.name) for f in fields(Calls) if f.name not in ("start", "categories")}
    return replace(calls, **{name: values[which] for name, values in arrays.items() if values is not None})


class LocalDays(NamedTuple):
    """By call: whether its local day is a Saturday, a Sunday or a public holiday, and the time of day in hours."""

    off: Bools
    time_of_day: Floats


def local_days(calls: Calls, zone: ZoneInfo, holidays: Collection[date] = ()) -> LocalDays:
    """When the calls were received, as people there see it."""
    local = [(calls.start + timedelta(seconds=s)).astimezone(zone) for s in calls.received_s.tolist()]
    off = [moment.weekday() >= 5 or moment.date() in holidays for moment in local]
    return LocalDays(np.array(off, bool), np.array([moment.hour + moment.minute / 60 for moment in local]))


@dataclass(frozen=True, eq=False)
class Practice:
    """Recorded calls as examples, with all their times; `off_day` as in LocalDays."""

    calls: Calls
    off_day: Bools

    def handled(self, calls: Calls, off_day: Bools, random: np.random.Generator) -> Calls:
        """The calls with the times of examples like them, drawn anew; nothing but time, place, category and level of
        the calls themselves is looked at."""
        chosen = np.empty(len(calls), np.int64)
        kinds = np.column_stack([self._categories(calls), calls.level, off_day])
        for kind in np.unique(kinds, axis=0):
            mine = (kinds == kind).all(axis=1)
            chosen[mine] = random.choice(self._alike(*kind.tolist()), int(mine.sum()))
        taken = {name: getattr(self.calls, name) for name in HANDLED}
        return replace(calls, **{name: values[chosen] for name, values in taken.items() if values is not None})

    def _alike(self, category: int, level: int, off_day: int) -> Ints:
        """The examples like a call of this kind, from the closest kinship that has enough of them."""
        here = self.calls
        same_level = (
            here.level == level if (here.level == level).sum() >= ENOUGH else _urgent(here.level) == _urgent(level)
        )
        same_day, same_category = self.off_day == off_day, here.category == category
        for alike in (
            same_category & same_level & same_day,
            same_category & same_level,
            same_level & same_day,
            same_level,
        ):
            if alike.sum() >= ENOUGH:
                return np.flatnonzero(alike)
        return np.arange(len(here))

    def _categories(self, calls: Calls) -> Ints:
        """The categories of other calls as numbers of these ones; -1 for one that has no example."""
        number = {code: i for i, code in enumerate(self.calls.categories)}
        return np.array([number.get(code, -1) for code in calls.categories])[calls.category]


def _urgent(level: Ints | int) -> Bools:
    """With lights and siren, or not."""
    return np.asarray(level) < Level.BLUE.rank


@dataclass(frozen=True)
class DriveLine:
    """What a drive is expected to last: `offset_s + scale × t`, t by the road network. `spread`: robust standard
    deviation of the logarithm of recorded / expected."""

    offset_s: float
    scale: float
    spread: float
    n: int

    def expected(self, road_s: Floats) -> Floats:
        return self.offset_s + self.scale * road_s


def with_drives(calls: Calls, travel_s: Floats, road_s: Floats) -> tuple[Calls, dict[str, DriveLine]]:
    """The examples that have both a recorded travel time and a road time, with `extra_s` and `slow`; and the lines.

    `road_s` is what the road network says for the unit that the simulator would have sent, so that what a record does
    not tell (where a roaming unit was) is in the line and in its scatter. Each call keeps its own deviation from the
    line of its kind, urgent or not. Raises Invalid for fewer than 30 such calls of a kind.
    """
    known = np.isfinite(travel_s) & np.isfinite(road_s)
    calls, travel_s, road_s = part(calls, known), travel_s[known], road_s[known]
    urgent = _urgent(calls.level)
    extra, slow, lines = np.empty(len(calls)), np.empty(len(calls)), dict[str, DriveLine]()
    for name, mine in (("urgent", urgent), ("not_urgent", ~urgent)):
        if not mine.any():
            continue
        lines[name] = line = fit_line(travel_s[mine], road_s[mine])
        ratio = travel_s[mine] / line.expected(road_s[mine])
        extra[mine], slow[mine] = line.offset_s * ratio, line.scale * ratio
    return replace(calls, extra_s=extra, slow=slow), lines


def fit_line(travel_s: Floats, road_s: Floats) -> DriveLine:
    """The line by robust regression of the logarithms; drives of under 10 s, who was there already, are left out."""
    moved = travel_s >= 10
    if moved.sum() < ENOUGH:
        raise Invalid("drives_too_few", drives=int(moved.sum()), needed=ENOUGH)
    recorded, road = np.log(travel_s[moved]), road_s[moved]

    def residuals(values: Floats) -> Floats:
        errors: Floats = (np.log(values[0] * 100 + values[1] * road) - recorded) / NOISE
        return errors

    found = least_squares(residuals, [0.3, 1.0], loss="soft_l1", bounds=([0.001, 0.0], [20.0, 10.0])).x
    offset, scale = float(found[0]) * 100, float(found[1])
    low, high = np.quantile(recorded - np.log(offset + scale * road), [0.1587, 0.8413])
    return DriveLine(offset, scale, float(high - low) / 2, int(moved.sum()))


@dataclass(frozen=True, eq=False)
class Predicted:
    """Calls of which time, place, category and level are known, handled as examples teach: `DrawsCalls`."""

    calls: Calls
    off_day: Bools
    practice: Practice

    def draw(self, random: np.random.Generator) -> Calls:
        return self.practice.handled(self.calls, self.off_day, random)
