"""The units of a simulation: how many, where they stand, when they are on duty."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jieying.citypack.faults import PackFaults
from jieying.citypack.model import CityPack, Duty
from jieying.citypack.source import Source
from jieying.kit.errors import Invalid, NotFound

Turns = list[tuple[float, float]]  # begin and end of each turn of duty, seconds since the start, not overlapping


def with_units(pack: CityPack, count: int) -> CityPack:
    """The pack with so many units.

    Fewer: every so manieth in the order of organisation and code, so that each station keeps its share. More: the
    same units again, also evenly, as `CODE#2` with the same post, skills and duties. Raises Invalid below one.
    """
    if count < 1:
        raise Invalid("sim_units", units=count)
    ordered = sorted(pack.units.values(), key=lambda unit: (unit.org, unit.code))
    times: Counter[str] = Counter()
    units, copies = {}, []
    for turn in range(count):
        rounds, rest = divmod(turn, len(ordered))
        in_round = min(len(ordered), count - rounds * len(ordered))
        original = ordered[rest * len(ordered) // in_round]
        times[original.code] += 1
        code = original.code if times[original.code] == 1 else f"{original.code}#{times[original.code]}"
        units[code] = replace(original, code=code)
        copies.append((original.code, code))
    duties = [replace(duty, unit=code) for original, code in copies for duty in pack.duties if duty.unit == original]
    return replace(pack, units=units, duties=tuple(duties))


def with_posting(pack: CityPack, file: Path) -> CityPack:
    """The pack with the posts of a posting plan (CSV: unit, lat, lon); units that it does not name stay.

    Raises NotFound when there is no such file, PackFaults with every faulty row and its line.
    """
    if not file.is_file():
        raise NotFound("posting_missing", file=str(file))
    source = Source(file.parent)
    units = dict(pack.units)
    for record in source.table(file.name, "unit,lat,lon"):
        code = record.known("unit", units, "unknown_unit")
        if code in units:
            units[code] = replace(units[code], post=record.point())
    if source.faults:
        raise PackFaults(source.faults)
    return replace(pack, units=units)


def turns_of(pack: CityPack, start: datetime, seconds: float) -> dict[str, Turns]:
    """When each unit is on duty between `start` and so many seconds later; one without any duty always is."""
    own: dict[str, list[Duty]] = {code: [] for code in pack.units}
    for duty in pack.duties:
        own[duty.unit].append(duty)
    whole = {code: _turns(duties, start, seconds, ZoneInfo(pack.timezone)) for code, duties in own.items()}
    return {code: _merged(turns) if own[code] else [(0.0, seconds)] for code, turns in whole.items()}


def _turns(duties: Iterable[Duty], start: datetime, seconds: float, zone: ZoneInfo) -> Turns:
    day = start.astimezone(zone).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None) - timedelta(days=1)
    turns = []
    for number in range(int(seconds // 86400) + 3):
        date = day + timedelta(days=number)
        for duty in duties:
            if date.isoweekday() in duty.days:
                minutes = duty.end_minute if duty.end_minute > duty.start_minute else duty.end_minute + 1440
                begin, end = (
                    ((date + timedelta(minutes=m)).replace(tzinfo=zone) - start).total_seconds()
                    for m in (duty.start_minute, minutes)
                )
                if end > 0 and begin < seconds:
                    turns.append((max(0.0, begin), min(seconds, end)))
    return turns


def _merged(turns: Turns) -> Turns:
    merged: Turns = []
    for begin, end in sorted(turns):
        if merged and begin <= merged[-1][1]:
            merged[-1] = merged[-1][0], max(merged[-1][1], end)
        else:
            merged.append((begin, end))
    return merged


def odd_turns(pack: CityPack, turns: dict[str, Turns], break_s: float) -> list[dict[str, object]]:
    """What is strange about the duties: `{code, …}` with words under `simulate.said.<code>`.

    Raises Invalid for a break that is as long as a turn of duty, or longer: nobody could ever take it.
    """
    said: list[dict[str, object]] = []
    for duty in pack.duties:
        minutes = (duty.end_minute - duty.start_minute) % 1440 or 1440
        if break_s >= minutes * 60:
            raise Invalid("sim_break_too_long", unit=duty.unit, minutes=round(break_s / 60), turn=minutes)
    never = [code for code, found in turns.items() if not found]
    if never:
        said.append({"code": "never_on_duty", "count": len(never), "units": ", ".join(never[:5])})
    overlapping = [code for code in pack.units if _overlap([duty for duty in pack.duties if duty.unit == code])]
    if overlapping:
        said.append({"code": "overlapping_duties", "count": len(overlapping), "units": ", ".join(overlapping[:5])})
    return said


def _overlap(duties: list[Duty]) -> bool:
    """Whether two turns of one unit share a minute of the week: nobody does two turns at once."""
    minutes: set[int] = set()
    for duty in duties:
        length = (duty.end_minute - duty.start_minute) % 1440 or 1440
        for day in duty.days:
            first = (day - 1) * 1440 + duty.start_minute
            these = {minute % 10080 for minute in range(first, first + length)}
            if minutes & these:
                return True
            minutes |= these
    return False
