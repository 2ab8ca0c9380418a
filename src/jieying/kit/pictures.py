"""What all pictures share: no screen needed, one quiet look, signs that the font has, a map drawn true to scale.

Loading matplotlib takes a second: import this only where a picture is drawn.
"""

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.font_manager import findSystemFonts, fontManager

from jieying.kit.geo import Point
from jieying.kit.texts import Language

# Files of fonts with Chinese signs, the best first, as Linux distributions, Windows and macOS have them.
_CHINESE = ("NotoSansCJK-Regular", "NotoSansSC-Regular", "SourceHanSansSC-Regular", "SourceHanSansCN-Regular",
            "wqy-microhei", "wqy-zenhei", "msyh", "simhei", "PingFang", "DroidSansFallbackFull")  # fmt: skip
INK, SOFT, LINE = "#1b2430", "#566273", "#d5dae1"
# Told apart also by people who see no red or no green (Okabe, Ito 2008); dark enough on white.
COLOURS = ("#0060a8", "#c24a00", "#00795a", "#8a3d78", "#8a6d00", "#3d4654")


@cache
def _chinese_font() -> str | None:
    """The name of an installed font with Chinese signs, made known to matplotlib whatever its own list says."""
    files = {Path(file).stem.lower(): file for file in findSystemFonts()}
    for stem in _CHINESE:
        if stem.lower() in files:
            fontManager.addfont(files[stem.lower()])
            return fontManager.ttflist[-1].name
    return None


def picture_language(wanted: Language) -> Language:
    """English where Chinese is wanted but no font of this machine has its signs: never boxes."""
    return wanted if wanted == "en" or _chinese_font() else "en"


@contextmanager
def look() -> Iterator[None]:
    """Draw and save pictures within this block."""
    fonts = [font for font in (_chinese_font(),) if font]
    style: dict[Any, Any] = {
        "font.family": ["DejaVu Sans", *fonts],
        "font.size": 10,
        "text.color": INK,
        "axes.edgecolor": SOFT,
        "axes.labelcolor": INK,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.titlelocation": "left",
        "axes.titlesize": 11,
        "axes.grid": True,
        "axes.axisbelow": True,
        "axes.unicode_minus": False,
        "grid.color": LINE,
        "grid.linewidth": 0.6,
        "xtick.color": SOFT,
        "ytick.color": SOFT,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "legend.frameon": False,
        "savefig.dpi": 150,
        "savefig.facecolor": "white",
    }
    with matplotlib.rc_context(style):
        yield


def figure(width: float, height: float) -> Figure:
    """Of so many inches; belongs to no window and needs no closing."""
    return Figure(figsize=(width, height), layout="constrained")


def draw_map(axes: Axes, roads: Sequence[Sequence[Point]], around: Sequence[Point] = ()) -> None:
    """Roads as a light background; one kilometre as long east as north; cut to the points `around`, if any, which
    leaves out far ends of roads; a bar for the scale."""
    lines = [[(point.lon, point.lat) for point in road] for road in roads]
    axes.add_collection(LineCollection(lines, colors="#c4cbd4", linewidths=0.4, zorder=1))
    points = list(around) or [point for road in roads for point in road]
    south, north = min(p.lat for p in points), max(p.lat for p in points)
    west, east = min(p.lon for p in points), max(p.lon for p in points)
    shrink = math.cos(math.radians((south + north) / 2))
    margin = 0.03 * max(north - south, (east - west) * shrink)
    axes.set_xlim(west - margin / shrink, east + margin / shrink)
    axes.set_ylim(south - margin, north + margin)
    axes.set_aspect(1 / shrink)
    axes.set_axis_off()
    _scale_bar(axes, shrink)


def _scale_bar(axes: Axes, shrink: float) -> None:
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    km_degrees = 1 / (111.195 * shrink)
    length = max(n for n in (1, 2, 5, 10, 20, 50) if n == 1 or n * km_degrees <= (east - west) / 4)
    start, height = west + 0.02 * (east - west), south + 0.02 * (north - south)
    axes.plot([start, start + length * km_degrees], [height, height], color=INK, linewidth=2, zorder=9)
    axes.text(start, height + 0.008 * (north - south), f"{length} km", fontsize=8, va="bottom", zorder=9)
