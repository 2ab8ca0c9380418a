"""Recorded calls of a fire and medical service, one row per unit sent, as DataSF publishes them; nothing is guessed.

A row that can't be taken as it stands is refused with its line and the reason, and all rows are counted. Times are
local to the city of the pack.
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, TextIO
from zoneinfo import ZoneInfo

from jieying.citypack.model import Category, CityPack, Level
from jieying.kit.errors import Invalid, NotFound
from jieying.kit.geo import Point, is_point
from jieying.kit.normal import plain

RECEIVED, ENTRY, DISPATCH = "Received DtTm", "Entry DtTm", "Dispatch DtTm"
RESPONSE, ON_SCENE, AVAILABLE = "Response DtTm", "On Scene DtTm", "Available DtTm"
STAGES = (RECEIVED, ENTRY, DISPATCH, RESPONSE, ON_SCENE, AVAILABLE)
# A unit that was called off never responded or never arrived: those times may be empty.
NEEDED = (RECEIVED, ENTRY, DISPATCH)
NUMBER, UNIT, TYPE, PRIORITY = "Call Number", "Unit ID", "Call Type", "Final Priority"
ADDRESS, DISPOSITION, LOCATION = "Address", "Call Final Disposition", "Location"
COLUMNS = (NUMBER, UNIT, TYPE, PRIORITY, ADDRESS, DISPOSITION, LOCATION, *STAGES)
# What is the same in all rows of one call.
SHARED = (TYPE, PRIORITY, LOCATION, RECEIVED, ENTRY)

_TIME = "%m/%d/%Y %I:%M:%S %p"
_POSITION = re.compile(r"\(\s*(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)\s*\)")
EMERGENCY, NO_EMERGENCY = "3", "2"  # code 3: with lights and siren


@dataclass(frozen=True)
class UnitRecord:
    """What a unit did on a call, as recorded; times UTC, None where it never got so far."""

    unit: str
    dispatch: datetime
    response: datetime | None
    on_scene: datetime | None
    available: datetime | None

    @property
    def turnout_s(self) -> float | None:
        return _between(self.dispatch, self.response)

    @property
    def stay_s(self) -> float | None:
        """Seconds from its arrival until it was free again."""
        return _between(self.on_scene, self.available)


def _between(start: datetime | None, end: datetime | None) -> float | None:
    return (end - start).total_seconds() if start and end else None


@dataclass
class Call:
    """One call with the units that took part; `arrived` are those that reached it, the first one first."""

    number: str
    type: str
    address: str
    disposition: str
    category: str
    level: Level
    point: Point
    received: datetime
    entry: datetime
    units: list[UnitRecord] = field(default_factory=list)

    @property
    def arrived(self) -> list[UnitRecord]:
        there = [(unit.on_scene, unit.unit, unit) for unit in self.units if unit.on_scene]
        return [unit for _, _, unit in sorted(there, key=lambda one: one[:2])]

    @property
    def turnout_s(self) -> float | None:
        """Of the unit that arrived first; of the one sent first where none arrived."""
        first = self.arrived[0] if self.arrived else min(self.units, key=lambda unit: unit.dispatch)
        return first.turnout_s


@dataclass(frozen=True)
class Refusal:
    """A row that was not taken: its line in the file, and the reason (words under `replay.refused.<code>`)."""

    line: int
    code: str
    params: dict[str, Any]


@dataclass(frozen=True)
class Recorded:
    """A whole file: every row is either part of a call or refused. Calls in the order they were received."""

    rows: int
    calls: list[Call]
    refused: list[Refusal]
    numbers: int  # different calls that the file names, refused rows included

    @property
    def parsed(self) -> int:
        return sum(len(call.units) for call in self.calls)


class _Refused(Exception):
    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def read_calls(file: Path, pack: CityPack, inside: Callable[[Point], bool]) -> Recorded:
    """Read a file of calls; `inside` says whether the city answers for a position.

    Raises NotFound when there is no such file, Invalid `calls_columns` when columns are missing (it names them),
    Invalid `calls_unreadable` when it is no text or has no row at all.
    """
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            return _Reader(pack, inside).read(file, lines)
    except FileNotFoundError:
        raise NotFound("calls_missing", file=str(file)) from None
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid("calls_unreadable", file=str(file), reason=str(error)) from error


class _Reader:
    def __init__(self, pack: CityPack, inside: Callable[[Point], bool]) -> None:
        self._inside = inside
        self._zone = ZoneInfo(pack.timezone)
        self._categories = _by_name(pack.categories.values())
        self._first: dict[str, tuple[Call, tuple[str, ...]]] = {}
        self._seen: set[tuple[str, str]] = set()

    def read(self, file: Path, lines: TextIO) -> Recorded:
        rows, refused, numbers = 0, [], set()
        for line, row in _rows(file, lines):
            rows += 1
            numbers.add(row[NUMBER])
            try:
                self._take(row)
            except _Refused as problem:
                refused.append(Refusal(line, problem.code, problem.params))
        if not rows:
            raise Invalid("calls_unreadable", file=str(file), reason="no rows")
        calls = sorted((call for call, _ in self._first.values()), key=lambda call: (call.received, call.number))
        return Recorded(rows, calls, refused, len(numbers))

    def _take(self, row: dict[str, Any]) -> None:
        """Add a row to its call, wholly or, raising, not at all."""
        if None in row or None in row.values():
            raise _Refused("fields")
        for name in (NUMBER, UNIT):
            if not row[name]:
                raise _Refused("empty", column=name)
        if (row[NUMBER], row[UNIT]) in self._seen:
            raise _Refused("twice", call=row[NUMBER], unit=row[UNIT])
        times = self._times(row)
        call, shared = self._first.get(row[NUMBER]) or (self._call(row, times), tuple(row[name] for name in SHARED))
        for name, value in zip(SHARED, shared, strict=True):
            if row[name] != value:
                raise _Refused("differs", column=name, value=row[name], before=value)
        dispatch = times[DISPATCH]
        assert dispatch is not None  # it is one of NEEDED
        call.units.append(UnitRecord(row[UNIT], dispatch, times[RESPONSE], times[ON_SCENE], times[AVAILABLE]))
        self._first[row[NUMBER]] = call, shared
        self._seen.add((row[NUMBER], row[UNIT]))

    def _times(self, row: dict[str, str]) -> dict[str, datetime | None]:
        times = {name: self._time(name, row[name]) for name in STAGES}
        for name in NEEDED:
            if times[name] is None:
                raise _Refused("time_missing", column=name)
        reached = [(name, time) for name, time in times.items() if time]
        for (earlier, before), (later, after) in pairwise(reached):
            if after < before:
                raise _Refused("time_order", earlier=earlier, later=later)
        return times

    def _time(self, name: str, value: str) -> datetime | None:
        if not value:
            return None
        try:
            return datetime.strptime(value, _TIME).replace(tzinfo=self._zone).astimezone(UTC)
        except ValueError:
            raise _Refused("time_unreadable", column=name, value=value) from None

    def _call(self, row: dict[str, str], times: dict[str, datetime | None]) -> Call:
        found = _POSITION.fullmatch(row[LOCATION].strip())
        point = Point(float(found[1]), float(found[2])) if found else Point(float("nan"), 0.0)
        if not is_point(*point):
            raise _Refused("position_unreadable", value=row[LOCATION])
        if not self._inside(point):
            raise _Refused("outside_city", lat=f"{point.lat:.5f}", lon=f"{point.lon:.5f}")
        category = self._categories.get(plain(row[TYPE]))
        if category is None:
            raise _Refused("type_unknown", type=row[TYPE])
        if row[PRIORITY] not in (EMERGENCY, NO_EMERGENCY):
            raise _Refused("priority_unknown", value=row[PRIORITY])
        received, entry = times[RECEIVED], times[ENTRY]
        assert received is not None
        assert entry is not None
        return Call(
            row[NUMBER], row[TYPE], row[ADDRESS], row[DISPOSITION], category.code,
            _level(category, row[PRIORITY]), point, received, entry,
        )  # fmt: skip


def _rows(file: Path, lines: TextIO) -> Iterator[tuple[int, dict[str, Any]]]:
    reader = csv.DictReader(lines)
    missing = [name for name in COLUMNS if name not in (reader.fieldnames or ())]
    if missing:
        raise Invalid("calls_columns", file=str(file), columns=", ".join(missing))
    for row in reader:
        yield reader.line_num, row


def _by_name(categories: Iterable[Category]) -> dict[str, Category]:
    """Categories by their English name, the detailed ones before those above them."""
    return {plain(c.name.en): c for c in sorted(categories, key=lambda c: bool(c.parent)) if c.name.en}


def _level(category: Category, priority: str) -> Level:
    """That of the category; without emergency blue at most."""
    return category.level if priority == EMERGENCY else max(category.level, Level.BLUE, key=lambda one: one.rank)


def first_calls(calls: list[Call], days: int | None, limit: int | None) -> list[Call]:
    """Those received within so many times 24 hours of the first, and of these at most `limit`."""
    if days is not None and calls:
        end = calls[0].received + timedelta(days=days)
        calls = [call for call in calls if call.received < end]
    return calls[:limit]
