"""Many replications of several variants, in one process or several: the result is the same to the last digit."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field
from itertools import combinations
from multiprocessing import get_context
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack
from jieying.dispatch.policies import POLICIES
from jieying.kit.errors import Invalid, Unavailable
from jieying.simulation.draws import Draws, draw
from jieying.simulation.fleet import Turns, turns_of, with_units
from jieying.simulation.force import Force
from jieying.simulation.ground import Ground
from jieying.simulation.hours import Hours
from jieying.simulation.journal import Journal
from jieying.simulation.measure import Sample, combine, difference, figure, sample
from jieying.simulation.model import Conditions, DrawsCalls, Outcome, StageTimes, Variant
from jieying.simulation.play import AFTER_S, Play
from jieying.simulation.result import Difference, Figure, PolicyResult, SweepPoint, UnitsFor

ENOUGH_WITHIN = 0.98  # the mission's mark


@dataclass(frozen=True, eq=False)
class Setup:
    """All that decides the result. `units`: how many, None for those of the pack; `processes` decides nothing."""

    pack: CityPack
    calls: DrawsCalls
    times: StageTimes
    variants: tuple[Variant, ...]
    conditions: Conditions = field(default_factory=Conditions)
    units: int | None = None
    replications: int = 1
    seed: int = 1
    processes: int = 1

    def __post_init__(self) -> None:
        """Raises Invalid for what no run can be made of."""
        for variant in self.variants:
            if variant.policy not in POLICIES:
                raise Invalid("sim_policy", policy=variant.policy, policies=", ".join(POLICIES))
        if len(set(self.variants)) < len(self.variants) or not self.variants:
            raise Invalid("sim_policies_twice")
        if not self.pack.units:
            raise Invalid("sim_units", units=0)
        for name, value, least in (
            ("units", self.units, 1), ("replications", self.replications, 1), ("processes", self.processes, 1),
            ("takers", self.conditions.takers, 1), ("break", self.conditions.break_s, 0),
            ("breakdowns", self.conditions.breakdowns_per_day, 0), ("repair", self.conditions.repair_s, 0),
        ):  # fmt: skip
            if value is not None and value < least:
                raise Invalid("sim_too_small", name=name, value=value, least=least)


class Task(NamedTuple):
    """One replication of one variant with so many units."""

    units: int | None
    replication: int
    variant: int


class Bench:
    """Everything that is made ready once in a process and used for all its tasks."""

    def __init__(self, setup: Setup) -> None:
        self._setup = setup
        self.ground = Ground(setup.pack)
        self._force: tuple[int | None, Force] | None = None
        self._draws: tuple[tuple[int, int], Draws, dict[str, Turns], Hours] | None = None

    def force(self, units: int | None) -> Force:
        if self._force is None or self._force[0] != units:
            pack = self._setup.pack if units is None else with_units(self._setup.pack, units)
            self._force = units, Force(pack, self.ground)
            self._draws = None
        return self._force[1]

    def play(self, task: Task, with_journal: bool = False) -> tuple[Outcome, Journal | None]:
        """Run one task; the journal only when it is wanted."""
        setup, force = self._setup, self.force(task.units)
        key = len(force), task.replication
        if self._draws is None or self._draws[0] != key:
            draws = draw(setup.calls, setup.times, setup.conditions, len(force), setup.seed, task.replication)
            until, start = draws.seconds + AFTER_S, draws.calls.start
            hours = Hours(start, until, ZoneInfo(force.pack.timezone))
            self._draws = key, draws, turns_of(force.pack, start, until), hours
        _, draws, turns, hours = self._draws
        journal = None
        if with_journal:
            places = self.ground.numbers(draws.calls.lat, draws.calls.lon).tolist()
            journal = Journal(force.pack, draws, [self.ground.areas[place] for place in places])
        variant = setup.variants[task.variant]
        play = Play(force, draws, variant, setup.conditions, setup.times.drive, turns, hours, journal)
        return play.run(), journal

    def sample(self, task: Task) -> Sample:
        return sample(self.play(task)[0], self._setup.pack)


_bench: Bench | None = None  # of a worker process


def _prepare(setup: Setup) -> None:
    global _bench
    _bench = Bench(setup)


def _sample(task: Task) -> Sample:
    assert _bench is not None
    return _bench.sample(task)


def samples(setup: Setup, tasks: Sequence[Task], tell: Callable[[], None]) -> list[Sample]:
    """The samples of all tasks, in their order; `tell` is called after each. Raises Unavailable when a process dies."""
    return list(_told(_results(setup, tasks), tell))


def _results(setup: Setup, tasks: Sequence[Task]) -> Iterator[Sample]:
    if min(setup.processes, len(tasks)) <= 1:
        bench = Bench(setup)
        yield from map(bench.sample, tasks)
        return
    with ProcessPoolExecutor(
        min(setup.processes, len(tasks)), get_context("spawn"), initializer=_prepare, initargs=(setup,)
    ) as pool:
        try:
            # All variants of a replication go to one process: it draws the calls once.
            yield from pool.map(_sample, tasks, chunksize=len(setup.variants))
        except BrokenProcessPool:
            raise Unavailable("sim_process_lost", processes=setup.processes) from None


def _told(found: Iterable[Sample], tell: Callable[[], None]) -> Iterator[Sample]:
    for one in found:
        tell()
        yield one


class Compared(NamedTuple):
    policies: dict[str, PolicyResult]
    differences: list[Difference]


def compare(setup: Setup, tell: Callable[[], None]) -> Compared:
    """All variants over all replications, and every pair of them."""
    variants = range(len(setup.variants))
    tasks = [Task(setup.units, replication, v) for replication in range(setup.replications) for v in variants]
    found = samples(setup, tasks, tell)
    by_variant = {str(setup.variants[v]): found[v :: len(setup.variants)] for v in variants}
    pack = setup.pack if setup.units is None else with_units(setup.pack, setup.units)
    return Compared(
        {name: combine(ones, sorted(pack.units)) for name, ones in by_variant.items()},
        [difference(before, after) for before, after in combinations(by_variant.items(), 2)],
    )


def sweep(
    setup: Setup, counts: Sequence[int], tell: Callable[[], None]
) -> tuple[dict[str, list[SweepPoint]], dict[str, UnitsFor]]:
    """The share within 300 s for several numbers of units, and the least number that reaches 98 %."""
    variants = range(len(setup.variants))
    tasks = [Task(n, replication, v) for n in counts for replication in range(setup.replications) for v in variants]
    found = samples(setup, tasks, tell)
    points: dict[str, list[SweepPoint]] = {}
    for v in variants:
        of_variant = found[v :: len(setup.variants)]
        points[str(setup.variants[v])] = [
            {"units": n, "within_300s": _within(of_variant[i * setup.replications : (i + 1) * setup.replications])}
            for i, n in enumerate(counts)
        ]
    return points, {name: _units_for(given) for name, given in points.items()}


def _within(found: Sequence[Sample]) -> Figure:
    """Of all calls, those never reached included: few units must not look good by reaching few calls in time."""
    return figure([1 - one.whole["late_share"] for one in found])


def _units_for(points: Sequence[SweepPoint]) -> UnitsFor:
    values = {point["units"]: point["within_300s"]["value"] or 0.0 for point in points}
    enough = [units for units, value in values.items() if value >= ENOUGH_WITHIN]
    best = max(values, key=lambda units: (values[units], -units))
    return {"units": min(enough) if enough else None, "best": values[best], "best_units": best}
