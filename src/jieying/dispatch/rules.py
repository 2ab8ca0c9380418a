"""Who goes: ranking of candidates, the fitting response plan, how many are still missing. Pure.

The simulator calls these very functions; which policy ranks is said in policies.py.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from jieying.citypack.model import Category, CityPack, DispatchSettings, Level, Plan
from jieying.dispatch.coverage import Coverage
from jieying.dispatch.policies import Field, nearness, ranking, scores
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point, distance_m
from jieying.kit.reasons import Reason
from jieying.roads.graph import Floats

# A position that is older than the pack allows counts as up to this much farther away.
STALE_PENALTY_MAX_S = 300.0


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
    """A unit considered for an incident; `score` weighs `nearness`, `territory` and `business`, each 0 to 1.

    The order of candidates is the policy's; it is that of the score only where the policy is `balanced`.
    """

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


@lru_cache(4096)  # of a hundred units asked about, few organisations
def territory_of(call_path: str, unit_path: str) -> float:
    """1 for the own station, less for each level of the tree that lies between."""
    call_parts, unit_parts = call_path.strip("/").split("/"), unit_path.strip("/").split("/")
    common = 0
    while common < min(len(call_parts), len(unit_parts)) and call_parts[common] == unit_parts[common]:
        common += 1
    apart = max(len(call_parts), len(unit_parts)) - common
    return {0: 1.0, 1: 0.5}.get(apart, 0.2 if common > 1 else 0.0)


def business_of(needed: frozenset[str], held: frozenset[str]) -> float:
    """The share of the skills asked for that the unit has; 1 when none is asked for."""
    return len(needed & held) / len(needed) if needed else 1.0


def stale_s(age_s: float | None, settings: DispatchSettings) -> float:
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


def field_of(call: CallFacts, units: Sequence[UnitFacts], eta_s: Floats, settings: DispatchSettings) -> Field:
    """The units as a policy sees them. They come in the order of their codes."""
    return Field(
        eta_s=eta_s,
        air_m=np.array([distance_m(unit.point, call.point) for unit in units], float),
        territory=np.array([territory_of(call.org_path, unit.org_path) for unit in units], float),
        business=np.array([business_of(call.skills, unit.skills) for unit in units], float),
        stale_s=np.array([stale_s(unit.position_age_s, settings) for unit in units], float),
        taken=np.array([unit.status != "available" for unit in units], bool),
    )


def rank(
    call: CallFacts,
    units: Sequence[UnitFacts],
    eta_s: Floats,
    settings: DispatchSettings,
    coverage: Coverage | None = None,
) -> list[Candidate]:
    """Candidates, best first, with their reasons. Units that no road leads from (ETA infinite) are left out.

    Units come in the order of their codes; the coverage is of the same. Ties go by ETA, then by code.
    """
    considered = field_of(call, units, eta_s, settings)
    score, near = scores(considered, settings), nearness(considered)
    loss = coverage.loss() if coverage else None
    found = []
    for i in ranking(considered, settings, coverage).tolist():
        unit, seconds = units[i], float(eta_s[i])
        taken = bool(considered.taken[i])
        reasons = _reasons(call, unit, seconds, float(considered.territory[i]), settings)
        if settings.policy == "nearest_by_air":
            reasons.append(Reason("distance_air", {"metres": round(float(considered.air_m[i]))}))
        if coverage is not None and loss is not None and not taken:
            reasons += _coverage_reasons(coverage, i, seconds, float(loss[i]), settings)
        found.append(
            Candidate(
                unit.code,
                seconds,
                float(considered.air_m[i]),
                float(score[i]),
                float(near[i]),
                float(considered.territory[i]),
                float(considered.business[i]),
                unit.position_age_s,
                unit.status,
                unit.incident if taken else None,
                tuple(reasons),
            )
        )
    return found


_TERRITORY = {1.0: "own_station", 0.5: "same_county"}


def _reasons(
    call: CallFacts, unit: UnitFacts, eta_s: float, territory: float, settings: DispatchSettings
) -> list[Reason]:
    """What speaks for and against a unit, whatever the policy."""
    reasons = [
        Reason("eta", {"minutes": round(eta_s / 60, 1), "seconds": round(eta_s)}),
        Reason(_TERRITORY.get(territory, "other_county")),
    ]
    if call.skills:
        reasons.append(_skills_reason(call.skills, unit.skills))
    if unit.position_age_s is None:
        reasons.append(Reason("position_never"))
    elif stale_s(unit.position_age_s, settings):
        reasons.append(Reason("position_stale", {"age_s": round(unit.position_age_s)}))
    if unit.status != "available":
        reasons.append(Reason("preempts_less_urgent", {"level": list(Level)[unit.level_rank or 0].value}))
    return reasons


@lru_cache(4096)
def _skills_reason(needed: frozenset[str], of_unit: frozenset[str]) -> Reason:
    held = needed & of_unit
    code = "skills_all" if held == needed else "skills_some" if held else "skills_none"
    return Reason(code, {"held": "、".join(sorted(held)), "missing": "、".join(sorted(needed - held))})


def _coverage_reasons(
    coverage: Coverage, unit: int, eta_s: float, loss: float, settings: DispatchSettings
) -> list[Reason]:
    """What its leaving means for those who may call next."""
    minutes = f"{settings.cover_s / 60:g}"
    reasons = [Reason("in_time" if eta_s <= settings.cover_s else "not_in_time", {"minutes": minutes})]
    if loss <= 0:
        return [*reasons, Reason("cover_kept", {"minutes": minutes})]
    place, others = coverage.missed_most(unit)
    reasons.append(Reason("cover_loss", {"minutes": minutes, "percent": f"{100 * loss:.2f}"}))
    where: dict[str, str | int | float] = {"area": coverage.demand.names[place], "minutes": minutes, "units": others}
    reasons.append(Reason("cover_left" if others else "cover_none_left", where))
    return reasons


def choose(ranked: Sequence[Candidate], missing: int, tried: Collection[str]) -> list[Candidate]:
    """The units to offer to now: the best that have not said no to this incident already."""
    return [candidate for candidate in ranked if candidate.unit not in tried][:missing]
