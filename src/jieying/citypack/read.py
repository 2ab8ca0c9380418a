"""`read_pack`: a city pack folder becomes a CityPack, or all its faults with file and line.

Here stand the checks that cost little; `check.validate_pack` adds those of areas and posts on the map.
"""

from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from shapely.errors import ShapelyError
from shapely.geometry import GeometryCollection, shape
from shapely.geometry.base import BaseGeometry

from jieying.citypack.faults import Fault, PackFaults
from jieying.citypack.model import (
    STAGES,
    Address,
    AlarmWord,
    Area,
    Category,
    CityPack,
    DispatchSettings,
    Duty,
    Level,
    Name,
    Officer,
    Org,
    OrgKind,
    Place,
    Plan,
    RoadEdge,
    RoadNode,
    Rung,
    SpeedTable,
    Targets,
    Unit,
)
from jieying.citypack.source import NOWHERE, Record, Source
from jieying.kit.geo import Point, is_point
from jieying.kit.texts import LANGUAGES

CATEGORY_KINDS = ("police", "enquiry", "hotline")
LADDER_ROLES = ("call_taker", "dispatcher", "officer", "commander", "auditor", "administrator")


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
    units = _units(source, orgs)
    categories = _categories(source)
    nodes = _nodes(source)
    result = CityPack(
        folder=folder,
        region=pack.text("region"),
        name=pack.name(),
        timezone=_timezone(pack),
        language=_one_of(pack, "language", LANGUAGES),
        center=pack.center("center"),
        orgs=orgs,
        areas=_areas(source, orgs),
        units=units,
        officers=_officers(source, orgs, units),
        duties=_duties(source, units),
        categories=categories,
        alarm_words=_alarm_words(source, categories),
        plans=_plans(source, categories),
        targets=_targets(source),
        outcomes=_outcomes(source),
        places=_places(source),
        addresses=_addresses(source),
        road_nodes=tuple(nodes.values()),
        road_edges=_edges(source, nodes),
        speeds=_speeds(head.need("speeds", keys="default_kmh,hour_factor,kmh")),
        dispatch=_dispatch(head.one("dispatch")),
    )
    return result, source.faults


def _one_of(record: Record, key: str, allowed: Iterable[str]) -> str:
    value = record.text(key)
    if value and value not in allowed:
        record.fault("not_one_of", key=key, value=value, allowed=", ".join(allowed))
    return value


def _known(record: Record, key: str, known: Iterable[str], code: str) -> str:
    """The reference in `key`, noted as a fault when nothing bears that code."""
    value = record.text(key)
    if value and value not in known:
        record.fault(code, key=key, value=value)
    return value


def _fresh(record: Record, taken: Iterable[str]) -> str:
    """The code of a record, noted as a fault when it is taken."""
    code = record.text("code")
    if code in taken:
        record.fault("duplicate_code", value=code)
    return code


def _fresh_name(record: Record, group: str, taken: set[tuple[str, str]]) -> Name:
    """The name of a record, noted as a fault when another of the group has it: people tell them by name."""
    name = record.name()
    if (group, name.zh) in taken and name.zh:
        record.fault("duplicate_name", value=name.zh)
    taken.add((group, name.zh))
    return name


def _timezone(pack: Record) -> str:
    zone = pack.text("timezone")
    try:
        ZoneInfo(zone)
    except (ValueError, KeyError, OSError):
        pack.fault("unknown_timezone", value=zone)
    return zone


def _dispatch(record: Record | None) -> DispatchSettings:
    if record is None:
        return DispatchSettings()
    given: dict[str, Any] = {}
    kinds = {f.name: f.type for f in fields(DispatchSettings)}
    for key in record.values:
        if key not in kinds:
            record.fault("unknown_key", key=key)
        elif kinds[key] is str:
            given[key] = record.text(key)
        else:
            given[key] = record.whole(key, low=1) if kinds[key] is int else record.number(key, high=1)
    return DispatchSettings(**given)


def _speeds(record: Record) -> SpeedTable:
    table = record.values.get("kmh", {})
    classes = Record(record.source, record.file, record.line, table if isinstance(table, dict) else {})
    factors = record.values.get("hour_factor", [1.0] * 24)
    if not isinstance(factors, list) or len(factors) != 24:
        record.fault("hour_factors")
        factors = [1.0] * 24
    hours = Record(record.source, record.file, record.line, {f"hour_factor[{h}]": f for h, f in enumerate(factors)})
    return SpeedTable(
        {name: classes.number(name, low=1, high=300) for name in classes.values},
        record.number("default_kmh", low=1, high=300),
        tuple(hours.number(key, low=0.05, high=20) for key in hours.values),
    )


def _orgs(source: Source) -> dict[str, Org]:
    records: dict[str, Record] = {}
    for record in source.table("orgs.csv", "code,parent,kind,name_zh,name_en,lat,lon"):
        records[_fresh(record, records)] = record
    names: set[tuple[str, str]] = set()
    orgs = {}
    for code, record in records.items():
        parent = record.text("parent", "")
        if parent and parent not in records:
            record.fault("unknown_org", key="parent", value=parent)
        kind = _one_of(record, "kind", list(OrgKind))
        orgs[code] = Org(
            code=code,
            parent=parent if parent in records else "",
            kind=OrgKind(kind) if kind in list(OrgKind) else OrgKind.STATION,
            name=_fresh_name(record, parent, names),
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


def _areas(source: Source, orgs: dict[str, Org]) -> tuple[Area, ...]:
    areas: dict[str, Area] = {}
    names: set[tuple[str, str]] = set()
    for record, geometry in source.features("areas.geojson", "code,org,name_zh,name_en"):
        code = _fresh(record, areas)
        org = _known(record, "org", orgs, "unknown_org")
        areas[code] = Area(code, org, _fresh_name(record, org, names), _shape(record, geometry))
    if not areas:
        source.fault("areas.geojson", 0, "nothing_in_it")
    return tuple(areas.values())


def _shape(record: Record, geometry: Any) -> BaseGeometry:
    try:
        found = shape(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        record.fault("bad_shape", reason=str(error))
        return GeometryCollection()
    if found.geom_type not in ("Polygon", "MultiPolygon"):
        record.fault("bad_shape", reason=found.geom_type)
    elif found.is_empty or not found.is_valid:
        record.fault("bad_shape", reason="empty" if found.is_empty else "self-intersection")
    else:
        west, south, east, north = found.bounds
        if not is_point(south, west) or not is_point(north, east):
            record.fault("position_range", lat=f"{south}…{north}", lon=f"{west}…{east}")
    return found


def _units(source: Source, orgs: dict[str, Org]) -> dict[str, Unit]:
    units: dict[str, Unit] = {}
    names: set[tuple[str, str]] = set()
    for record in source.table("units.csv", "code,org,name_zh,name_en,kind,skills,lat,lon,phone,plate"):
        code = _fresh(record, units)
        org = _known(record, "org", orgs, "unknown_org")
        units[code] = Unit(
            code=code,
            org=org,
            name=_fresh_name(record, org, names),
            kind=record.text("kind"),
            skills=frozenset(record.texts("skills")),
            post=record.point(),
            phone=record.text("phone", ""),
            plate=record.text("plate", ""),
        )
    return units


def _officers(source: Source, orgs: dict[str, Org], units: dict[str, Unit]) -> tuple[Officer, ...]:
    officers: dict[str, Officer] = {}
    for record in source.table("officers.csv", "code,name,org,unit"):
        code = _fresh(record, officers)
        unit = _known(record, "unit", units, "unknown_unit") if record.values["unit"] else ""
        org = _known(record, "org", orgs, "unknown_org")
        officers[code] = Officer(code, record.text("name"), org, unit)
    return tuple(officers.values())


def _duties(source: Source, units: dict[str, Unit]) -> tuple[Duty, ...]:
    duties = []
    for record in source.table("duties.csv", "unit,days,start,end"):
        unit = _known(record, "unit", units, "unknown_unit")
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
    record.fault("bad_time", key=key, value=record.values[key])
    return 0


def _categories(source: Source) -> dict[str, Category]:
    file = source.toml("categories.toml", ["category"])
    records: dict[str, Record] = {}
    for record in file.many("category", "code,parent,name,kind,level,words,skills"):
        records[_fresh(record, records)] = record
    names: set[tuple[str, str]] = set()
    categories = {}
    for code, record in records.items():
        parent = record.text("parent", "")
        if parent and parent not in records:
            record.fault("unknown_category", key="parent", value=parent)
        elif parent and records[parent].values.get("parent"):
            ring = code == parent or records[parent].values["parent"] == code
            record.fault("parent_ring" if ring else "third_tier", value=code)
        categories[code] = Category(
            code=code,
            parent=parent,
            name=_fresh_name(record, parent, names),
            kind=_one_of(record, "kind", CATEGORY_KINDS),
            level=record.level("level"),
            words=record.texts("words"),
            skills=frozenset(record.texts("skills")),
        )
    if not categories:
        source.fault("categories.toml", 0, "nothing_in_it")
    return categories


def _alarm_words(source: Source, categories: dict[str, Category]) -> tuple[AlarmWord, ...]:
    found: dict[str, AlarmWord] = {}
    for record in source.toml("alarm_words.toml", ["alarm"]).many("alarm", "word,words,level,category"):
        level = record.level("level")
        category = record.text("category", "")
        if category:
            _known(record, "category", categories, "unknown_category")
        words = (*record.texts("words"), *record.texts("word"))
        if not words:
            record.fault("empty", key="words")
        for word in words:
            if word in found:
                record.fault("duplicate_name", value=word)
            found[word] = AlarmWord(word, level, category)
    return tuple(found.values())


def _plans(source: Source, categories: dict[str, Category]) -> tuple[Plan, ...]:
    plans: dict[str, Plan] = {}
    keys = "code,category,levels,units,skills,preempt,several,guidance,notify"
    for record in source.toml("plans.toml", ["plan"]).many("plan", keys):
        code = _fresh(record, plans)
        plans[code] = Plan(
            code=code,
            category=_known(record, "category", {"*", *categories}, "unknown_category"),
            levels=frozenset(record.level("levels", level) for level in record.texts("levels")),
            units=record.whole("units", low=1, high=100),
            skills=frozenset(record.texts("skills")),
            preempt=record.flag("preempt"),
            several=record.flag("several"),
            guidance=record.name("guidance"),
            notify=record.texts("notify"),
        )
    if not any(p.category == "*" and not p.levels for p in plans.values()):
        source.fault("plans.toml", 0, "no_general_plan")
    return tuple(plans.values())


def _targets(source: Source) -> Targets:
    file = source.toml("targets.toml", ("level", "rung"))
    seconds: dict[Level, dict[str, int]] = {}
    for level in Level:
        record = file.one("level", level.value, keys=",".join(STAGES))
        if record is None:
            source.fault("targets.toml", file.line_of("level", 0), "level_missing", level=level.value)
            continue
        seconds[level] = {stage: record.whole(stage, low=1, high=31_536_000) for stage in STAGES}
    ladder = tuple(
        Rung(
            _one_of(record, "role", LADDER_ROLES),
            OrgKind(kind) if (kind := _one_of(record, "org_kind", list(OrgKind))) in list(OrgKind) else OrgKind.CITY,
            record.whole("after_s", low=0, high=31_536_000),
        )
        for record in file.many("rung", "role,org_kind,after_s")
    )
    if not ladder:
        source.fault("targets.toml", 0, "no_rung")
    return Targets(seconds, ladder)


def _outcomes(source: Source) -> dict[str, Name]:
    outcomes: dict[str, Name] = {}
    names: set[tuple[str, str]] = set()
    for record in source.toml("outcomes.toml", ["outcome"]).many("outcome", "code,name"):
        outcomes[_fresh(record, outcomes)] = _fresh_name(record, "", names)
    if not outcomes:
        source.fault("outcomes.toml", 0, "nothing_in_it")
    return outcomes


def _places(source: Source) -> tuple[Place, ...]:
    return tuple(
        Place(record.text("name"), record.texts("aliases"), record.text("kind"), record.point())
        for record in source.table("places.csv", "name,aliases,kind,lat,lon")
    )


def _addresses(source: Source) -> tuple[Address, ...]:
    return tuple(
        Address(record.text("road"), record.whole("number", low=1, high=1_000_000), record.point())
        for record in source.table("addresses.csv", "road,number,lat,lon")
    )


def _nodes(source: Source) -> dict[int, RoadNode]:
    nodes: dict[int, RoadNode] = {}
    for record in source.table("nodes.csv", "id,lat,lon"):
        number = record.whole("id", high=1 << 62)
        if number in nodes:
            record.fault("duplicate_code", value=number)
        nodes[number] = RoadNode(number, record.point())
    if not nodes:
        source.fault("nodes.csv", 0, "nothing_in_it")
    return nodes


def _edges(source: Source, nodes: dict[int, RoadNode]) -> tuple[RoadEdge, ...]:
    edges = []
    for record in source.table("edges.csv", "tail,head,length_m,class,oneway,name,line"):
        tail, head = record.whole("tail", high=1 << 62), record.whole("head", high=1 << 62)
        for node in (tail, head):
            if node not in nodes:
                record.fault("unknown_node", value=node)
        length = record.number("length_m", high=1e6)
        if length <= 0:
            record.fault("not_positive", key="length_m", value=record.values["length_m"])
        oneway = _one_of(record, "oneway", ("0", "1")) == "1"
        name, line = record.text("name", ""), _line(record)
        edges.append(RoadEdge(tail, head, length, record.text("class"), oneway, name, line))
    return tuple(edges)


def _line(record: Record) -> tuple[Point, ...]:
    """`lon lat;lon lat;…` as points."""
    try:
        line = tuple(
            Point(float(lat), float(lon)) for lon, lat in (p.split() for p in record.values["line"].split(";"))
        )
    except ValueError:
        record.fault("bad_line")
        return (NOWHERE, NOWHERE)
    if len(line) < 2 or not all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in line):
        record.fault("bad_line")
    return line
