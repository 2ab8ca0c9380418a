"""A posting plan: which unit stands where, so that the fewest calls are reached late, with the least driving.

Two steps, both exact: how many units at which site (`covering`), then which unit goes to which of them, least total
driving from where they stand now (assignment problem; Crouse, IEEE Transactions on Aerospace and Electronic Systems 52
(2016) 1679–1696, as in scipy).

When the time before the wheels roll varies, late is not a matter of one limit but of many, each equally likely: every
limit is a kind of call of its own (Ingolfsson, Budge, Erkut, Optimal ambulance location with random delays and travel
times, Health Care Management Science 11 (2008) 262–274).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.optimize import linear_sum_assignment

from jieying.allocation.covering import Covering, Floats, Ints, Progress, Solution, solve
from jieying.allocation.places import Site, by_cell, sites
from jieying.citypack.model import CityPack, DemandPoint
from jieying.citypack.write import write_csv
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point
from jieying.roads.network import RoadNetwork

MOST_SITES, MOST_CELLS = 600, 1200
# What a drive costs where no road leads: more than any other.
NO_ROAD_S = 1e6


@dataclass(frozen=True)
class Post:
    """A unit and the site it is to stand at; `drive_s` from where it stood before."""

    unit: str
    site: Site
    before: Point
    drive_s: float


@dataclass(frozen=True)
class Expected:
    """What the model expects: share of calls that no free unit reaches in time; mean drive of the nearest free unit."""

    late_share: float
    mean_drive_s: float


@dataclass(frozen=True, eq=False)
class PostingPlan:
    """`before` is expected of the same units where they stand now. `demand` are the cells planned for."""

    posts: list[Post]
    before: Expected
    after: Expected
    solution: Solution
    demand: list[DemandPoint]
    sites: list[Site]


def plan_posting(
    pack: CityPack,
    roads: RoadNetwork,
    demand: Sequence[DemandPoint],
    units: Sequence[str],
    *,
    busy: float,
    limits_s: Sequence[float],
    hour: int,
    time_limit_s: float,
    progress: Progress,
) -> PostingPlan:
    """Where these units are to stand. `limits_s`: how long a drive may take, equally likely ones; `hour`: of which
    the speeds are taken; `busy`: the share of the time that a unit is bound.

    Raises Invalid `posting_no_demand` without demand, `posting_unreachable` where no site reaches any of it in time.
    """
    cells = by_cell(demand, MOST_CELLS)
    if not cells:
        raise Invalid("posting_no_demand")
    places = sites(pack, roads.graph, MOST_SITES)
    times = _drives(roads, [site.position for site in places], [cell.position for cell in cells], hour)
    weight = np.array([cell.weight for cell in cells])
    problem = Covering(
        weight=np.tile(weight / len(limits_s), len(limits_s)),
        reach=np.concatenate([times <= limit for limit in limits_s]),
        units=len(units),
        busy=busy,
    )
    if not problem.reach.any():
        raise Invalid("posting_unreachable", seconds=max(limits_s))
    solution = solve(problem, time_limit_s, progress)
    place_of = {site.position: index for index, site in enumerate(places)}
    now = np.bincount([place_of[pack.units[unit].post] for unit in units], minlength=len(places))

    def expected(counts: Ints) -> Expected:
        return Expected(problem.late_share(counts), _mean_drive_s(times, weight, counts, busy))

    chosen = [place for place, count in zip(places, solution.counts, strict=True) for _ in range(count)]
    posts = _assigned(pack, roads, units, chosen, hour)
    return PostingPlan(posts, expected(now), expected(solution.counts), solution, cells, places)


def write_posting(file: Path, plan: PostingPlan) -> None:
    """The file that a pack, or `jieying simulate --posting`, reads."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = ((post.unit, round(post.site.position.lat, 6), round(post.site.position.lon, 6)) for post in plan.posts)
    write_csv(file, "unit,lat,lon", rows)


def _drives(roads: RoadNetwork, origins: Sequence[Point], targets: Sequence[Point], hour: int) -> Floats:
    """Seconds from each origin (columns) to each target (rows); infinite where no road leads."""
    starts = roads.prepare(origins)
    return np.array([roads.eta_array(starts, end, hour) for end in roads.snap_all(targets)])


def _mean_drive_s(times: Floats, weight: Floats, counts: Ints, busy: float) -> float:
    """Of the nearest free unit, over all calls for which one is free and a road leads."""
    drives = np.sort(np.repeat(times, counts, axis=1), axis=1)
    share = (1 - busy) * busy ** np.arange(drives.shape[1]) * np.isfinite(drives)
    seconds = np.where(np.isfinite(drives), drives, 0.0)
    total = weight @ share.sum(axis=1)
    return float(weight @ (share * seconds).sum(axis=1) / total) if total else float("nan")


def _assigned(pack: CityPack, roads: RoadNetwork, units: Sequence[str], chosen: list[Site], hour: int) -> list[Post]:
    """Each unit to one of the chosen sites, with the least driving of all together."""
    posts = [pack.units[unit].post for unit in units]
    cost = np.minimum(_drives(roads, posts, [site.position for site in chosen], hour), NO_ROAD_S)
    found = [
        Post(units[unit], chosen[place], posts[unit], float(cost[place, unit]))
        for place, unit in np.column_stack(linear_sum_assignment(cost)).tolist()
    ]
    return sorted(found, key=lambda post: post.unit)


def busy_share(work_s: float, units: int, span_s: float) -> float:
    """How busy a unit is when `units` share so many seconds of work in `span_s` seconds; at most 0.95."""
    return min(0.95, work_s / (units * span_s))
