"""What a simulator has to be told of a city, taken from recorded calls: speeds, drives, and how calls are handled.

Nothing but the record given is looked at, so days that are kept back stay unseen.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import numpy as np

from jieying.citypack.model import CityPack, Level
from jieying.kit.geo import Point
from jieying.replay.calls import Call
from jieying.roads.graph import from_pack
from jieying.roads.learn import Learned, Trip, learn_speeds
from jieying.roads.network import RoadNetwork, hour_of_week
from jieying.simulation.calls import recorded_times
from jieying.simulation.model import Calls, DrawsCalls, Floats, Outcome, Same, StageTimes, Variant
from jieying.simulation.practice import DriveLine, Practice, local_days, with_drives
from jieying.simulation.record import of_record
from jieying.simulation.run import Bench, Setup, Task

# Calls go through the call centre, then to whom the policy names: what comes closest to the practice that records show.
PRACTICE = "balanced+relay"
# Units that wait at their stations, in the San Francisco record. Where its ambulances set out from, it does not tell.
STATIONED = frozenset({"engine", "truck"})
AT_STATION_S = 900.0  # free for so long, a unit is back at its post
ON_THE_SPOT_S = 60.0  # sent again so soon, it sets out from where it was


@dataclass(frozen=True, eq=False)
class Calibrated:
    """`pack` has the learned speeds; `lines`: how drives depend on the road time."""

    pack: CityPack
    learned: Learned
    practice: Practice
    lines: dict[str, DriveLine]
    times: StageTimes


def calibrate(
    pack: CityPack, recorded: Sequence[Call], variant: Variant, holidays: Collection[date] = ()
) -> Calibrated:
    """Learn from recorded calls. Raises Invalid where they are too few."""
    roads = RoadNetwork(from_pack(pack), pack.speeds)
    learned = learn_speeds(roads, trips_of(recorded, pack, holidays))
    pack = replace(pack, speeds=learned.speeds)
    calls, travel_s = handled(recorded)
    times = recorded_times(calls)
    at_road_time = Same(replace(calls, extra_s=np.zeros(len(calls)), slow=np.ones(len(calls))))
    (outcome,) = outcomes(pack, at_road_time, times, variant)
    examples, lines = with_drives(calls, travel_s, outcome.on_scene_s - outcome.en_route_s)
    off = local_days(examples, ZoneInfo(pack.timezone), holidays).off
    return Calibrated(pack, learned, Practice(examples, off), lines, times)


def outcomes(
    pack: CityPack, calls: DrawsCalls, times: StageTimes, variant: Variant, replications: int = 1, seed: int = 1
) -> list[Outcome]:
    """What the simulator makes of the calls, with all units of the pack and nothing breaking down."""
    bench = Bench(Setup(pack, calls, times, (variant,), replications=replications, seed=seed))
    return [bench.play(Task(None, replication, 0))[0] for replication in range(replications)]


def handled(recorded: Sequence[Call]) -> tuple[Calls, Floats]:
    """Recorded calls as the unit that arrived first met them, and how long it drove (NaN where that is not recorded).

    Its delay and turnout stand for those of all units of the call, so that with the recorded drive the simulator comes
    to the recorded response time.
    """
    calls = of_record(recorded)
    relay, turnout, travel = calls.relay_s.copy(), calls.turnout_s.copy(), np.full(len(calls), np.nan)
    for i, call in enumerate(recorded):
        if call.arrived:
            first = call.arrived[0]
            relay[i] = (first.dispatch - call.entry).total_seconds()
            turnout[i] = np.nan if first.turnout_s is None else first.turnout_s
            if first.response and first.on_scene:
                travel[i] = (first.on_scene - first.response).total_seconds()
    return replace(calls, relay_s=relay, turnout_s=turnout), travel


def trips_of(recorded: Sequence[Call], pack: CityPack, holidays: Collection[date] = ()) -> list[Trip]:
    """Recorded drives with lights and siren whose start is known: from the post, or from one scene to the next.

    The hour of a public holiday is that of a Sunday.
    """
    kinds = {unit.kind for unit in pack.units.values()}
    kinds = kinds & STATIONED or kinds
    zone = ZoneInfo(pack.timezone)
    records = [(record, call) for call in recorded for record in call.units if record.unit in pack.units]
    last: dict[str, tuple[datetime, Point]] = {}
    trips = []
    for record, call in sorted(records, key=lambda one: (one[0].dispatch, one[0].unit)):
        unit = pack.units[record.unit]
        free, spot = last.get(unit.code, (None, unit.post))
        idle_s = (record.dispatch - free).total_seconds() if free else AT_STATION_S
        if record.available:
            last[unit.code] = record.available, call.point
        start = unit.post if idle_s >= AT_STATION_S else spot if 0 <= idle_s <= ON_THE_SPOT_S else None
        urgent = call.level.rank < Level.BLUE.rank
        if record.response and record.on_scene and start and urgent and unit.kind in kinds:
            local = record.response.astimezone(zone)
            hour = hour_of_week(local) if local.date() not in holidays else 6 * 24 + local.hour
            trips.append(Trip(start, call.point, hour, (record.on_scene - record.response).total_seconds()))
    return trips
