"""Dispatch policies: which unit goes to an incident, as costs over arrays of units. Pure.

The live platform and the simulator call the very same functions: `ranking(field, settings, coverage)`. A policy gives
every unit of a Field a cost, and the smallest goes first. Ties go by ETA, then by code: the units of a Field stand
in the order of their codes.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from jieying.citypack.model import DispatchSettings
from jieying.dispatch.coverage import Coverage
from jieying.roads.graph import Bools, Floats, Ints

# Nearness halves about every 3.5 minutes of road time: e^(-eta/300 s).
NEARNESS_SCALE_S = 300.0
# Taking a unit from another incident must be worth this much.
PREEMPT_PENALTY = 0.15
# More seconds than any ETA, so that the ground before it decides and the ETA only among equals.
_FIRST = 1e9


@dataclass(frozen=True)
class Field:
    """The units that may go to one incident, one entry each, in the order of their codes."""

    eta_s: Floats  # road time; infinite where no road leads
    air_m: Floats  # great-circle distance
    territory: Floats  # 1 for the own station, less for each level of the tree between (rules.territory_of)
    business: Floats  # share of the skills asked for (rules.business_of)
    stale_s: Floats  # added where nobody knows where the unit is now (rules.stale_s)
    taken: Bools  # on its way to something less urgent, and would be taken from there

    @property
    def own_station(self) -> Bools:
        own: Bools = self.territory == 1.0
        return own


Policy = Callable[[Field, DispatchSettings, Coverage | None], Floats]


def scores(field: Field, settings: DispatchSettings) -> Floats:
    """Nearness (road time), territory (jurisdiction) and business (speciality), weighed as the pack says."""
    weighed: Floats = (
        settings.nearness * nearness(field)
        + settings.territory * field.territory
        + settings.business * field.business
        - PREEMPT_PENALTY * field.taken
    )
    return weighed


def nearness(field: Field) -> Floats:
    """1 for a unit on the spot, near 0 for one that is far or whose place nobody knows."""
    near: Floats = np.exp(-(field.eta_s + field.stale_s) / NEARNESS_SCALE_S)
    return near


def balanced(field: Field, settings: DispatchSettings, _: Coverage | None) -> Floats:
    """Nearness, territory and business weighed together. Ours, and the one that packs have unless they say otherwise.

    A linear value function over three criteria, as in Keeney and Raiffa, Decisions with Multiple Objectives (1976).
    """
    return -scores(field, settings)


def own_station_first(field: Field, settings: DispatchSettings, _: Coverage | None) -> Floats:
    """A unit of the station whose area it is, the nearest first; others only when it has none. Today's relay practice.

    Dispatch by fixed preference of districts, as in Larson: A hypercube queuing model for facility location and
    redistricting in urban emergency services, Computers & Operations Research 1 (1974) 67-95.
    """
    cost: Floats = field.eta_s + _FIRST * field.taken + 2 * _FIRST * ~field.own_station
    return cost


def nearest_by_air(field: Field, settings: DispatchSettings, _: Coverage | None) -> Floats:
    """The free unit that is nearest as the crow flies, whatever rivers and railways lie between.

    What a map without roads offers; Larson and Odoni, Urban Operations Research (1981).
    """
    return field.air_m + _FIRST * field.taken


def nearest_by_road(field: Field, settings: DispatchSettings, _: Coverage | None) -> Floats:
    """The free unit that is there soonest: "closest idle", the benchmark of the literature.

    Jagtenberg, Bhulai, van der Mei: Dynamic ambulance dispatching: is the closest-idle policy always optimal?
    Health Care Management Science 20 (2017) 517-531.
    """
    return field.eta_s + _FIRST * field.taken


def dmexclp(field: Field, settings: DispatchSettings, coverage: Coverage | None) -> Floats:
    """Of the free units that are there within the target, the one whose leaving costs the least coverage; if none
    is, of all of them. Fewer late arrivals, at the price of a longer mean: -18 % and +37 % where it was published.

    Jagtenberg, Bhulai, van der Mei (2017, as above), the heuristic. Raises ValueError without a coverage.
    """
    return _loss(coverage) + _FIRST * (_late(field, settings) + 2.0 * field.taken)


def dmexclp_nearest(field: Field, settings: DispatchSettings, coverage: Coverage | None) -> Floats:
    """As `dmexclp`, but when nobody is there within the target, the nearest goes: who waits, waits no longer than
    he must. Ours; the published rule counts a late arrival as lost, however late it is.
    """
    late = _late(field, settings)
    return np.where(late, field.eta_s, _loss(coverage)) + _FIRST * (late + 2.0 * field.taken)


def _late(field: Field, settings: DispatchSettings) -> Bools:
    late: Bools = field.eta_s > settings.cover_s
    return late


def _loss(coverage: Coverage | None) -> Floats:
    if coverage is None:
        raise ValueError("this policy needs to know the coverage")
    return coverage.loss()


# The pack names one of these (pack.toml, [dispatch] policy); citypack/model.py has the names.
POLICIES: dict[str, Policy] = {
    "balanced": balanced,
    "own_station_first": own_station_first,
    "nearest_by_air": nearest_by_air,
    "nearest_by_road": nearest_by_road,
    "dmexclp": dmexclp,
    "dmexclp_nearest": dmexclp_nearest,
}
# These want a Coverage; the others take None.
BY_COVERAGE = frozenset({"dmexclp", "dmexclp_nearest"})


def ranking(field: Field, settings: DispatchSettings, coverage: Coverage | None = None) -> Ints:
    """Which units of the Field go, best first, by the policy that the settings name.

    Those that no road leads from, or that are farther than the pack allows, are left out.
    """
    if not len(field.eta_s):
        return np.empty(0, np.int64)  # nobody is free, and nobody covers anything
    cost = POLICIES[settings.policy](field, settings, coverage)
    order = np.lexsort((field.eta_s, cost))
    within = field.eta_s[order] <= settings.max_eta_s
    return order[within]
