"""Simulations in the mini city, small enough to follow every event."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np

from jieying.citypack.model import CityPack, Level
from jieying.kit.geo import Point
from jieying.simulation.journal import Journal
from jieying.simulation.model import (
    ANY,
    Calls,
    Conditions,
    Constant,
    Outcome,
    Same,
    StageTimes,
    Variant,
    nothing_recorded,
)
from jieying.simulation.run import Bench, Setup, Task
from tests.minicity import mini_city, spot

NOON = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)  # a Sunday, 12:00 in the mini city
FOREVER_S = 1e6
# 5 s to answer, 40 to describe, 60 for a relay, 30 to turn out, 600 on scene.
PLAIN = StageTimes(Constant(5), Constant(40), Constant(60), {ANY: Constant(30)}, {ANY: Constant(600)})


class Ring(NamedTuple):
    """A call: when, where, what; `stay_s` on scene of all its units."""

    at_s: float
    place: Point
    category: str = "noise"
    level: Level = Level.WHITE
    needed: int = 0
    stay_s: float = np.nan


def calls(rings: Sequence[Ring], start: datetime = NOON) -> Calls:
    codes = tuple(sorted({ring.category for ring in rings}))
    n = len(rings)
    given: dict[str, Any] = nothing_recorded(n)
    given["stay_s"] = np.repeat(np.array([ring.stay_s for ring in rings])[:, None], 8, axis=1)
    return Calls(
        start=start,
        received_s=np.array([float(ring.at_s) for ring in rings]),
        lat=np.array([ring.place.lat for ring in rings]),
        lon=np.array([ring.place.lon for ring in rings]),
        category=np.array([codes.index(ring.category) for ring in rings], np.int64),
        categories=codes,
        level=np.array([ring.level.rank for ring in rings], np.int64),
        needed=np.array([ring.needed for ring in rings], np.int64),
        **given,
    )


def city(*units: str, **changes: Any) -> CityPack:
    """The mini city with only these units."""
    pack = mini_city()
    kept = {code: unit for code, unit in pack.units.items() if not units or code in units}
    duties = tuple(duty for duty in pack.duties if duty.unit in kept)
    return replace(pack, **{"units": kept, "duties": duties, **changes})


def setup(
    rings: Sequence[Ring],
    pack: CityPack | None = None,
    policies: Sequence[str] = ("nearest_by_road",),
    conditions: Conditions | None = None,
    times: StageTimes = PLAIN,
    **more: Any,
) -> Setup:
    variants = tuple(Variant.parse(policy) for policy in policies)
    source = more.pop("source", None) or Same(calls(rings))
    return Setup(pack or city(), source, times, variants, conditions or Conditions(), **more)


def play(rings: Sequence[Ring], pack: CityPack | None = None, **more: Any) -> tuple[Outcome, Journal]:
    """One replication, with its journal."""
    outcome, journal = Bench(setup(rings, pack, **more)).play(Task(None, 0, 0), with_journal=True)
    assert journal is not None
    return outcome, journal


def busy_day(n: int, seed: int) -> list[Ring]:
    """So many calls of all kinds within two hours, at crossings and between them."""
    random = np.random.default_rng(seed)
    kinds = (("robbery", Level.RED), ("robbery", Level.ORANGE), ("fight", Level.YELLOW), ("crash", Level.BLUE))
    moments = np.sort(random.uniform(0, 7200, n)).tolist()
    chosen = random.integers(len(kinds), size=n).tolist()
    places = [spot(*pair) for pair in random.uniform(0, 3000, (n, 2)).tolist()]
    stays = random.uniform(300, 1500, n).tolist()
    return [
        Ring(moment, place, *kinds[kind], stay_s=stay)
        for moment, place, kind, stay in zip(moments, places, chosen, stays, strict=True)
    ]
