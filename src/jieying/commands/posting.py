"""`jieying posting`: where to stand the units, so that the fewest calls are reached late."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import typer
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from jieying.citypack.model import CityPack, DemandPoint
from jieying.citypack.read import read_pack
from jieying.commands.terminal import LANGUAGE, JsonOption, PackOption, out, say, settings, words, write_json
from jieying.kit.errors import Invalid

if TYPE_CHECKING:
    from jieying.allocation.posting import PostingPlan
    from jieying.simulation.model import Calls, Floats, StageTimes


@dataclass(frozen=True)
class _Load:
    """What is planned for. `limits_s`: how long a drive may take by the roads of `city`, equally likely ones."""

    city: CityPack
    demand: Sequence[DemandPoint]
    source: str
    busy: float
    limits_s: list[float]


def posting(
    units: Annotated[int | None, typer.Option(help=words("help.posting.units"), min=1)] = None,
    pack: PackOption = None,
    calls: Annotated[Path | None, typer.Option(help=words("help.posting.calls"))] = None,
    calibrated: Annotated[bool, typer.Option("--calibrated", help=words("help.posting.calibrated"))] = False,
    within: Annotated[float, typer.Option(help=words("help.posting.within"), min=1)] = 300.0,
    before: Annotated[float | None, typer.Option(help=words("help.posting.before"), min=0)] = None,
    busy: Annotated[float | None, typer.Option(help=words("help.posting.busy"), min=0, max=0.95)] = None,
    hour: Annotated[int, typer.Option(help=words("help.posting.hour"), min=0, max=167)] = 12,
    time_limit: Annotated[float, typer.Option("--time-limit", help=words("help.posting.time_limit"), min=0)] = 60.0,
    out_file: Annotated[Path, typer.Option("--out", help=words("help.posting.out"))] = Path("posting.csv"),
    picture: Annotated[Path | None, typer.Option(help=words("help.posting.picture"))] = None,
    json: JsonOption = None,
) -> None:
    from jieying.allocation.posting import plan_posting, write_posting
    from jieying.roads.graph import from_pack
    from jieying.roads.network import RoadNetwork

    chosen = settings(pack=pack)
    city = read_pack(chosen.pack)
    posted = _units(city, units)
    if calls is None and calibrated:
        raise Invalid("posting_calibrated")
    load = (
        _load(city, within, before, busy)
        if calls is None
        else _recorded_load(city, calls, len(posted), within, before, busy, calibrated)
    )
    say("cli.posting.begin", units=len(posted), source=load.source, busy=f"{load.busy:.2f}")
    with Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=out) as bar:
        task = bar.add_task(words("cli.posting.roads"))
        plan = plan_posting(
            load.city,
            RoadNetwork(from_pack(load.city), load.city.speeds),
            load.demand,
            posted,
            busy=load.busy,
            limits_s=load.limits_s,
            hour=hour,
            time_limit_s=time_limit,
            progress=lambda _, late, bound: bar.update(
                task, description=words("cli.posting.search", late=f"{late:.2%}", bound=f"{bound:.2%}")
            ),
        )
    write_posting(out_file, plan)
    if picture:
        from jieying.allocation.picture import draw_posting

        draw_posting(plan, city, picture, LANGUAGE)
    write_json(json, _as_json(plan, load, within, hour))
    _tell(plan, out_file)


def _units(city: CityPack, count: int | None) -> list[str]:
    """The same that the simulator takes for this number; all without one."""
    from jieying.simulation.fleet import with_units

    if count is None:
        return sorted(city.units)
    if count > len(city.units):
        raise Invalid("posting_units", units=count, pack=len(city.units))
    return sorted(with_units(city, count).units)


def _load(city: CityPack, within: float, before: float | None, busy: float | None) -> _Load:
    """What a pack says of its demand, else its named places; times as the simulator assumes them."""
    from jieying.simulation.calls import assumed_times

    demand = city.demand or tuple(DemandPoint(place.position, 1.0) for place in city.places)
    source = words("cli.posting.demand" if city.demand else "cli.posting.places")
    share = city.dispatch.busy_share if busy is None else busy
    return _Load(city, demand, source, share, _limits(within, before, assumed_times()))


def _recorded_load(
    city: CityPack,
    calls: Path,
    units: int,
    within: float,
    before: float | None,
    busy: float | None,
    calibrated: bool,
) -> _Load:
    """What a record says; with `calibrated` also of speeds and drives."""
    from jieying.allocation.posting import busy_share
    from jieying.replay.calls import read_calls
    from jieying.replay.run import of_city
    from jieying.simulation.calibrate import PRACTICE, calibrate
    from jieying.simulation.calls import recorded_times
    from jieying.simulation.model import Variant
    from jieying.simulation.record import of_record

    recorded = read_calls(calls, city, of_city(city)).calls
    if not recorded:
        raise Invalid("calls_none", file=str(calls))
    if calibrated:
        learned = calibrate(city, recorded, Variant.parse(PRACTICE))
        city, limits = learned.pack, _learned_limits(within, before, learned.practice.calls)
    else:
        limits = _limits(within, before, recorded_times(of_record(recorded)))
    work_s = sum(
        (unit.available - unit.dispatch).total_seconds() for call in recorded for unit in call.units if unit.available
    )
    span_s = max((recorded[-1].received - recorded[0].received).total_seconds(), 3600.0)
    demand = [DemandPoint(call.point, 1.0) for call in recorded]
    return _Load(city, demand, str(calls), busy_share(work_s, units, span_s) if busy is None else busy, limits)


def _limits(within: float, before: float | None, times: "StageTimes") -> list[float]:
    """What is left for the drive when the unit rolls, without a relay step; negative when nothing is: always late."""
    if before is not None:
        return [within - before]
    from jieying.simulation.model import ANY

    shares = np.random.default_rng(0).random((3, 10_000))
    stages = (times.answer, times.describe, times.turnout[ANY])
    delays = np.sum([stage.quantile(share) for stage, share in zip(stages, shares, strict=True)], axis=0)
    return _tenths(within - delays)


def _learned_limits(within: float, before: float | None, calls: "Calls") -> list[float]:
    """The same in seconds by the road network, where a real drive lasts `extra_s + slow × t`."""
    assert calls.extra_s is not None
    assert calls.slow is not None  # calibration gives both
    rolling = calls.answer_s + calls.describe_s + calls.turnout_s[:, 0] if before is None else before
    limits = (within - rolling - calls.extra_s) / calls.slow
    return _tenths(limits[np.isfinite(limits)])


def _tenths(values: "Floats") -> list[float]:
    """Ten values, each standing for a tenth of all."""
    tenths: list[float] = np.quantile(values, (np.arange(10) + 0.5) / 10).tolist()
    return tenths


def _as_json(plan: "PostingPlan", load: _Load, within: float, hour: int) -> dict[str, Any]:
    found = plan.solution
    return {
        "units": len(plan.posts),
        "sites": len(plan.sites),
        "cells": len(plan.demand),
        "demand": load.source,
        "busy": load.busy,
        "within_s": within,
        "limits_s": load.limits_s,
        "hour": hour,
        "before": asdict(plan.before),
        "after": asdict(plan.after),
        "late_bound": found.late_bound,
        "gap": found.gap,
        "proof": "optimal" if found.optimal else "time_limit",
        "seconds": round(found.seconds, 2),
        "nodes": found.nodes,
        "drive_s": round(sum(post.drive_s for post in plan.posts), 1),
        "posts": [
            {
                "unit": post.unit,
                "kind": post.site.kind,
                "name": post.site.name,
                "lat": post.site.position.lat,
                "lon": post.site.position.lon,
                "from_lat": post.before.lat,
                "from_lon": post.before.lon,
                "drive_s": round(post.drive_s, 1),
            }
            for post in plan.posts
        ],
    }


def _tell(plan: "PostingPlan", out_file: Path) -> None:
    found = plan.solution
    say(
        "cli.posting.result",
        before=f"{plan.before.late_share:.2%}",
        after=f"{plan.after.late_share:.2%}",
        before_s=plan.before.mean_drive_s,
        after_s=plan.after.mean_drive_s,
    )
    proof = "cli.posting.optimal" if found.optimal else "cli.posting.not_proven"
    say(proof, bound=f"{found.late_bound:.2%}", gap=f"{found.gap:.2%}", seconds=f"{found.seconds:.1f}")
    moved = [post for post in plan.posts if post.drive_s > 0]
    minutes = sum(post.drive_s for post in moved) / 60
    say("cli.posting.written", file=out_file, moved=len(moved), units=len(plan.posts), minutes=minutes)
