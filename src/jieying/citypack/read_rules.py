"""The parts of a pack that say how to decide: categories, alarm words, plans, targets, outcomes, settings."""

from collections.abc import Collection
from dataclasses import fields
from typing import Any

from jieying.citypack.model import (
    HOURS_OF_WEEK,
    POLICIES,
    STAGES,
    AlarmWord,
    Category,
    DispatchSettings,
    HotlineSettings,
    Level,
    Name,
    OrgKind,
    Plan,
    Rung,
    SpeedTable,
    Targets,
    Whom,
)
from jieying.citypack.source import Record, Source, TomlFile

CATEGORY_KINDS = ("police", "enquiry", "hotline")
LADDER_ROLES = ("call_taker", "dispatcher", "officer", "commander", "auditor", "administrator")


def read_dispatch(record: Record | None) -> DispatchSettings:
    if record is None:
        return DispatchSettings()
    given: dict[str, Any] = {}
    kinds = {f.name: f.type for f in fields(DispatchSettings)}
    for key in record.values:
        if key not in kinds:
            record.fault("unknown_key", field=key)
        elif key == "policy":
            given[key] = record.one_of(key, POLICIES)
        elif kinds[key] is bool:
            given[key] = record.flag(key)
        else:
            given[key] = record.whole(key, low=1) if kinds[key] is int else record.number(key, high=1)
    return DispatchSettings(**given)


def read_speeds(source: Source, head: TomlFile, areas: Collection[str]) -> SpeedTable:
    """From `speeds.toml`, where learned speeds are kept, if it is there; else from the pack's own table."""
    file = source.toml("speeds.toml", ["speeds"]) if source.has("speeds.toml") else head
    record = file.need("speeds", keys="default_kmh,hour_factor,kmh,area_factor")
    table = record.values.get("kmh", {})
    classes = Record(record.source, record.file, record.line, table if isinstance(table, dict) else {})
    factors = record.values.get("hour_factor", [1.0] * 24)
    if not isinstance(factors, list) or len(factors) not in (24, HOURS_OF_WEEK):
        record.fault("hour_factors")
        factors = [1.0] * 24
    hours = Record(record.source, record.file, record.line, {f"hour_factor[{h}]": f for h, f in enumerate(factors)})
    hour_factor = tuple(hours.number(key, low=0.05, high=20) for key in hours.values)
    return SpeedTable(
        {name: classes.number(name, low=1, high=300) for name in classes.values},
        record.number("default_kmh", low=1, high=300),
        hour_factor * (HOURS_OF_WEEK // len(hour_factor)),
        _area_factors(record, areas),
    )


def _area_factors(record: Record, areas: Collection[str]) -> dict[str, float]:
    table = record.values.get("area_factor", {})
    factors = Record(record.source, record.file, record.line, table if isinstance(table, dict) else {})
    for code in factors.values:
        if code not in areas:
            record.fault("unknown_area", field="area_factor", value=code)
    return {code: factors.number(code, low=0.05, high=20) for code in factors.values}


def read_categories(source: Source) -> dict[str, Category]:
    file = source.toml("categories.toml", ["category"])
    records: dict[str, Record] = {}
    for record in file.many("category", "code,parent,name,kind,level,words,skills"):
        records[record.fresh_code(records)] = record
    names: set[tuple[str, str]] = set()
    categories = {}
    for code, record in records.items():
        parent = record.text("parent", "")
        if parent and parent not in records:
            record.fault("unknown_category", field="parent", value=parent)
        elif parent and records[parent].values.get("parent"):
            ring = code == parent or records[parent].values["parent"] == code
            record.fault("parent_ring" if ring else "third_tier", value=code)
        categories[code] = Category(
            code=code,
            parent=parent,
            name=record.fresh_name(parent, names),
            kind=record.one_of("kind", CATEGORY_KINDS),
            level=record.level("level"),
            words=record.texts("words"),
            skills=frozenset(record.texts("skills")),
        )
    if not categories:
        source.fault("categories.toml", 0, "nothing_in_it")
    return categories


def read_alarm_words(source: Source, categories: dict[str, Category]) -> tuple[AlarmWord, ...]:
    found: dict[str, AlarmWord] = {}
    for record in source.toml("alarm_words.toml", ["alarm"]).many("alarm", "word,words,level,category"):
        level = record.level("level")
        category = record.text("category", "")
        if category:
            record.known("category", categories, "unknown_category")
        words = (*record.texts("words"), *record.texts("word"))
        if not words:
            record.fault("empty", field="words")
        for word in words:
            if word in found:
                record.fault("duplicate_name", value=word)
            found[word] = AlarmWord(word, level, category)
    return tuple(found.values())


def read_plans(source: Source, categories: dict[str, Category]) -> tuple[Plan, ...]:
    plans: dict[str, Plan] = {}
    keys = "code,category,levels,units,skills,preempt,guidance,notify"
    for record in source.toml("plans.toml", ["plan"]).many("plan", keys):
        code = record.fresh_code(plans)
        plans[code] = Plan(
            code=code,
            category=record.known("category", {"*", *categories}, "unknown_category"),
            levels=frozenset(record.level("levels", level) for level in record.texts("levels")),
            units=record.whole("units", low=1, high=100),
            skills=frozenset(record.texts("skills")),
            preempt=record.flag("preempt"),
            guidance=record.name("guidance"),
            notify=tuple(_whom(record, one) for one in record.texts("notify")),
        )
    if not any(p.category == "*" and not p.levels for p in plans.values()):
        source.fault("plans.toml", 0, "no_general_plan")
    return tuple(plans.values())


def _whom(record: Record, text: str) -> Whom:
    """`role@org_kind`, such as commander@county."""
    role, _, kind = text.partition("@")
    if role not in LADDER_ROLES or kind not in set(OrgKind):
        record.fault("unknown_whom", value=text)
        return Whom("commander", OrgKind.CITY)
    return Whom(role, OrgKind(kind))


def read_targets(source: Source) -> Targets:
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
            record.one_of("role", LADDER_ROLES),
            OrgKind(kind) if (kind := record.one_of("org_kind", list(OrgKind))) in list(OrgKind) else OrgKind.CITY,
            record.whole("after_s", low=0, high=31_536_000),
        )
        for record in file.many("rung", "role,org_kind,after_s")
    )
    if not ladder:
        source.fault("targets.toml", 0, "no_rung")
    return Targets(seconds, ladder)


def read_outcomes(source: Source) -> dict[str, Name]:
    outcomes: dict[str, Name] = {}
    names: set[tuple[str, str]] = set()
    for record in source.toml("outcomes.toml", ["outcome"]).many("outcome", "code,name"):
        outcomes[record.fresh_code(outcomes)] = record.fresh_name("", names)
    if not outcomes:
        source.fault("outcomes.toml", 0, "nothing_in_it")
    return outcomes


def read_hotline(source: Source, categories: dict[str, Category]) -> HotlineSettings:
    """From `hotline.toml`, if it is there."""
    if not source.has("hotline.toml"):
        return HotlineSettings()
    file = source.toml("hotline.toml", ("hotline", "service"))
    head = file.need("hotline", keys="jurisdiction,default")
    services: dict[str, str] = {}
    for record in file.many("service", "category,code"):
        category = record.known("category", categories, "unknown_category")
        if category in services:
            record.fault("duplicate_code", value=category)
        elif category in categories and categories[category].kind != "hotline":
            record.fault("not_for_the_hotline", value=category)
        services[category] = record.text("code")
    return HotlineSettings(head.text("jurisdiction", ""), head.text("default"), services)
