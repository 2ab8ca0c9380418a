"""Ranked units with ETAs for an incident: rules and roads together, no database."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack, Plan
from jieying.dispatch.rules import CallFacts, Candidate, UnitFacts, may_go, rank
from jieying.kit.geo import Point
from jieying.roads.network import RoadNetwork
from jieying.roads.snapping import Snap


class Decider:
    """Knows the city's roads and how its pack weighs candidates."""

    def __init__(self, pack: CityPack, roads: RoadNetwork) -> None:
        self.pack = pack
        self.roads = roads
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
        """All units that may go, best first."""
        able = [unit for unit in units if may_go(call, unit, plan)]
        hour = now.astimezone(self._zone).hour
        etas = self.roads.etas(self._snapped(able), call.point, hour)
        return rank(call, able, etas, self.pack.dispatch)

    def _snapped(self, units: Sequence[UnitFacts]) -> list[Snap]:
        """Each unit's place on the road, searched for only when it has moved."""
        moved = [unit for unit in units if unit.code not in self._snaps or self._snaps[unit.code][0] != unit.point]
        for unit, snap in zip(moved, self.roads.snap_all([unit.point for unit in moved]), strict=True):
            self._snaps[unit.code] = (unit.point, snap)
        return [self._snaps[unit.code][1] for unit in units]
