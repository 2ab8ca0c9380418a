"""A made-up record of days in the mini city, whose rules we know: who goes, how fast, how long everything takes."""

from datetime import UTC, datetime, timedelta

import numpy as np

from jieying.citypack.model import CityPack, Level
from jieying.replay.calls import Call, UnitRecord
from jieying.roads.graph import from_pack
from jieying.roads.network import RoadNetwork
from tests.minicity import SIZE_M, spot

MONDAY = datetime(2026, 11, 15, 16, 0, tzinfo=UTC)  # midnight in the mini city
KINDS = (("theft", Level.BLUE), ("fight", Level.YELLOW), ("robbery", Level.ORANGE))
SLOWNESS, START_S = 1.4, 25.0  # a drive lasts 1.4 times the road time of the pack, and 25 s


def made_up_days(pack: CityPack, days: int, per_day: int = 120, seed: int = 1) -> list[Call]:
    """Calls of so many days from a Monday on; the unit whose post is nearest by road goes, and always arrives."""
    random = np.random.default_rng(seed)
    roads = RoadNetwork(from_pack(pack), pack.speeds)
    units = sorted(pack.units.values(), key=lambda unit: unit.code)
    origins = roads.prepare([unit.post for unit in units])
    moments = np.sort(random.random(days * per_day)) * days * 86400
    calls = []
    for number, second in enumerate(moments.tolist()):
        received = MONDAY + timedelta(seconds=round(second))
        point = spot(*(random.random(2) * SIZE_M).tolist())
        category, level = KINDS[random.choice(3, p=[0.5, 0.4, 0.1])]
        etas = roads.eta_array(origins, point, 0)
        unhurried = 2.0 if level is Level.BLUE else 1.0
        answer, delay, turnout = (random.lognormal(np.log(median), 0.4) for median in (20.0, 30.0 * unhurried, 40.0))
        travel = START_S + SLOWNESS * unhurried * float(etas.min()) * random.lognormal(0, 0.2)
        entry = received + timedelta(seconds=answer)
        dispatch = entry + timedelta(seconds=delay)
        response = dispatch + timedelta(seconds=turnout)
        on_scene = response + timedelta(seconds=travel)
        free = on_scene + timedelta(seconds=random.lognormal(np.log(600), 0.3))
        record = UnitRecord(units[int(etas.argmin())].code, dispatch, response, on_scene, free)
        calls.append(Call(str(number), category, "", "", category, level, point, received, entry, [record]))
    return calls
