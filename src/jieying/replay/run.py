"""The command `jieying replay`: server, platform, calls, comparison, and what is said about it."""

import asyncio
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from jieying.bootstrap import Platform
from jieying.citypack.model import CityPack
from jieying.citypack.read import read_pack
from jieying.commands.terminal import LANGUAGE, out, say, words, write_json
from jieying.journal import store as journal
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.kit.errors import Conflict, Invalid
from jieying.kit.geo import Point
from jieying.kit.postgres import EmbeddedPostgres
from jieying.migrations import upgrade
from jieying.places.areas import OUTSIDE_M, AreaIndex
from jieying.replay.calls import Call, Recorded, first_calls, read_calls
from jieying.replay.compare import Times, achieved_times, compare, recorded_times, within_five_minutes
from jieying.replay.console import Console, open_console
from jieying.replay.play import Replay
from jieying.replay.show import show
from jieying.settings import Settings
from jieying.web.app import make_app

# Sessions must outlast what is replayed, in hours of the replay's clock.
SESSION_HOURS = 24.0 * 366
LEAD = timedelta(minutes=1)  # the platform is up so long before the first call


@dataclass(frozen=True)
class ReplayOptions:
    """`calls`: the CSV file; `pack`: folder of a built city pack; `json`: file for the result as one JSON object.

    `days`: only calls of the first so many times 24 hours; `limit`: only so many calls. `data_dir`: an empty or new
    folder in which the database is left to be looked at; without it a temporary one is used.
    """

    calls: Path
    pack: Path
    json: Path | None = None
    days: int | None = None
    limit: int | None = None
    data_dir: Path | None = None


def run(options: ReplayOptions) -> int:
    """Replay and print; 0 when every call is accounted for and the journal has no fault, else 1.

    Raises Refused for files that can't be used (it names what is wrong), Conflict for a folder that is in use.
    """
    began = time.perf_counter()
    pack = read_pack(options.pack)
    recorded = read_calls(options.calls, pack, of_city(pack))
    calls = first_calls(recorded.calls, options.days, options.limit)
    if not calls:
        raise Invalid("calls_none", file=str(options.calls))
    name = pack.name.en if LANGUAGE == "en" and pack.name.en else pack.name.zh
    say("replay.begin", calls=len(calls), pack=name)
    with _folder(options.data_dir) as folder, EmbeddedPostgres(folder, durable=False) as server:
        result = asyncio.run(replay(server.url, folder, pack, calls))
    result |= _of_file(recorded, calls) | {"real_s": round(time.perf_counter() - began, 1)}
    write_json(options.json, result)
    show(result)
    return 1 if result["unaccounted"] or result["journal"]["faults"] else 0


def of_city(pack: CityPack) -> Callable[[Point], bool]:
    """Whether the city of a pack answers for a position; the same bounds as at the front door."""
    areas = AreaIndex(pack)

    def inside(point: Point) -> bool:
        return (areas.area_of(point) or areas.nearest_area(point, OUTSIDE_M)) is not None

    return inside


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is None:
        with TemporaryDirectory(prefix="jieying-replay-") as temporary:
            Path(temporary).chmod(0o755)  # root starts the server as another user, who must get in
            yield Path(temporary)
        return
    if given.exists() and any(given.iterdir()):
        raise Conflict("replay_folder_used", folder=str(given))
    given.mkdir(parents=True, exist_ok=True)
    yield given


async def replay(url: str, folder: Path, pack: CityPack, calls: list[Call]) -> dict[str, Any]:
    """Play calls on the empty database at `url`, caches in `folder`; the result without what is said of the file."""
    db = Database(url, pool=2)
    try:
        await upgrade(db)
        clock = ManualClock(calls[0].received - LEAD)
        platform = Platform(db, clock, pack, folder)
        await platform.prepare()
        settings = Settings(data_dir=folder, session_hours=SESSION_HOURS)
        app = make_app(platform, settings, run_loops=False)
        async with open_console(app, platform.site) as console:
            with _progress() as bar:
                task = bar.add_task(words("replay.progress"), total=len(calls))
                played = Replay(platform, console, calls, lambda: bar.advance(task))
                await played.run()
            return await _result(db, pack, clock.now(), console, played)
    finally:
        await db.close()


def _progress() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    return Progress(*columns, TimeElapsedColumn(), TimeRemainingColumn(), console=out, refresh_per_second=2)


async def _result(db: Database, pack: CityPack, end: datetime, console: Console, played: Replay) -> dict[str, Any]:
    """What the platform itself says afterwards, by its API and its journal; not what the replay remembers."""
    incident_of = {r["id"]: r["incident"] async for r in console.pages("/api/reports", "reports")}
    incidents = {i["id"]: i async for i in console.pages("/api/incidents", "incidents")}
    calls, achieved, missing = [case.call for case in played.cases], [], []
    for case in played.cases:
        incident = incidents.get(incident_of.get(case.report) or "")
        times = achieved_times(incident) if incident else Times()
        achieved.append(times)
        if incident is None or incident["state"] != "closed" or None in times:
            missing.append(case.call.number)
    async with db.transaction() as connection:
        entries, faults = await journal.verify(connection)
    sides = compare(calls, achieved, pack.targets)
    same = [times for call, times in zip(calls, achieved, strict=True) if call.arrived]
    return {
        "calls": len(calls),
        "unaccounted": len(missing),
        "missing": missing,
        **{side: {k: v.model_dump() for k, v in found.items()} for side, found in sides.items()},
        "arrived_within_300_s": {
            "recorded": within_five_minutes(map(recorded_times, calls)),
            "achieved": within_five_minutes(same),
        },
        "units": {"pack": len(pack.units), "recorded": len({u.unit for call in calls for u in call.units})},
        "first": calls[0].received.isoformat(),
        "end": end.isoformat(),
        "counts": dict(sorted(played.counts.items())),
        "journal": {"entries": entries, "faults": [asdict(fault) for fault in faults]},
        "ms": {name: _ms(spent) for name, spent in sorted(console.spent.items())},
    }


def _ms(spent: list[float]) -> dict[str, float | int]:
    ordered = sorted(spent)
    return {
        "n": len(spent),
        "mean_ms": round(1000 * sum(spent) / len(spent), 2),
        "p99_ms": round(1000 * ordered[int(0.99 * (len(spent) - 1))], 2),
        "total_s": round(sum(spent), 1),
    }


def _of_file(recorded: Recorded, calls: list[Call]) -> dict[str, Any]:
    rows = {"read": recorded.rows, "parsed": recorded.parsed, "refused": len(recorded.refused)}
    refused = [{"line": one.line, "code": one.code, "params": one.params} for one in recorded.refused]
    whole = {
        "calls": recorded.numbers,
        "refused": recorded.numbers - len(recorded.calls),
        "left_out": len(recorded.calls) - len(calls),
    }
    return {"rows": rows, "file": whole, "refused": refused}
