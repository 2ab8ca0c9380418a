"""Ranked units with ETAs for an incident: rules and roads together, no database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from jieying.citypack.model import CityPack, Plan
from jieying.dispatch.coverage import Coverage
from jieying.dispatch.demand import demand_of
from jieying.dispatch.policies import BY_COVERAGE
from jieying.dispatch.rules import CallFacts, Candidate, UnitFacts, may_go, rank
from jieying.kit.geo import Point
from jieying.roads.network import RoadNetwork, hour_of_week
from jieying.roads.snapping import Snap


class Decider:
    """Knows the city's roads, where its calls come from, and how its pack weighs candidates."""

    def __init__(self, pack: CityPack, roads: RoadNetwork) -> None:
        self.pack = pack
        self.roads = roads
        asked = pack.dispatch.policy in BY_COVERAGE or pack.dispatch.move_up
        self.demand = demand_of(pack, roads) if asked else None
        self._zone = ZoneInfo(pack.timezone)
        self._snaps: dict[str, tuple[Point, Snap]] = {}

    def unit_facts(self, row: Any, now: datetime) -> UnitFacts | None:
        """The facts of a unit's row (units/store.py); None for a unit that the pack no longer has."""
        unit = self.pack.units.get(row.code)
        if unit is None:
            return None
        age = (now - row.position_at).total_seconds() if row.position_at else None
        point = Point(row.lat, row.lon) if row.position_at else unit.post
        return UnitFacts(
            unit.code,
            self.pack.orgs[unit.org].path,
            unit.skills,
            row.status,
            point,
            age,
            str(row.incident_id) if row.incident_id else None,
            row.level_rank,
        )

    def rank(self, call: CallFacts, plan: Plan, units: Sequence[UnitFacts], now: datetime) -> list[Candidate]:
        """All units that may go, best first by the policy that the pack names."""
        able = sorted((unit for unit in units if may_go(call, unit, plan)), key=lambda unit: unit.code)
        hour = hour_of_week(now.astimezone(self._zone))
        eta_s = self.roads.eta_array(self._snapped(able), call.point, hour)
        by_coverage = self.pack.dispatch.policy in BY_COVERAGE
        return rank(call, able, eta_s, self.pack.dispatch, self.coverage(able) if by_coverage else None)

    def coverage(self, units: Sequence[UnitFacts]) -> Coverage | None:
        """What those of the units that are free cover; None where nothing in the pack asks for it."""
        if self.demand is None or not units:
            return None
        at = self.demand.nearest([unit.point for unit in units])
        return Coverage(self.demand, at, np.array([unit.status == "available" for unit in units]))

    def _snapped(self, units: Sequence[UnitFacts]) -> list[Snap]:
        """Each unit's place on the road, searched for only when it has moved."""
        moved = [unit for unit in units if unit.code not in self._snaps or self._snaps[unit.code][0] != unit.point]
        for unit, snap in zip(moved, self.roads.snap_all([unit.point for unit in moved]), strict=True):
            self._snaps[unit.code] = (unit.point, snap)
        return [self._snaps[unit.code][1] for unit in units]
