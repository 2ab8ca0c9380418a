"""Where the units are: they drive along the roads, patrol around their posts, and say every few seconds where."""

import asyncio
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from itertools import accumulate, pairwise

from jieying.citypack.model import Unit
from jieying.demo.world import World
from jieying.kit.geo import Point, distance_m
from jieying.roads.network import Route

SAY_S, SAY_IDLE_S = 5.0, 20.0
LEAST_REAL_S = 0.2
PATROL_M, PATROL_KMH, FOOT_KMH, REST_S = 800.0, 14.0, 4.0, 180.0


class Leg:
    """A way that is being driven, at an even speed."""

    def __init__(self, line: list[Point], start: datetime, seconds: float) -> None:
        self._line = line
        self._start = start
        self.seconds = seconds
        self._along = list(accumulate((distance_m(a, b) for a, b in pairwise(line)), initial=0.0))

    def at(self, now: datetime) -> Point:
        share = min(1.0, (now - self._start).total_seconds() / self.seconds) if self.seconds > 0 else 1.0
        metres = share * self._along[-1]
        index = min(bisect_right(self._along, metres), len(self._line) - 1)
        if index == 0:
            return self._line[0]
        before, after, length = self._line[index - 1], self._line[index], self._along[index] - self._along[index - 1]
        part = (metres - self._along[index - 1]) / length if length else 1.0
        return Point(before.lat + part * (after.lat - before.lat), before.lon + part * (after.lon - before.lon))

    def over(self, now: datetime) -> bool:
        return (now - self._start).total_seconds() >= self.seconds


@dataclass
class Car:
    unit: Unit
    where: Point
    leg: Leg | None = None
    said: float = field(default=0.0)  # timestamps of the city's clock
    rests_until: float = field(default=0.0)

    def move(self, now: datetime) -> None:
        if self.leg is not None:
            self.where = self.leg.at(now)
            if self.leg.over(now):
                self.leg = None


class Fleet:
    def __init__(self, world: World) -> None:
        self.world = world
        self._gateway = world.account("gateway")
        began = world.now().timestamp()
        self._cars = {
            code: Car(unit, unit.post, rests_until=began + world.random.uniform(0, REST_S))
            for code, unit in world.pack.units.items()
        }

    async def drive(self, code: str, target: Point, effort: float) -> None:
        """Drive to the place; `effort` is the share of the usual time that is needed. Returns on arrival."""
        car, now = self._cars[code], self.world.now()
        car.move(now)
        route = self.world.roads.route(car.where, target, self.world.hour_of_week)
        leg = Leg(_line(route, car.where, target), now, route.seconds * effort if route else 60.0)
        car.leg = leg
        await self.world.wait(leg.seconds - (self.world.now() - now).total_seconds())

    def stand(self, code: str) -> None:
        """Stay where you are."""
        car = self._cars[code]
        car.move(self.world.now())
        car.leg = None

    async def run(self) -> None:
        """Say where the units are, all in one message, until cancelled."""
        while True:
            began = time.monotonic()
            positions = self._news(self.world.now())
            if positions:
                await self._gateway.post("/api/positions", {"positions": positions})
            pause = max(SAY_S / self.world.clock.speed, LEAST_REAL_S)
            await asyncio.sleep(max(0.02, pause - (time.monotonic() - began)))

    def _news(self, now: datetime) -> list[dict[str, object]]:
        """Positions of those who move, and from time to time of those who stand."""
        stamp, at, positions = now.timestamp(), now.isoformat(), []
        for code, car in self._cars.items():
            status = self.world.feed.units.get(code, {}).get("status", "off_duty")
            if status == "off_duty":
                continue
            if status == "available" and car.leg is None and stamp > car.rests_until:
                self._patrol(car, now)
            if car.leg is None and stamp - car.said < SAY_IDLE_S:
                continue
            car.move(now)
            car.said = stamp
            positions.append({"unit": code, "lat": car.where.lat, "lon": car.where.lon, "at": at, "accuracy_m": 8})
        return positions

    def _patrol(self, car: Car, now: datetime) -> None:
        target = self.world.near(car.unit.post, PATROL_M)
        route = self.world.roads.route(car.where, target, self.world.hour_of_week)
        kmh = FOOT_KMH if car.unit.kind == "foot" else PATROL_KMH
        if route and route.length_m:
            car.leg = Leg(_line(route, car.where, target), now, route.length_m / (kmh / 3.6))
        seconds = car.leg.seconds if car.leg else 0.0
        car.rests_until = now.timestamp() + seconds + self.world.about(REST_S)


def _line(route: Route | None, start: Point, end: Point) -> list[Point]:
    return route.line if route and route.line else [start, end]
