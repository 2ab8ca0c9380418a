"""A posting plan as a picture: where calls come from, where units stood, where they are to stand."""

from collections import Counter
from pathlib import Path

import h3.api.numpy_int as h3
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.colors import PowerNorm
from matplotlib.figure import Figure

from jieying.allocation.posting import PostingPlan
from jieying.citypack.model import CityPack
from jieying.kit.pictures import COLOURS, INK, draw_map, figure, look, picture_language
from jieying.kit.texts import Language, text

HEAT_RESOLUTION = 8  # H3 cells of about 0.7 km²


def draw_posting(plan: PostingPlan, pack: CityPack, file: Path, language: Language) -> None:
    """Write the PNG. Raises OSError when the file cannot be written."""
    language = picture_language(language)
    with look():
        drawn = figure(10, 9)
        axes = drawn.add_subplot()
        everywhere = [cell.position for cell in plan.demand] + [post.site.position for post in plan.posts]
        draw_map(axes, [edge.line for edge in pack.road_edges], everywhere)
        _heat(drawn, axes, plan, language)
        _posts(axes, plan, language)
        axes.set_title(
            text(
                "posting.picture.title",
                language,
                units=len(plan.posts),
                before=f"{plan.before.late_share:.1%}",
                after=f"{plan.after.late_share:.1%}",
            )
        )
        file.parent.mkdir(parents=True, exist_ok=True)
        drawn.savefig(file)


def _heat(drawn: Figure, axes: Axes, plan: PostingPlan, language: Language) -> None:
    calls: Counter[int] = Counter()
    total = sum(cell.weight for cell in plan.demand)
    for cell in plan.demand:
        calls[int(h3.latlng_to_cell(*cell.position, HEAT_RESOLUTION))] += cell.weight / total  # type: ignore[assignment]
    shapes = [[(lon, lat) for lat, lon in h3.cell_to_boundary(cell)] for cell in calls]
    shares = [100 * share for share in calls.values()]
    # By the root: few cells have many times the calls of all others.
    heat = PolyCollection(shapes, array=shares, cmap="YlOrRd", norm=PowerNorm(0.5, vmin=0), alpha=0.75, zorder=0)
    axes.add_collection(heat)
    drawn.colorbar(heat, ax=axes, shrink=0.5, label=text("posting.picture.demand", language))


def _posts(axes: Axes, plan: PostingPlan, language: Language) -> None:
    ways = [[(p.before.lon, p.before.lat), (p.site.position.lon, p.site.position.lat)] for p in plan.posts]
    axes.add_collection(LineCollection(ways, colors=INK, linewidths=0.5, alpha=0.4, zorder=3))
    sides = (
        ("before", Counter(post.before for post in plan.posts), "none", INK),
        ("after", Counter(post.site.position for post in plan.posts), COLOURS[0], "white"),
    )
    for side, counts, face, edge in sides:
        axes.scatter(
            [place.lon for place in counts],
            [place.lat for place in counts],
            s=[40 * n for n in counts.values()],
            facecolors=face,
            edgecolors=edge,
            linewidths=1,
            zorder=4 if side == "before" else 5,
        )
        # An empty one for the legend, of the size of one unit.
        name = text(f"posting.picture.{side}", language)
        axes.scatter([], [], s=40, facecolors=face, edgecolors=edge, linewidths=1, label=name)
    for place, n in counts.items():
        if n > 1:
            axes.annotate(str(n), (place.lon, place.lat), color="white", fontsize=7, ha="center", va="center", zorder=6)
    axes.legend(loc="upper left")
