"""The shape of the result of a simulation (`Report`), which is what `jieying simulate --json` writes.

Seconds throughout; a Figure is a mean over the replications with its 95 % interval.
"""

from typing import Any, NotRequired, TypedDict


class Figure(TypedDict):
    """A mean over the replications with its 95 % interval (Student t); low and high are None for one replication."""

    value: float | None
    low: float | None
    high: float | None


class Times(TypedDict):
    """Percentiles and mean of one interval; `n` is the number of calls per replication."""

    n: float
    p50_s: Figure
    p90_s: Figure
    p95_s: Figure
    mean_s: Figure
    within_300s: Figure


class Part(TypedDict):
    """The response times of a level or an area."""

    n: float
    within_300s: Figure
    p50_s: Figure
    p90_s: Figure


class Histogram(TypedDict):
    """Shares of all arrivals by response time; the last one is everything from the last edge on."""

    edges_s: list[float]
    share: list[float]


class Cell(TypedDict):
    """Response times in an H3 cell, over all replications; `n` per replication."""

    cell: str
    n: float
    mean_s: float
    late_share: float


class PolicyResult(TypedDict):
    """What one variant came to.

    `late_share`: of all calls, those not reached within 300 s, those never reached included. `within_target`: within
    the pack's `arrive` target of their level. Per replication: `waited`, calls without a free unit when one was
    wanted; `unserved`, calls never reached; `moves`, units sent to another post; `drive_s`, seconds on the road.
    `work_per_unit`: share of its time on duty that a unit was bound to incidents.
    """

    response: Times
    travel: Times
    answer: Times
    processing: Times
    turnout: Times
    late_share: Figure
    within_target: Figure
    by_level: dict[str, Part]
    by_area: dict[str, Part]
    work_per_unit: dict[str, float]
    waited: Figure
    unserved: Figure
    moves: Figure
    drive_s: Figure
    histogram: Histogram
    cells: list[Cell]
    events: float
    events_per_s: float
    seconds: float


Difference = TypedDict(
    "Difference",
    # `p50_s`, `p90_s`, `mean_s`, `late_share`: relative change, -0.3 is 30 % less; `within_300s`: percentage points.
    # Paired: both variants see the same calls, durations and breakdowns.
    {
        "from": str,
        "to": str,
        "p50_s": Figure,
        "p90_s": Figure,
        "mean_s": Figure,
        "within_300s": Figure,
        "late_share": Figure,
    },
)


class CallsOf(TypedDict):
    """`n` per replication; `refused`: rows not taken, each `{line, code, params}`; `first`, `last`: ISO, UTC."""

    n: float
    source: str
    first: str | None
    last: str | None
    refused: list[dict[str, Any]]


class SweepPoint(TypedDict):
    units: int
    within_300s: Figure


class UnitsFor(TypedDict):
    """The least number of units of the sweep from which 98 % arrive within 300 s; None with the best reached."""

    units: int | None
    best: float
    best_units: int


class Report(TypedDict):
    """The result of `jieying simulate`. `recorded` has plain numbers where a policy has figures, or is None."""

    pack: str
    calls: CallsOf
    units: int
    replications: int
    seed: int
    relay: str
    said: list[str]
    recorded: dict[str, Any] | None
    policies: dict[str, PolicyResult]
    differences: list[Difference]
    sweep: NotRequired[dict[str, list[SweepPoint]]]
    units_for_98: NotRequired[dict[str, UnitsFor]]
    machine: NotRequired[dict[str, Any]]
