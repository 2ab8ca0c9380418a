"""Small cities made up at random, as the policies and the coverage see them."""

import numpy as np
from hypothesis import strategies as st

from jieying.dispatch.coverage import Coverage
from jieying.dispatch.demand import Demand
from jieying.dispatch.policies import Field
from jieying.kit.geo import Point
from jieying.roads.graph import Floats

COVER_S = 300.0
# Few values, so that units tie often; the ones around the target and the farthest that packs allow are among them.
ETAS = st.sampled_from([0.0, 60.0, 299.0, 300.0, 301.0, 600.0, 3600.0, 3601.0, np.inf])


@st.composite
def fields(draw: st.DrawFn, units: int) -> Field:
    """A Field of so many units."""

    def floats(values: st.SearchStrategy[float]) -> Floats:
        return np.array(draw(st.lists(values, min_size=units, max_size=units)))

    return Field(
        eta_s=floats(ETAS),
        air_m=floats(st.sampled_from([0.0, 100.0, 2_000.0, 2_000.5])),
        territory=floats(st.sampled_from([0.0, 0.2, 0.5, 1.0])),
        business=floats(st.sampled_from([0.0, 0.5, 1.0])),
        stale_s=floats(st.sampled_from([0.0, 150.0, 300.0])),
        taken=np.array(draw(st.lists(st.booleans(), min_size=units, max_size=units))),
    )


@st.composite
def demands(draw: st.DrawFn) -> Demand:
    """A few demand points and posts with road times between them; some cannot be reached at all."""
    cells, posts = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    n = cells + posts
    weight = np.array([*draw(st.lists(st.integers(0, 9), min_size=cells, max_size=cells)), *[0] * posts], float)
    seconds = draw(st.lists(ETAS, min_size=n * n, max_size=n * n))
    times = np.array(seconds).reshape(n, n)
    np.fill_diagonal(times, 0.0)
    return Demand(
        places=tuple(Point(30.0, 120.0 + i / 100) for i in range(n)),
        names=tuple(f"片区{i}" for i in range(n)),
        weight=weight / max(weight.sum(), 1.0),
        times_s=times,
        reach=(times <= COVER_S).astype(float),
        posts=np.arange(cells, n),
        busy=draw(st.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0])),
    )


@st.composite
def coverages(draw: st.DrawFn, units: int) -> Coverage:
    """So many units standing somewhere, some of them idle."""
    demand = draw(demands())
    at = draw(st.lists(st.integers(0, len(demand.places) - 1), min_size=units, max_size=units))
    idle = draw(st.lists(st.booleans(), min_size=units, max_size=units))
    return Coverage(demand, np.array(at), np.array(idle))


def expected(coverage: Coverage, leave: int | None = None, move: tuple[int, int] | None = None) -> float:
    """The expected coverage counted place by place, without a unit or with one moved: slow and obvious."""
    demand, share = coverage.demand, 0.0
    at = coverage.at.tolist()
    if move:
        at[move[0]] = move[1]
    for place, weight in enumerate(demand.weight.tolist()):
        free = 0
        for unit, stands in enumerate(at):
            in_time = demand.times_s[stands, place] <= COVER_S
            free += bool(coverage.idle[unit]) and unit != leave and bool(in_time)
        share += weight * (1 - demand.busy**free)
    return share
