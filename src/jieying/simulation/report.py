"""The report of a simulation for people: report.html, which holds all it shows, its pictures, and result.json."""

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from jieying.citypack.model import CityPack, Level, Name
from jieying.kit.pictures import look, picture_language
from jieying.kit.texts import Language, catalogue, text
from jieying.simulation import report_charts as charts
from jieying.simulation.result import Figure, Report

# Worth showing in the table of differences, and whether more of it is better.
DIFFERENCES = {"p50_s": False, "p90_s": False, "mean_s": False, "within_300s": True, "late_share": False}


@dataclass(frozen=True)
class Picture:
    """A chart of the report, and how it is called; `data` for the page, which needs no other file."""

    file: Path

    @property
    def data(self) -> str:
        return "data:image/png;base64," + base64.b64encode(self.file.read_bytes()).decode()


@dataclass(frozen=True)
class Change:
    """The map of one policy against the first; shares of the calls that are reached earlier and later."""

    policy: str
    picture: Picture
    earlier: float
    later: float
    cells: int


def write_report(
    result: Report, pack: CityPack, folder: Path, language: Language, validation: dict[str, Any] | None = None
) -> Path:
    """Write the report of `result` into `folder` and return its page; `validation`: what `simulate validate` found.

    Raises OSError when the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole = {**result, "validation": validation} if validation else result
    (folder / "result.json").write_text(json.dumps(whole, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    with look():
        pictures, maps = _draw(result, pack, folder, picture_language(language), language)
    page = folder / "report.html"
    page.write_text(_page(result, pack, language, pictures, maps, validation), encoding="utf-8")
    return page


def policy_name(policy: str, language: Language) -> str:
    """`own_station_first+relay` in words; a policy without words keeps its code."""
    words = [catalogue(language).get(f"policy.{part}", part) for part in policy.split("+")]
    return text("report.with", language).join(words)


def _named(name: Name, code: str, language: Language) -> str:
    return name.en or code if language == "en" else name.zh


def _draw(
    result: Report, pack: CityPack, folder: Path, drawn_in: Language, language: Language
) -> tuple[dict[str, Picture], list[Change]]:
    """All pictures there is something to draw for, by name, and the maps."""
    names = {policy: policy_name(policy, drawn_in) for policy in result["policies"]}
    areas = {area.code: _named(area.name, area.code, drawn_in) for area in pack.areas}
    draws: dict[str, Callable[[Path], bool]] = {
        "response": lambda file: charts.draw_response(names, result, drawn_in, file),
        "levels": lambda file: charts.draw_levels(names, result, drawn_in, file),
        "areas": lambda file: charts.draw_areas(names, result, areas, drawn_in, file),
        "work": lambda file: charts.draw_work(names, result, drawn_in, file),
        "sweep": lambda file: charts.draw_sweep(names, result, drawn_in, file),
    }
    pictures = {name: Picture(folder / f"{name}.png") for name, draw in draws.items() if draw(folder / f"{name}.png")}
    maps = []
    for number, policy in enumerate(list(names)[1:], start=1):
        found, file = charts.changes(result, policy), folder / f"map-{number}.png"
        if charts.draw_change(found, pack, drawn_in, file):
            calls = sum(n for _, n in found.values())
            earlier, later = (sum(n for change, n in found.values() if sign * change > 0.5) / calls for sign in (-1, 1))
            maps.append(Change(policy_name(policy, language), Picture(file), earlier, later, len(found)))
    return pictures, maps


def _page(
    result: Report,
    pack: CityPack,
    language: Language,
    pictures: dict[str, Picture],
    maps: list[Change],
    validation: dict[str, Any] | None,
) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "seconds": seconds,
        "percent": percent,
        "points": points,
        "change": change,
        "fraction": fraction,
    }
    areas = {area.code: _named(area.name, area.code, language) for area in pack.areas}
    return environment.get_template("report.html").render(
        t=lambda key, **params: text(f"report.{key}", language, **params),
        language=language,
        result=result,
        city=_named(pack.name, pack.region, language),
        policies={policy: policy_name(policy, language) for policy in result["policies"]},
        levels={level.value: text(f"level.{level}", language) for level in Level},
        areas=charts.busiest(result, areas, most=None),
        areas_drawn=charts.MOST_AREAS,
        units={code: _named(unit.name, code, language) for code, unit in pack.units.items()},
        differences=DIFFERENCES,
        judge=judge,
        pictures=pictures,
        maps=maps,
        validation=validation,
        reproduced=_reproduced(validation, language) if validation else [],
        policy_name=lambda policy: policy_name(policy, language),
    )


def _reproduced(validation: dict[str, Any], language: Language) -> list[tuple[str, dict[str, Any]]]:
    """What was predicted beside what was recorded: both intervals over all calls, then response by level and by day."""
    sides = ("recorded", "predicted")
    whole = [
        (text(f"report.{name}", language), {side: validation[side][name] for side in sides} | {"ks": validation[ks]})
        for name, ks in (("response", "ks_response"), ("travel", "ks_travel"))
    ]
    levels = [(text(f"level.{level}", language), part) for level, part in validation["by_level"].items()]
    return [*whole, *levels, *validation["by_day"].items()]


def judge(found: Figure, more_is_better: bool) -> str:
    """`better` or `worse` where the whole interval is on one side of zero, else `uncertain`."""
    low, high = found["low"], found["high"]
    if low is None or high is None or low <= 0 <= high:
        return "uncertain"
    return "better" if (low > 0) is more_is_better else "worse"


def _shown(found: Figure | float | None, show: Callable[[float], str]) -> Markup:
    """The value and, where there is one, its interval below it; a dash for nothing."""
    if found is None or isinstance(found, int | float):
        return Markup(show(found) if found is not None else "–")  # noqa: S704 - numbers only
    value, low, high = found["value"], found["low"], found["high"]
    if value is None:
        return Markup("–")
    if low is None or high is None or show(low) == show(high):
        return Markup(show(value))  # noqa: S704
    return Markup("{} <small>{} … {}</small>").format(show(value), show(low), show(high))


def seconds(found: Figure | float | None) -> Markup:
    """Whole seconds."""
    return _shown(found, lambda value: f"{value:.0f}")


def percent(found: Figure | float | None) -> Markup:
    """A share in per cent."""
    return _shown(found, lambda value: f"{value * 100:.1f} %")


def change(found: Figure | float | None) -> Markup:
    """A relative change in per cent, with its sign."""
    return _shown(found, lambda value: f"{value * 100:+.1f} %".replace("-", "−"))


def points(found: Figure | float | None) -> Markup:
    """Percentage points, with their sign."""
    return _shown(found, lambda value: f"{value:+.1f}".replace("-", "−"))


def fraction(found: Figure | float | None) -> Markup:
    """A number between 0 and 1."""
    return _shown(found, lambda value: f"{value:.3f}")
