"""`read_pack`: a city pack folder becomes a CityPack, or all its faults with file and line.

Here stand the checks that cost little; `check.validate_pack` adds those of areas and posts on the map.
"""

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

from jieying.citypack.faults import Fault, PackFaults
from jieying.citypack.model import CityPack, Duty, Officer, Org, OrgKind, Unit
from jieying.citypack.read_map import (
    read_addresses,
    read_areas,
    read_demand,
    read_edges,
    read_nodes,
    read_places,
    read_turn_bans,
)
from jieying.citypack.read_rules import (
    read_alarm_words,
    read_categories,
    read_dispatch,
    read_hotline,
    read_outcomes,
    read_plans,
    read_speeds,
    read_targets,
)
from jieying.citypack.source import Record, Source
from jieying.kit.geo import Point
from jieying.kit.texts import LANGUAGES


def read_pack(folder: Path) -> CityPack:
    """Read and check a pack. Raises PackFaults with every fault found."""
    pack, faults = read_with_faults(folder)
    if faults:
        raise PackFaults(faults)
    return pack


def read_with_faults(folder: Path) -> tuple[CityPack, list[Fault]]:
    """The pack as far as it can be understood, and its faults; with faults it is only good for more checks."""
    source = Source(folder)
    head = source.toml("pack.toml", ("pack", "dispatch", "speeds"))
    pack = head.need("pack", keys="region,name,timezone,language,center")
    orgs = _orgs(source)
    units = _posted(source, _units(source, orgs))
    categories = read_categories(source)
    nodes = read_nodes(source)
    edges = read_edges(source, nodes)
    areas = read_areas(source, orgs)
    result = CityPack(
        folder=folder,
        region=pack.text("region"),
        name=pack.name(),
        timezone=_timezone(pack),
        language=pack.one_of("language", LANGUAGES),
        center=pack.center("center"),
        orgs=orgs,
        areas=areas,
        units=units,
        officers=_officers(source, orgs, units),
        duties=_duties(source, units),
        categories=categories,
        alarm_words=read_alarm_words(source, categories),
        plans=read_plans(source, categories),
        targets=read_targets(source),
        outcomes=read_outcomes(source),
        places=read_places(source),
        addresses=read_addresses(source),
        road_nodes=tuple(nodes.values()),
        road_edges=tuple(edges.values()),
        speeds=read_speeds(source, head, {area.code for area in areas}),
        dispatch=read_dispatch(head.one("dispatch")),
        turn_bans=read_turn_bans(source, nodes, edges),
        demand=read_demand(source),
        hotline=read_hotline(source, categories),
    )
    return result, sorted(source.faults, key=lambda f: (f.file, f.line))


def _timezone(pack: Record) -> str:
    zone = pack.text("timezone")
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError):
        pack.fault("unknown_timezone", value=zone)
    return zone


def _orgs(source: Source) -> dict[str, Org]:
    records: dict[str, Record] = {}
    for record in source.table("orgs.csv", "code,parent,kind,name_zh,name_en,lat,lon"):
        records[record.fresh_code(records)] = record
    names: set[tuple[str, str]] = set()
    orgs = {}
    for code, record in records.items():
        parent = record.text("parent", "")
        if parent and parent not in records:
            record.fault("unknown_org", field="parent", value=parent)
        kind = record.one_of("kind", list(OrgKind))
        orgs[code] = Org(
            code=code,
            parent=parent if parent in records else "",
            kind=OrgKind(kind) if kind in list(OrgKind) else OrgKind.STATION,
            name=record.fresh_name(parent, names),
            path=_path(code, records),
            position=record.point_or_none(),
        )
        if "/" in code:
            record.fault("code_sign", value=code)
        if not orgs[code].path:
            record.fault("parent_ring", value=code)
    return orgs


def _path(code: str, records: dict[str, Record]) -> str:
    """`/province/city/county/station/`, or empty when the parents go round in a ring."""
    chain: list[str] = []
    while code in records:
        if code in chain:
            return ""
        chain.append(code)
        code = str(records[code].values["parent"])
    return "/" + "".join(f"{c}/" for c in reversed(chain))


def _units(source: Source, orgs: dict[str, Org]) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    names: set[tuple[str, str]] = set()
    for record in source.table("units.csv", "code,org,name_zh,name_en,kind,skills,lat,lon,phone,plate"):
        code = record.fresh_code(units)
        org = record.known("org", orgs, "unknown_org")
        units[code] = Unit(
            code=code,
            org=org,
            name=record.fresh_name(org, names),
            kind=record.text("kind"),
            skills=frozenset(record.texts("skills")),
            post=record.point(),
            phone=record.text("phone", ""),
            plate=record.text("plate", ""),
        )
    return units


def _posted(source: Source, units: dict[str, Unit]) -> dict[str, Unit]:
    """The units at the posts of the posting plan, if the pack has one; those it does not name stay where they are."""
    if not source.has("posting.csv"):
        return units
    posts: dict[str, Point] = {}
    for record in source.table("posting.csv", "unit,lat,lon"):
        unit = record.known("unit", units, "unknown_unit")
        if unit in posts:
            record.fault("duplicate_code", value=unit)
        posts[unit] = record.point()
    return {code: replace(unit, post=posts.get(code, unit.post)) for code, unit in units.items()}


def _officers(source: Source, orgs: dict[str, Org], units: dict[str, Unit]) -> tuple[Officer, ...]:
    officers: dict[str, Officer] = {}
    for record in source.table("officers.csv", "code,name,org,unit"):
        code = record.fresh_code(officers)
        unit = record.known("unit", units, "unknown_unit") if record.values["unit"] else ""
        org = record.known("org", orgs, "unknown_org")
        officers[code] = Officer(code, record.text("name"), org, unit)
    return tuple(officers.values())


def _duties(source: Source, units: dict[str, Unit]) -> tuple[Duty, ...]:
    duties = []
    for record in source.table("duties.csv", "unit,days,start,end"):
        unit = record.known("unit", units, "unknown_unit")
        start, end = _minute(record, "start"), _minute(record, "end")
        duties.append(Duty(unit, _days(record), start % 1440, end % 1440))  # 24:00 is 00:00 of the next day
    return tuple(duties)


def _days(record: Record) -> frozenset[int]:
    """`1-7`, `1;2;5`, `1-5;7`: ISO weekdays, Monday is 1."""
    days: set[int] = set()
    for part in record.texts("days"):
        first, _, last = part.partition("-")
        if not (first in _WEEKDAYS and (last or first) in _WEEKDAYS and int(first) <= int(last or first)):
            record.fault("bad_days", value=part)
            continue
        days.update(range(int(first), int(last or first) + 1))
    if not days:
        record.fault("bad_days", value=record.values.get("days", ""))
    return frozenset(days)


_WEEKDAYS = frozenset("1234567")


def _minute(record: Record, key: str) -> int:
    hour, _, minute = record.text(key).partition(":")
    if hour.isdecimal() and minute.isdecimal() and len(minute) == 2 and int(minute) < 60:
        found = int(hour) * 60 + int(minute)
        if found <= 1440:
            return found
    record.fault("bad_time", field=key, value=record.values[key])
    return 0
