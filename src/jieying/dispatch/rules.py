"""Who goes: ranking of candidates, the fitting response plan, how many are still missing. Pure.

The simulator calls these very functions.
"""

import math
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field

from jieying.citypack.model import Category, CityPack, DispatchSettings, Level, Plan
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point, distance_m
from jieying.kit.reasons import Reason

# Nearness halves about every 3.5 minutes of road time: e^(-eta/300 s).
NEARNESS_SCALE_S = 300.0
# A position that is older than the pack allows counts as up to this much farther away.
STALE_PENALTY_MAX_S = 300.0
# Taking a unit from another incident must be worth this much.
PREEMPT_PENALTY = 0.15


@dataclass(frozen=True)
class CallFacts:
    """What the ranking knows of an incident."""

    point: Point
    level: Level
    org_path: str
    skills: frozenset[str]


@dataclass(frozen=True)
class UnitFacts:
    """What the ranking knows of a unit. `position_age_s` is None when it never sent a position (its post is used)."""

    code: str
    org_path: str
    skills: frozenset[str]
    status: str
    point: Point
    position_age_s: float | None
    incident: str | None = None
    level_rank: int | None = None


@dataclass(frozen=True)
class Candidate:
    """A unit considered for an incident; `parts` are the three shares of the score before weighing, 0 to 1."""

    unit: str
    eta_s: float
    distance_m: float
    score: float
    nearness: float
    territory: float
    business: float
    position_age_s: float | None
    status: str
    preempts: str | None
    reasons: tuple[Reason, ...] = field(default=())


def plan_for(pack: CityPack, category: str, level: Level) -> Plan:
    """The first response plan that fits; every pack has one for everything (`*`), which reading it checks."""
    codes = {category, pack.categories[category].parent if category in pack.categories else "", "*"}
    for plan in pack.plans:
        if plan.category in codes and (not plan.levels or level in plan.levels):
            return plan
    raise Invalid("no_plan", category=category, level=str(level))


def skills_needed(category: Category | None, plan: Plan) -> frozenset[str]:
    """The business an incident asks for: of its category and of its plan."""
    return plan.skills | (category.skills if category else frozenset())


def _territory(call: CallFacts, unit: UnitFacts) -> tuple[float, str]:
    """1 for the own station, less for each level of the tree that lies between."""
    call_parts, unit_parts = call.org_path.strip("/").split("/"), unit.org_path.strip("/").split("/")
    common = 0
    while common < min(len(call_parts), len(unit_parts)) and call_parts[common] == unit_parts[common]:
        common += 1
    apart = max(len(call_parts), len(unit_parts)) - common
    return {0: (1.0, "own_station"), 1: (0.5, "same_county")}.get(apart, (0.2 if common > 1 else 0.0, "other_county"))


def _stale_s(age_s: float | None, settings: DispatchSettings) -> float:
    """Seconds added to the ETA because nobody knows where the unit is now."""
    if age_s is None:
        return STALE_PENALTY_MAX_S / 2
    return min(STALE_PENALTY_MAX_S, max(0.0, age_s - settings.stale_position_s) / 2)


def may_go(call: CallFacts, unit: UnitFacts, plan: Plan) -> bool:
    """Free, or on its way to something less urgent when the plan may take it from there."""
    if unit.status == "available":
        return True
    return (
        plan.preempt
        and unit.status in ("committed", "en_route")
        and unit.level_rank is not None
        and unit.level_rank > call.level.rank
    )


def weigh(call: CallFacts, unit: UnitFacts, eta_s: float, settings: DispatchSettings) -> Candidate:
    """Score one unit: nearness (road time), territory (jurisdiction), business (speciality), and say why."""
    stale_s = _stale_s(unit.position_age_s, settings)
    nearness = math.exp(-(eta_s + stale_s) / NEARNESS_SCALE_S)
    territory, territory_code = _territory(call, unit)
    held = call.skills & unit.skills
    business = len(held) / len(call.skills) if call.skills else 1.0
    score = settings.nearness * nearness + settings.territory * territory + settings.business * business
    taken = unit.status != "available"
    reasons = [Reason("eta", {"minutes": round(eta_s / 60, 1), "seconds": round(eta_s)}), Reason(territory_code)]
    if call.skills:
        code = "skills_all" if held == call.skills else "skills_some" if held else "skills_none"
        reasons.append(
            Reason(code, {"held": "、".join(sorted(held)), "missing": "、".join(sorted(call.skills - held))})
        )
    if unit.position_age_s is None:
        reasons.append(Reason("position_never"))
    elif stale_s:
        reasons.append(Reason("position_stale", {"age_s": round(unit.position_age_s)}))
    if taken:
        reasons.append(Reason("preempts_less_urgent", {"level": list(Level)[unit.level_rank or 0].value}))
    return Candidate(
        unit.code,
        eta_s,
        distance_m(unit.point, call.point),
        score - (PREEMPT_PENALTY if taken else 0.0),
        nearness,
        territory,
        business,
        unit.position_age_s,
        unit.status,
        unit.incident if taken else None,
        tuple(reasons),
    )


def rank(
    call: CallFacts,
    units: Sequence[UnitFacts],
    etas: Sequence[float | None],
    settings: DispatchSettings,
) -> list[Candidate]:
    """Candidates, best first; equal scores by ETA, then by code. Units that no road leads from are left out."""
    policy = POLICIES[settings.policy]
    weighed = [
        weigh(call, unit, eta, settings)
        for unit, eta in zip(units, etas, strict=True)
        if eta is not None and eta <= settings.max_eta_s
    ]
    return sorted(weighed, key=policy)


def _balanced(candidate: Candidate) -> tuple[float, float, str]:
    return (-candidate.score, candidate.eta_s, candidate.unit)


def _nearest(candidate: Candidate) -> tuple[float, float, str]:
    return (1.0 if candidate.preempts else 0.0, candidate.eta_s, candidate.unit)


Policy = Callable[[Candidate], tuple[float, float, str]]
# The pack names one of these (pack.toml, [dispatch] policy).
POLICIES: dict[str, Policy] = {"balanced": _balanced, "nearest_by_road": _nearest}


def choose(ranked: Sequence[Candidate], missing: int, tried: Collection[str]) -> list[Candidate]:
    """The units to offer to now: the best that have not said no to this incident already."""
    return [candidate for candidate in ranked if candidate.unit not in tried][:missing]
