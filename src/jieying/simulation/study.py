"""What `jieying simulate` is asked becomes a run: files read and checked, everything that is odd or assumed said."""

import csv
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack
from jieying.citypack.read import read_pack
from jieying.kit.errors import Invalid
from jieying.replay.calls import RECEIVED, Call, first_calls, read_calls
from jieying.replay.run import of_city
from jieying.simulation.calibrate import PRACTICE, Calibrated, calibrate
from jieying.simulation.calls import (
    ASSUMED_RELAY_S,
    CALLS_PER_UNIT_AND_DAY,
    assumed_times,
    drawn_from,
    forgotten,
    of_demand,
    recorded_times,
    stated,
)
from jieying.simulation.fleet import odd_turns, turns_of, with_posting, with_units
from jieying.simulation.model import RELAY, Conditions, DrawsCalls, Same, StageTimes, Variant
from jieying.simulation.practice import Predicted, local_days
from jieying.simulation.record import of_record, recorded_figures
from jieying.simulation.run import Setup

RECORDED = "recorded"
DAYS = 7  # drawn where nothing else is said
A_MONDAY = datetime(2026, 1, 5, tzinfo=UTC)  # drawn days without a record begin here: the same seed, the same result


@dataclass(frozen=True)
class Options:
    """As on the command line; seconds, but `break_minutes`.

    `days`: with `draw` or without `calls` so many are drawn, else only the first so many of the record are taken.
    `calibrated`: learn speeds, drives and handling from the record first. `relay`: seconds, or `recorded`; None for
    that if there is.
    """

    pack: Path
    policies: tuple[str, ...] = ()
    calls: Path | None = None
    draw: bool = False
    as_recorded: bool = False
    calibrated: bool = False
    days: int | None = None
    calls_per_day: float | None = None
    units: int | None = None
    posting: Path | None = None
    relay: str | None = None
    takers: int | None = None
    break_minutes: float = 0.0
    breakdowns_per_day: float = 0.0
    repair_minutes: float = 120.0
    replications: int = 20
    seed: int = 1
    processes: int = 1
    sweep: str | None = None


@dataclass(frozen=True)
class Said:
    """Something odd or assumed: words under `simulate.said.<code>`."""

    code: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Study:
    """What is run, and what is to be said of where it comes from. `counts`: numbers of units of the sweep."""

    setup: Setup
    source: str
    first: datetime | None
    last: datetime | None
    refused: list[dict[str, Any]]
    recorded: dict[str, Any] | None
    relay: Said
    said: list[Said]
    counts: list[int]


def study(options: Options) -> Study:
    """Read and check everything; nothing has run when it raises Refused or PackFaults, which name what is wrong."""
    if options.calls_per_day is not None and options.calls and not options.draw:
        raise Invalid("sim_needs_draw")
    if options.draw and options.as_recorded:
        raise Invalid("sim_draw_as_recorded")
    pack = read_pack(options.pack)
    posted = with_posting(pack, options.posting) if options.posting is not None else pack
    said: list[Said] = []
    calls = _recorded(options, pack, said) if options.calls else None
    # The record was made with the units at the posts of the pack, not at those of the plan.
    learned = _calibrated(options, pack, calls.calls if calls else [], said)
    pack = posted if learned is None else replace(posted, speeds=learned.pack.speeds)
    source, times, text = _source(options, pack, calls.calls if calls else None, learned, said)
    relay, source, times = _relay(options, source, times, calls is not None, said)
    conditions = Conditions(
        options.takers, options.break_minutes * 60, options.breakdowns_per_day, options.repair_minutes * 60
    )
    setup = Setup(
        pack=pack,
        calls=source,
        times=times,
        variants=tuple(Variant.parse(text) for text in options.policies or (pack.dispatch.policy,)),
        conditions=conditions,
        units=options.units,
        replications=options.replications,
        seed=options.seed,
        processes=options.processes,
    )
    start = calls.calls[0].received if calls else A_MONDAY
    manned = pack if options.units is None else with_units(pack, options.units)
    days = max(1.0, (calls.calls[-1].received - start).total_seconds() / 86400) if calls else DAYS
    odd = odd_turns(manned, turns_of(manned, start, days * 86400), conditions.break_s)
    said += [Said(str(one.pop("code")), one) for one in odd]
    if options.units is not None:
        said.append(Said("units", {"units": options.units, "pack": len(pack.units)}))
    return Study(
        setup=setup,
        source=text,
        first=calls.calls[0].received if calls else None,
        last=calls.calls[-1].received if calls else None,
        refused=calls.refused if calls else [],
        recorded=recorded_figures(calls.calls) if calls else None,
        relay=relay,
        said=said,
        counts=_counts(options.sweep),
    )


@dataclass(frozen=True)
class _Read:
    calls: list[Call]
    refused: list[dict[str, Any]]


def _recorded(options: Options, pack: CityPack, said: list[Said]) -> _Read:
    assert options.calls is not None
    read = read_calls(options.calls, pack, of_city(pack))
    calls = read.calls if options.draw else first_calls(read.calls, options.days, None)
    if not calls:
        raise Invalid("calls_none", file=str(options.calls))
    refused = [{"line": one.line, "code": one.code, "params": one.params} for one in read.refused]
    if refused:
        said.append(Said("refused", {"rows": len(refused), "of": read.rows, "line": refused[0]["line"]}))
    disordered = _out_of_order(options.calls)
    if disordered:
        said.append(Said("out_of_order", {"rows": len(disordered), "line": disordered[0]}))
    return _Read(calls, refused)


def _out_of_order(file: Path) -> list[int]:
    """Lines of rows that break the order of time which the others keep, upwards or downwards; those that can't be read
    are refused elsewhere."""
    earlier, later, before = list[int](), list[int](), ""
    with file.open(encoding="utf-8-sig", newline="") as given:
        reader = csv.DictReader(given)
        for row in reader:
            try:
                moment = datetime.strptime(row[RECEIVED] or "", "%m/%d/%Y %I:%M:%S %p").isoformat()  # noqa: DTZ007 - only compared
            except ValueError:
                continue
            if before and moment != before:
                (earlier if moment < before else later).append(reader.line_num)
            before = moment
    return min(earlier, later, key=len)


def _calibrated(options: Options, pack: CityPack, recorded: list[Call], said: list[Said]) -> Calibrated | None:
    """What the record teaches of speeds, drives and handling, where that is asked for."""
    if not options.calibrated:
        return None
    if not recorded or options.as_recorded:
        raise Invalid("sim_calibrated")
    learned = calibrate(pack, recorded, Variant.parse(PRACTICE))
    said.append(Said("calibrated", {"drives": learned.learned.used, "calls": len(learned.practice.calls)}))
    if options.relay not in (None, RECORDED):
        practice = replace(learned.practice, calls=forgotten(learned.practice.calls, "relay_s"))
        learned = replace(learned, practice=practice)
    return learned


def _source(
    options: Options, pack: CityPack, recorded: list[Call] | None, learned: Calibrated | None, said: list[Said]
) -> tuple[DrawsCalls, StageTimes, str]:
    """Where calls come from, how long their stages take, and the first in words (a code of `simulate.source`)."""
    if recorded is None:
        per_day = options.calls_per_day or CALLS_PER_UNIT_AND_DAY * len(pack.units)
        said.append(Said("assumed", {"calls": round(per_day)}))
        if not pack.demand:
            said.append(Said("no_demand", {"places": len(pack.places)}))
        drawn = of_demand(pack, options.days or DAYS, A_MONDAY, options.calls_per_day)
        return drawn, assumed_times(), "demand"
    calls = of_record(recorded)
    times = recorded_times(calls)
    if options.draw:
        practice = learned.practice if learned else None
        return drawn_from(calls, pack, options.days or DAYS, options.calls_per_day, practice), times, "drawn"
    if learned is not None:
        off = local_days(calls, ZoneInfo(pack.timezone)).off
        return Predicted(calls, off, learned.practice), times, "recorded"
    if options.as_recorded:
        return Same(calls), times, "as_recorded"
    return Same(forgotten(calls)), times, "recorded"


def _relay(
    options: Options, source: DrawsCalls, times: StageTimes, is_recorded: bool, said: list[Said]
) -> tuple[Said, DrawsCalls, StageTimes]:
    """How long the relay step takes where a policy has it."""
    wanted = any(f"+{RELAY}" in policy for policy in options.policies)
    given = options.relay if options.relay is not None else RECORDED if is_recorded else None
    if given == RECORDED:
        if not is_recorded:
            raise Invalid("sim_relay_not_recorded")
        return Said("relay_recorded", {}), source, times
    try:
        seconds = ASSUMED_RELAY_S if given is None else float(given)
    except ValueError:
        raise Invalid("sim_relay", value=given) from None
    if not 0 <= seconds < 86400:
        raise Invalid("sim_relay", value=given)
    if given is None and wanted:
        said.append(Said("relay_assumed", {"seconds": round(seconds)}))
    if isinstance(source, Same):
        source = Same(forgotten(source.calls, "relay_s"))
    return Said("relay_stated", {"seconds": round(seconds)}), source, replace(times, relay=stated(seconds))


def _counts(sweep: str | None) -> list[int]:
    """`40:200:20`: from, to (included) and step."""
    if sweep is None:
        return []
    try:
        first, last, step = (int(part) for part in sweep.split(":"))
    except ValueError:
        raise Invalid("sim_sweep", value=sweep) from None
    if not 0 < first <= last or step < 1:
        raise Invalid("sim_sweep", value=sweep)
    return list(range(first, last + 1, step))
