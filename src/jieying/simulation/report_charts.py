"""The pictures of a simulation's report: PNG files in its folder.

Each function draws one file from the result (see result.py) and returns whether there was anything to draw.
"""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import h3
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.colors import TwoSlopeNorm

from jieying.citypack.model import CityPack, Level
from jieying.kit.geo import Point
from jieying.kit.pictures import COLOURS, INK, draw_map, figure
from jieying.kit.texts import Language, text
from jieying.simulation.model import LATE_S
from jieying.simulation.result import Cell, Figure, Part, PolicyResult, Report

GOAL = 0.98
MOST_AREAS = 30  # in the picture; the table has them all
FEWEST_CALLS = 3.0  # a cell with fewer calls over all replications is left out: chance alone would colour it
MARKERS = "osD^vP"


def draw_response(names: dict[str, str], result: Report, language: Language, file: Path) -> bool:
    """Share of calls reached by the seconds since they were received. `names`: how the policies are called."""
    curves = [_curve(found["histogram"]) for found in result["policies"].values()]
    drawn = figure(8, 4.2)
    axes = drawn.add_subplot()
    given = (result["recorded"] or {}).get("response", {})
    shares = {0.5: given.get("p50_s"), 0.9: given.get("p90_s"), given.get("within_300s"): LATE_S}
    known = [(seconds, share) for share, seconds in shares.items() if share is not None and seconds is not None]
    if known:
        axes.plot(*zip(*known, strict=True), "x", label=text("report.recorded", language), color=INK, markersize=8)
    for place, (name, curve) in enumerate(zip(names.values(), curves, strict=True)):
        axes.plot(*curve, label=name, **_line(place))
    axes.axvline(LATE_S, color=INK, linewidth=1, linestyle=":")
    axes.annotate(text("report.five_minutes", language), (LATE_S, 0.02), (4, 0), textcoords="offset points", fontsize=9)
    axes.set_xlim(0, max([*map(_until, curves), *(1.05 * seconds for seconds, _ in known)]))
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_xlabel(text("report.axis.response", language))
    axes.set_ylabel(text("report.axis.reached", language))
    axes.legend(loc="lower right")
    drawn.savefig(file)
    return True


def _curve(histogram: Any) -> tuple[Any, Any]:
    """The edges, and the share below each of them."""
    return histogram["edges_s"], np.concatenate([[0.0], np.cumsum(histogram["share"])])[: len(histogram["edges_s"])]


def _until(curve: tuple[Any, Any]) -> float:
    """The time within which 99 % have arrived: what comes after would flatten the picture."""
    edges, reached = curve
    return float(edges[min(int(np.searchsorted(reached, 0.99)), len(edges) - 1)])


def _line(place: int) -> dict[str, Any]:
    """The look of the policy at this place, the same in all pictures; told apart without colour, too."""
    style = ("-", "--", ":", "-.", (0, (8, 2, 1, 2)), (0, (1, 3)))[place % len(COLOURS)]
    return {"color": COLOURS[place % len(COLOURS)], "linewidth": 1.8, "linestyle": style}


def draw_levels(names: dict[str, str], result: Report, language: Language, file: Path) -> bool:
    """Share within 5 minutes by level. `names`: how the policies are called."""
    groups = {str(level): text(f"level.{level}", language) for level in Level}
    return _draw_parts(names, result["policies"], "by_level", groups, language, file)


def draw_areas(names: dict[str, str], result: Report, areas: dict[str, str], language: Language, file: Path) -> bool:
    """Share within 5 minutes in the areas with the most calls. `areas`: their names by code."""
    return _draw_parts(names, result["policies"], "by_area", busiest(result, areas), language, file)


def busiest(result: Report, areas: dict[str, str], most: int | None = MOST_AREAS) -> dict[str, str]:
    """The names of the areas with the most calls, the busiest first."""
    parts = next(iter(result["policies"].values()))["by_area"]
    order = sorted(parts, key=lambda code: (-parts[code]["n"], code))
    return {code: areas.get(code, code) for code in order[:most]}


def _draw_parts(
    names: dict[str, str],
    policies: dict[str, PolicyResult],
    kind: str,
    groups: dict[str, str],
    language: Language,
    file: Path,
) -> bool:
    parts: dict[str, dict[str, Part]] = {policy: found[kind] for policy, found in policies.items()}  # type: ignore[literal-required]
    shown = [group for group in groups if any(group in of_policy for of_policy in parts.values())]
    if not shown:
        return False
    height = 0.12 * len(policies) + 0.14
    drawn = figure(8, 1.3 + height * len(shown))
    axes = drawn.add_subplot()
    for place, (policy, of_policy) in enumerate(parts.items()):
        rows = [
            (row - (place - (len(parts) - 1) / 2) * 0.7 / len(parts), of_policy[group]["within_300s"])
            for row, group in enumerate(reversed(shown))
            if group in of_policy
        ]
        _dots(axes, rows, names[policy], place)
    axes.set_yticks(range(len(shown)), [groups[group] for group in reversed(shown)])
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.grid(axis="y", visible=False)
    axes.xaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_xlabel(text("report.axis.within", language))
    drawn.legend(loc="outside upper left", ncols=2)
    drawn.savefig(file)
    return True


def _dots(axes: Axes, rows: Iterable[tuple[float, Figure]], name: str, place: int) -> None:
    """A point with its interval for each row, lying."""
    known = [(y, found["value"], *_ends(found)) for y, found in rows if found["value"] is not None]
    ys, values, lows, highs = np.array(known, float).reshape(-1, 4).T
    axes.errorbar(
        values,
        ys,
        xerr=[values - lows, highs - values],
        fmt=MARKERS[place % len(MARKERS)],
        color=COLOURS[place % len(COLOURS)],
        markersize=4.5,
        linewidth=1.2,
        label=name,
    )


def _ends(found: Figure) -> tuple[float, float]:
    """The interval, or the value itself where one replication gave none."""
    value = found["value"] or 0.0
    return (value if found["low"] is None else found["low"]), (value if found["high"] is None else found["high"])


def draw_work(names: dict[str, str], result: Report, language: Language, file: Path) -> bool:
    """Share of its duty that each unit was bound, the busiest first."""
    drawn = figure(8, 3.4)
    axes = drawn.add_subplot()
    for place, (policy, found) in enumerate(result["policies"].items()):
        shares = sorted(found["work_per_unit"].values(), reverse=True)
        axes.plot(range(1, len(shares) + 1), shares, label=names[policy], **_line(place))
    axes.set_xlabel(text("report.axis.units_by_work", language))
    axes.set_ylabel(text("report.axis.work", language))
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_ylim(bottom=0)
    axes.set_xlim(left=1)
    axes.legend()
    drawn.savefig(file)
    return True


def changes(result: Report, policy: str) -> dict[str, tuple[float, float]]:
    """By H3 cell, how many seconds later (earlier: below zero) its calls are reached than under the first policy,
    and its calls per replication; cells with too few calls are left out."""
    first = next(iter(result["policies"].values()))
    least = FEWEST_CALLS / result["replications"]
    before = {cell["cell"]: cell for cell in _known(first["cells"], least)}
    return {
        cell["cell"]: (cell["mean_s"] - before[cell["cell"]]["mean_s"], before[cell["cell"]]["n"])
        for cell in _known(result["policies"][policy]["cells"], least)
        if cell["cell"] in before
    }


def _known(cells: list[Cell], least: float) -> Iterator[Cell]:
    return (cell for cell in cells if cell["n"] >= least and np.isfinite(cell["mean_s"]))


def draw_change(found: dict[str, tuple[float, float]], pack: CityPack, language: Language, file: Path) -> bool:
    """The map of where calls are reached earlier (blue) and later (orange, hatched) by `changes`."""
    if not found:
        return False
    shapes = {cell: h3.cell_to_boundary(cell) for cell in found}
    seconds = np.array([change for change, _ in found.values()])
    scale = max(5.0, float(np.percentile(np.abs(seconds), 95)))
    drawn = figure(8, 7)
    axes = drawn.add_subplot()
    corners = [Point(lat, lon) for shape in shapes.values() for lat, lon in shape]
    for area in pack.areas:
        _outline(axes, area.shape)
    for later in (False, True):
        kept = [
            (shape, change) for shape, change in zip(shapes.values(), seconds, strict=True) if (change > 0) == later
        ]
        cells = PolyCollection(
            [[(lon, lat) for lat, lon in shape] for shape, _ in kept],
            array=np.array([change for _, change in kept]),
            cmap="PuOr_r",
            norm=TwoSlopeNorm(0, -scale, scale),
            hatch="///" if later else None,
            edgecolors="#ffffff66",
            linewidths=0.2,
            zorder=0,
        )
        axes.add_collection(cells)
    drawn.colorbar(cells, ax=axes, shrink=0.6, extend="both", label=text("report.axis.change", language))
    draw_map(axes, [edge.line for edge in pack.road_edges], corners)
    drawn.savefig(file)
    return True


def _outline(axes: Axes, shape: Any) -> None:
    for part in getattr(shape, "geoms", [shape]):
        lons, lats = part.exterior.xy
        axes.plot(lons, lats, color=INK, linewidth=0.5, alpha=0.6, zorder=3)


def draw_sweep(names: dict[str, str], result: Report, language: Language, file: Path) -> bool:
    """Share within 5 minutes over the number of units, with the mark of 98 %."""
    sweep = result.get("sweep")
    if not sweep:
        return False
    drawn = figure(8, 4.2)
    axes = drawn.add_subplot()
    for place, (policy, points) in enumerate(sweep.items()):
        units = [point["units"] for point in points]
        values = [point["within_300s"]["value"] or 0.0 for point in points]
        lows, highs = zip(*(_ends(point["within_300s"]) for point in points), strict=True)
        axes.plot(units, values, marker=MARKERS[place % len(MARKERS)], label=names.get(policy, policy), **_line(place))
        axes.fill_between(units, lows, highs, color=COLOURS[place % len(COLOURS)], alpha=0.18, linewidth=0)
    axes.axhline(GOAL, color=INK, linewidth=1, linestyle=":")
    axes.annotate(f"{GOAL:.0%}", (1, GOAL), (-2, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
                  ha="right", fontsize=9)  # fmt: skip
    axes.yaxis.set_major_formatter(lambda share, _: f"{share:.0%}")
    axes.set_xlabel(text("report.axis.units", language))
    axes.set_ylabel(text("report.axis.within", language))
    axes.legend(loc="lower right")
    drawn.savefig(file)
    return True
