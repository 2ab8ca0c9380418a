"""`jieying simulate`: what response times would be under another policy, number of units or posting; and how far to
trust it (`jieying simulate validate`)."""

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from jieying.commands.terminal import LANGUAGE, JsonOption, PackOption, out, say, settings, words, write_json
from jieying.kit.errors import Invalid, NotFound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jieying.simulation.result import Report
    from jieying.simulation.study import Study

app = typer.Typer()

# The record that the simulator is held to unless another one is named.
VALIDATION_PACK = Path("var/packs/san-francisco")
VALIDATION_CALLS = Path("sf/fire_calls_2016-12-31_2017-01-07.csv")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _option(key: str, *flags: str, **limits: Any) -> Any:
    return typer.Option(*flags, help=words(key), **limits)


@app.callback(invoke_without_command=True)
def simulate(
    context: typer.Context,
    pack: PackOption = None,
    policy: Annotated[list[str] | None, _option("help.simulate.policy")] = None,
    calls: Annotated[Path | None, _option("help.simulate.calls")] = None,
    draw: Annotated[bool, _option("help.simulate.draw", "--draw")] = False,
    as_recorded: Annotated[bool, _option("help.simulate.as_recorded", "--as-recorded")] = False,
    calibrated: Annotated[bool, _option("help.simulate.calibrated", "--calibrated")] = False,
    days: Annotated[int | None, _option("help.simulate.days", min=1)] = None,
    calls_per_day: Annotated[float | None, _option("help.simulate.calls_per_day", "--calls-per-day", min=0.01)] = None,
    units: Annotated[int | None, _option("help.simulate.units", min=1)] = None,
    posting: Annotated[Path | None, _option("help.simulate.posting")] = None,
    relay: Annotated[str | None, _option("help.simulate.relay")] = None,
    takers: Annotated[int | None, _option("help.simulate.takers", min=1)] = None,
    break_minutes: Annotated[float, _option("help.simulate.break", "--break", min=0)] = 0.0,
    breakdowns: Annotated[float, _option("help.simulate.breakdowns", min=0)] = 0.0,
    repair_minutes: Annotated[float, _option("help.simulate.repair", "--repair", min=0)] = 120.0,
    replications: Annotated[int, _option("help.simulate.replications", min=1)] = 20,
    seed: Annotated[int, _option("help.simulate.seed", min=0)] = 1,
    processes: Annotated[int, _option("help.simulate.processes", min=1)] = CORES,
    sweep: Annotated[str | None, _option("help.simulate.sweep", "--sweep-units")] = None,
    json: JsonOption = None,
    report: Annotated[Path | None, _option("help.simulate.report")] = None,
    validation: Annotated[Path | None, _option("help.simulate.validation")] = None,
    journal: Annotated[Path | None, _option("help.simulate.journal")] = None,
) -> None:
    if context.invoked_subcommand is not None:
        return
    from jieying.simulation.show import show
    from jieying.simulation.study import Options, study

    validated = _validated(validation) if validation else None
    asked = study(
        Options(
            pack=settings(pack=pack).pack,
            policies=tuple(policy or ()),
            calls=calls,
            draw=draw,
            as_recorded=as_recorded,
            calibrated=calibrated,
            days=days,
            calls_per_day=calls_per_day,
            units=units,
            posting=posting,
            relay=relay,
            takers=takers,
            break_minutes=break_minutes,
            breakdowns_per_day=breakdowns,
            repair_minutes=repair_minutes,
            replications=replications,
            seed=seed,
            processes=processes,
            sweep=sweep,
        )
    )
    result = _run(asked)
    write_json(json, dict(result))
    show(result)
    if journal is not None:
        _write_journal(asked, journal)
    if report is not None:
        from jieying.simulation.report import write_report

        say("simulate.report", file=write_report(result, asked.setup.pack, report, LANGUAGE, validated))


def _validated(file: Path) -> dict[str, Any]:
    """What `simulate validate --json` has written. Raises Invalid for any other file, before anything is run."""
    try:
        found = orjson.loads(file.read_bytes())
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or "ks_response" not in found:
        raise Invalid("validation_unreadable", file=str(file))
    return found


def _run(asked: "Study") -> "Report":
    from jieying.simulation.run import compare, sweep

    setup = asked.setup
    runs = setup.replications * len(setup.variants)
    with _progress(runs * (1 + len(asked.counts))) as tell:
        compared = compare(setup, tell)
        swept = sweep(setup, asked.counts, tell) if asked.counts else None
    first = next(iter(compared.policies.values()))
    said = [words(f"simulate.said.{one.code}", **one.params) for one in asked.said]
    result: Report = {
        "pack": setup.pack.region,
        "calls": {
            "n": first["response"]["n"] + (first["unserved"]["value"] or 0.0),
            "source": words(f"simulate.source.{asked.source}"),
            "first": asked.first.isoformat() if asked.first else None,
            "last": asked.last.isoformat() if asked.last else None,
            "refused": asked.refused,
        },
        "units": setup.units or len(setup.pack.units),
        "replications": setup.replications,
        "seed": setup.seed,
        "relay": words(f"simulate.said.{asked.relay.code}", **asked.relay.params),
        "said": said,
        "recorded": asked.recorded,
        "policies": compared.policies,
        "differences": compared.differences,
    }
    if swept is not None:
        result["sweep"], result["units_for_98"] = swept
    return result


def _write_journal(asked: "Study", file: Path) -> None:
    """Of the first replication of the first policy."""
    from jieying.simulation.run import Bench, Task

    _, journal = Bench(asked.setup).play(Task(asked.setup.units, 0, 0), with_journal=True)
    assert journal is not None
    journal.write(file)
    say("simulate.journal", file=file, entries=len(journal.entries))


@contextmanager
def _progress(total: int) -> "Iterator[Callable[[], None]]":
    """A bar for so many replications; yields what is called after each."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=out) as bar:
        task = bar.add_task(words("simulate.progress"), total=total)
        yield lambda: bar.advance(task)


@app.command(help=words("help.simulate.validate"))
def validate(
    pack: PackOption = None,
    calls: Annotated[Path | None, _option("help.simulate.calls")] = None,
    days: Annotated[int, typer.Option(help=words("help.simulate.validate.days"), min=1)] = 5,
    policy: Annotated[str, typer.Option(help=words("help.simulate.validate.policy"))] = "balanced+relay",
    replications: Annotated[int, _option("help.simulate.replications", min=1)] = 20,
    seed: Annotated[int, _option("help.simulate.seed", min=0)] = 1,
    json: JsonOption = None,
) -> None:
    from jieying.citypack.read import read_pack
    from jieying.replay.calls import read_calls
    from jieying.replay.run import of_city
    from jieying.simulation.show import show_validation
    from jieying.simulation.validate import validate as judge

    folder = pack or VALIDATION_PACK
    if not folder.is_dir():
        raise NotFound("validate_no_pack", folder=str(folder))
    city = read_pack(folder)
    data = Path(os.environ.get("JIEYING_SHARED_DATA", "../shared/data"))
    recorded = read_calls(calls or data / VALIDATION_CALLS, city, of_city(city))
    with _progress(replications) as tell:
        found = judge(city, recorded.calls, days=days, policy=policy, replications=replications, seed=seed, tell=tell)
    write_json(json, found)
    show_validation(found)


@app.command(help=words("help.simulate.calibrate"))
def calibrate(
    calls: Annotated[Path, typer.Argument(help=words("help.simulate.calls"))], pack: PackOption = None
) -> None:
    from jieying.citypack.read import read_pack
    from jieying.replay.calls import read_calls
    from jieying.replay.run import of_city
    from jieying.simulation.into_pack import into_pack

    folder = settings(pack=pack).pack
    city = read_pack(folder)
    learned = into_pack(city, read_calls(calls, city, of_city(city)).calls)
    say("simulate.calibrated", folder=folder, **learned)
