"""How well the simulator tells days that it has not seen: calibrated on the first days of a record, judged on the rest.

Of the judged days only what is known when a call comes in is used: time, place, type and priority. How long it takes
to answer, to process and to turn out, how many units go and how long they stay is drawn from the first days; which
unit goes is decided by the live policy, and how long it drives by the roads at learned speeds.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from scipy.stats import ks_2samp, spearmanr

from jieying.citypack.model import CityPack, Level
from jieying.kit.errors import Invalid
from jieying.replay.calls import Call
from jieying.replay.compare import recorded_times
from jieying.roads.graph import from_pack
from jieying.roads.learn import error_of, predict
from jieying.roads.network import RoadNetwork
from jieying.simulation.calibrate import PRACTICE, Calibrated, calibrate, handled, trips_of
from jieying.simulation.fit import FittedDemand, Hours, from_full_hour
from jieying.simulation.measure import figure, times_of
from jieying.simulation.model import Floats, Outcome, Variant
from jieying.simulation.practice import Bools, Predicted, local_days
from jieying.simulation.record import of_record
from jieying.simulation.run import Bench, Setup, Task

NEW_YEAR_OBSERVED = date(2017, 1, 2)  # the public holiday in the San Francisco record that is no weekend
FIGURES = ("p50_s", "p90_s", "within_300s")


def validate(
    pack: CityPack,
    recorded: Sequence[Call],
    *,
    days: int = 5,
    policy: str = PRACTICE,
    replications: int = 20,
    seed: int = 1,
    holidays: Collection[date] = (NEW_YEAR_OBSERVED,),
    tell: Callable[[], None] = lambda: None,
) -> dict[str, Any]:
    """Calibrate on the calls of the first `days` local days, predict the others; `tell` is called per replication.

    The result has `recorded` and `predicted` times, their distances, and how well speeds and demand were learned;
    shares as 0.1 for 10 %, times in seconds. Raises Invalid where one side has no calls, or where there are too
    few to learn from, or for a pack with learned speeds: they might know the judged days.
    """
    if (pack.folder / "speeds.toml").exists():
        raise Invalid("validate_learned", folder=str(pack.folder))
    zone = ZoneInfo(pack.timezone)
    first, rest = split_days(recorded, days, zone)
    variant = Variant.parse(policy)
    learned = calibrate(pack, first, variant, holidays)
    told = predicted(learned, rest, variant, replications, seed, holidays, tell)
    return {
        "pack": pack.region,
        "name": {"zh": pack.name.zh, "en": pack.name.en or pack.name.zh},
        "policy": policy,
        "replications": replications,
        "seed": seed,
        "calibrated_on": _days(first, zone),
        "judged_on": _days(rest, zone),
        **judged(rest, told, zone),
        "as_before": _as_before(first, rest),
        "speeds": _speeds(pack, learned, first, rest, holidays),
        "drives": {name: asdict(line) for name, line in learned.lines.items()},
        "demand": _demand(first, rest, zone, holidays),
    }


def split_days(recorded: Sequence[Call], days: int, zone: ZoneInfo) -> tuple[list[Call], list[Call]]:
    """The calls of the first so many local days, and the others. Raises Invalid where one side would be empty."""
    first: list[Call] = []
    if recorded:
        end = recorded[0].received.astimezone(zone).date() + timedelta(days=days)
        first = [call for call in recorded if call.received.astimezone(zone).date() < end]
    if not 0 < len(first) < len(recorded):
        raise Invalid("validate_days", days=days, calls=len(recorded))
    return first, list(recorded[len(first) :])


def predicted(
    learned: Calibrated,
    calls: Sequence[Call],
    variant: Variant,
    replications: int,
    seed: int,
    holidays: Collection[date],
    tell: Callable[[], None] = lambda: None,
) -> list[Outcome]:
    """What the simulator says of the calls, of which it is told time, place, category and level."""
    known, _ = handled(calls)
    off = local_days(known, ZoneInfo(learned.pack.timezone), holidays).off
    source = Predicted(known, off, learned.practice)
    bench = Bench(Setup(learned.pack, source, learned.times, (variant,), replications=replications, seed=seed))
    found = []
    for replication in range(replications):
        found.append(bench.play(Task(None, replication, 0))[0])
        tell()
    return found


def judged(calls: Sequence[Call], told: Sequence[Outcome], zone: ZoneInfo) -> dict[str, Any]:
    """The record beside what was told, over the calls that somebody reached by the record."""
    times = [recorded_times(call) for call in calls]
    real = {name: np.array([getattr(one, name) for one in times], float) for name in ("response", "travel")}
    known = {name: np.isfinite(values) for name, values in real.items()}
    pairs = {
        "response": [one.on_scene_s - one.received_s for one in told],
        "travel": [one.on_scene_s - one.en_route_s for one in told],
    }
    level = np.array([call.level.rank for call in calls])
    day = np.array([call.received.astimezone(zone).date().isoformat() for call in calls])
    whole = {name: _compared(real[name], pairs[name], known[name]) for name in real}

    def parts(of: Any, names: Sequence[Any]) -> dict[str, Any]:
        """The response times of the calls of each kind."""
        masks = {str(name): known["response"] & (of == key) for key, name in names}
        return {
            name: _compared(real["response"], pairs["response"], mask) for name, mask in masks.items() if mask.any()
        }

    return {
        "recorded": {name: one["recorded"] for name, one in whole.items()},
        "predicted": {name: one["predicted"] for name, one in whole.items()},
        "error": {name: one["error"] for name, one in whole.items()},
        "ks_travel": whole["travel"]["ks"],
        "ks_response": whole["response"]["ks"],
        "by_call": {name: _rank_correlation(real[name], pairs[name], known[name]) for name in real},
        "by_level": parts(level, [(one.rank, one) for one in Level]),
        "by_day": parts(day, [(one, one) for one in sorted(set(day.tolist()))]),
    }


def _compared(real: Floats, told: Sequence[Floats], which: Bools) -> dict[str, Any]:
    """One interval over some of the calls. `error`: the mean prediction against the record, as a share of it; `ks`: the
    greatest distance of the two distribution functions."""
    recorded, samples = times_of(real[which]), [times_of(one[which]) for one in told]
    said = {name: figure([one[name] for one in samples], 4) for name in FIGURES}
    return {
        "recorded": {name: round(recorded[name], 4) for name in ("n", *FIGURES)},
        "predicted": {"n": float(np.mean([one["n"] for one in samples])), **said},
        "error": {name: round((said[name]["value"] or np.nan) / recorded[name] - 1, 4) for name in ("p50_s", "p90_s")},
        "ks": figure([_ks(real[which], one[which]) for one in told]),
    }


def _as_before(first: Sequence[Call], rest: Sequence[Call]) -> dict[str, Any]:
    """The simplest prediction, which a simulator has to be measured by: that response times will be as before."""
    before, real = (np.array([recorded_times(call).response for call in calls], float) for calls in (first, rest))
    said, recorded = times_of(before), times_of(real)
    return {
        **{name: round(said[name], 4) for name in FIGURES},
        "error": {name: round(said[name] / recorded[name] - 1, 4) for name in ("p50_s", "p90_s")},
        "ks": round(_ks(real[np.isfinite(real)], before), 4),
    }


def _rank_correlation(real: Floats, told: Sequence[Floats], which: Bools) -> float:
    """Spearman's, between the record and the mean prediction of each call: 0 when calls cannot be told apart."""
    return round(float(spearmanr(real[which], np.mean(told, axis=0)[which], nan_policy="omit").statistic), 4)


def _ks(real: Floats, told: Floats) -> float:
    return float(ks_2samp(real, told[np.isfinite(told)]).statistic)


def _days(calls: Sequence[Call], zone: ZoneInfo) -> dict[str, Any]:
    first, last = (call.received.astimezone(zone).date().isoformat() for call in (calls[0], calls[-1]))
    return {"first": first, "last": last, "calls": len(calls)}


def _speeds(
    pack: CityPack, learned: Calibrated, first: Sequence[Call], rest: Sequence[Call], holidays: Collection[date]
) -> dict[str, Any]:
    """What was learned, and how far drives are off by it on either side; and by the speeds of the pack itself."""
    before, found = RoadNetwork(from_pack(pack), pack.speeds), learned.learned
    after = before.with_speeds(found.speeds)
    seen, unseen = (trips_of(calls, pack, holidays) for calls in (first, rest))
    return {
        "kmh": {name: round(value, 1) for name, value in found.speeds.kmh.items()},
        "area_factor": {code: round(value, 3) for code, value in found.speeds.area_factor.items()},
        "start_s": round(found.start_s, 1),
        "spread": round(found.spread, 3),
        "drives": found.used,
        "error": {
            name: {key: round(value, 4) for key, value in error_of(said, trips)._asdict().items()}
            for name, said, trips in (
                ("calibrated_on", predict(after, found.start_s, seen), seen),
                ("judged_on", predict(after, found.start_s, unseen), unseen),
                ("judged_on_by_the_pack", predict(before, 0.0, unseen), unseen),
            )
        },
    }


def _demand(first: Sequence[Call], rest: Sequence[Call], zone: ZoneInfo, holidays: Collection[date]) -> dict[str, Any]:
    """How Poisson-like the calls of either side are, by the rates fitted to the first; and how many came when."""
    sides = {"calibrated_on": from_full_hour(of_record(first)), "judged_on": from_full_hour(of_record(rest))}
    hours = {name: int(calls.received_s[-1] // 3600) for name, calls in sides.items()}
    fitted = FittedDemand(sides["calibrated_on"], hours["calibrated_on"], zone, holidays)
    found: dict[str, Any] = {}
    for name, calls in sides.items():
        fit = {key: round(value, 4) for key, value in fitted.goodness(calls, hours[name])._asdict().items()}
        time = Hours.of(calls.start, hours[name], zone, holidays)
        came = np.bincount((calls.received_s // 3600).astype(np.int64), minlength=hours[name])[: hours[name]]
        found[name] = fit | {
            "by_hour_of_day": {
                key: np.bincount(time.of_week % 24, values, 24).round(1).tolist()
                for key, values in (("counted", came), ("expected", fitted.expected(time)))
            }
        }
    return found
