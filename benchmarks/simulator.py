"""The simulator on the roads of San Francisco: a month of 2,000 calls a day for 100 units, how the effort grows, and
the same model in SimPy.

Calls are drawn like the recorded fire and medical calls, each needs one unit for about 20 minutes, and all road times
are exact. One core: processor seconds are what is counted, and the memory is that of the whole process.
"""

import resource
import time
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import simpy

from benchmarks.common import spread
from jieying.citypack.build import build_pack
from jieying.citypack.model import CityPack, Level
from jieying.citypack.read import read_pack
from jieying.dispatch.policies import Field, ranking
from jieying.replay.calls import read_calls
from jieying.replay.run import of_city
from jieying.simulation.calls import drawn_from, recorded_times, stated
from jieying.simulation.draws import Draws, draw
from jieying.simulation.fleet import turns_of, with_units
from jieying.simulation.force import Force
from jieying.simulation.ground import Ground
from jieying.simulation.hours import Hours
from jieying.simulation.model import Calls, Conditions, Outcome, StageTimes, Variant
from jieying.simulation.play import AFTER_S, Play
from jieying.simulation.record import of_record
from jieying.simulation.ways import Trip

SHARED = Path("../shared/data/sf")
RECIPE = Path("packs/san-francisco")
DAYS, CALLS_PER_DAY, UNITS, REPEATS = 30, 2_000, 100, 3
STAY_S = 1200.0
POLICY = "balanced"
LEVELS = list(Level)


@dataclass(frozen=True)
class Given:
    """The city and what is recorded of it."""

    pack: CityPack
    ground: Ground
    examples: Calls
    times: StageTimes


def run() -> dict[str, Any]:
    """Measure; the roads' preparation and the drawing of the calls are timed apart from the simulation itself."""
    began = time.process_time()
    given = _given()
    prepared_s = time.process_time() - began
    runs = [_measure(given, UNITS, CALLS_PER_DAY, DAYS) for _ in range(REPEATS)]
    whole = min(runs, key=lambda one: one["cpu_s"])
    memory_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {
        "prepare_s": round(prepared_s, 2),
        "days": DAYS,
        "calls": whole["calls"],
        "units": UNITS,
        "policy": POLICY,
        "work_per_unit": whole["work"],
        "cpu_s": spread([one["cpu_s"] for one in runs]),
        "first_cpu_s": round(runs[0]["cpu_s"], 3),  # with the road times from posts to places, which later runs keep
        "draw_s": whole["draw_s"],
        "events": whole["events"],
        "events_per_s": whole["events_per_s"],
        "memory_mb": round(memory_mb),
        "growth_units": {
            str(units): _measure(given, units, CALLS_PER_DAY * units / UNITS, 3) for units in (50, 100, 178, 400)
        },
        "growth_calls": {str(calls): _measure(given, UNITS, calls, 3) for calls in (250, 500, 1_000, 2_000)},
        "peers": {"simpy": _simpy(given)},
    }


def _given() -> Given:
    with TemporaryDirectory() as folder:
        out = Path(folder) / "pack"
        build_pack(RECIPE, out, SHARED, lambda _: None)
        pack = read_pack(out)
    recorded = read_calls(next(SHARED.glob("fire_calls_*.csv")), pack, of_city(pack))
    calls = of_record(recorded.calls)
    times = replace(recorded_times(calls), on_scene={"*": stated(STAY_S)})
    return Given(pack, Ground(pack), replace(calls, needed=np.ones(len(calls), np.int64)), times)


def _drawn(given: Given, units: int, calls_per_day: float, days: int) -> tuple[Force, Draws]:
    force = Force(with_units(given.pack, units), given.ground)
    source = drawn_from(given.examples, given.pack, days, calls_per_day)
    return force, draw(source, given.times, Conditions(), units, 1, 0)


def _measure(given: Given, units: int, calls_per_day: float, days: int) -> dict[str, Any]:
    began = time.process_time()
    force, draws = _drawn(given, units, calls_per_day, days)
    draw_s = time.process_time() - began
    began = time.process_time()
    outcome = _play(given, force, draws)
    cpu_s = time.process_time() - began
    return {
        "calls": len(draws.calls),
        "work": round(float(np.mean(outcome.busy_s / outcome.duty_s)), 3),
        "p50_s": round(float(np.nanmedian(outcome.on_scene_s - outcome.received_s)), 2),
        "draw_s": round(draw_s, 2),
        "cpu_s": round(cpu_s, 3),
        "events": outcome.events,
        "events_per_s": round(outcome.events / cpu_s),
    }


def _play(given: Given, force: Force, draws: Draws) -> Outcome:
    start, until = draws.calls.start, draws.seconds + AFTER_S
    hours = Hours(start, until, ZoneInfo(given.pack.timezone))
    turns = turns_of(force.pack, start, until)
    return Play(force, draws, Variant(POLICY), Conditions(), given.times.drive, turns, hours).run()


def _simpy(given: Given) -> dict[str, Any]:
    """The same model as SimPy processes, a tenth of the days; road times, ways home and the ranking are shared."""
    days = DAYS // 10
    force, draws = _drawn(given, UNITS, CALLS_PER_DAY, days)
    _play(given, force, draws)  # so that both find the road times from the posts
    began = time.process_time()
    own = _play(given, force, draws)
    own_s = time.process_time() - began
    city = SimpyCity(given, force, draws)
    began = time.process_time()
    city.environment.run()
    cpu_s = time.process_time() - began
    difference = np.nanmax(np.abs(np.array(city.on_scene_s) - own.on_scene_s))
    return {
        "version": simpy.__version__,
        "days": days,
        "calls": len(draws.calls),
        "cpu_s": round(cpu_s, 3),
        "ours_cpu_s": round(own_s, 3),
        "ratio": round(cpu_s / own_s, 2),
        "largest_difference_s": round(float(difference), 6),
    }


class SimpyCity:
    """Every call a process: wanted, sent, on its way, on scene, free again and driving home."""

    def __init__(self, given: Given, force: Force, draws: Draws) -> None:
        self.environment = simpy.Environment()
        self.ground, self.force, self.draws = given.ground, force, draws
        n, calls = len(force), draws.calls
        self.free = np.ones(n, bool)
        self.home_at, self.left_at = np.zeros(n), np.zeros(n)
        self.trips: list[Trip | None] = [None] * n
        self.spots = [self.ground.post_snaps[post] for post in force.posts.tolist()]
        self.places = self.ground.numbers(calls.lat, calls.lon).tolist()
        self.on_scene_s = [np.nan] * len(calls)
        self.settings = replace(force.pack.dispatch, policy=POLICY)
        self.waiting: list[tuple[int, float, int, simpy.Event]] = []
        self.factor = given.pack.speeds.hour_factor[0]
        for call, wanted in enumerate(draws.opened_s.tolist()):
            self.environment.process(self._call(call, wanted))

    def _call(self, call: int, wanted: float) -> Generator[simpy.Event]:
        environment, draws = self.environment, self.draws
        yield environment.timeout(wanted)
        while (chosen := self._choose(call)) is None:
            turn = environment.event()
            self.waiting.append((int(draws.calls.level[call]), environment.now, call, turn))
            yield turn
        unit, road_s = chosen
        self.spots[unit] = self.ground.ways.on(self._where(unit))
        self.free[unit], self.home_at[unit], self.trips[unit] = False, np.inf, None
        yield environment.timeout(float(draws.turnout_s[call, 0]))
        yield environment.timeout(float(draws.extra_s[call]) + road_s * float(draws.slow[call, 0]))
        self.on_scene_s[call] = environment.now
        self.spots[unit] = self.ground.snaps[self.places[call]]
        yield environment.timeout(float(draws.stay_s[call, 0]))
        trip = Trip(self.ground.ways.towards(self.ground.post_snaps[self.force.posts[unit]]), self.spots[unit])
        self.trips[unit], self.left_at[unit] = trip, environment.now
        self.home_at[unit] = environment.now + trip.ms / 1000 / self.factor
        self.free[unit] = True
        if self.waiting:
            self.waiting.sort(key=lambda one: one[:3])
            self.waiting.pop(0)[3].succeed()

    def _choose(self, call: int) -> tuple[int, float] | None:
        able = np.flatnonzero(self.free)
        place = self.places[call]
        ms = self.ground.from_posts_ms(place)[self.force.posts[able]]
        away = np.flatnonzero(self.home_at[able] > self.environment.now)
        if len(away):
            ms[away] = self.ground.from_spots_ms([self._where(unit) for unit in able[away].tolist()], place)
        eta_s, calls, pack = ms / 1000 / self.factor, self.draws.calls, self.force.pack
        org = pack.orgs[pack.areas[self.ground.areas[place]].org].path
        business = self.force.business(calls.categories[calls.category[call]], LEVELS[int(calls.level[call])])
        zeros = np.zeros(len(able))
        field = Field(eta_s, zeros, self.force.territory(org)[able], business[able], zeros, np.zeros(len(able), bool))
        order = ranking(field, self.settings)
        return (int(able[order[0]]), float(eta_s[order[0]])) if len(order) else None

    def _where(self, unit: int) -> tuple[int, float]:
        now, trip = self.environment.now, self.trips[unit]
        if self.home_at[unit] <= now:
            snap = self.ground.post_snaps[self.force.posts[unit]]
            return snap.edge, snap.fraction
        assert trip is not None
        return trip.after(trip.ms * (now - self.left_at[unit]) / (self.home_at[unit] - self.left_at[unit]))
