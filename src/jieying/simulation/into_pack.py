"""What recorded calls teach, written into a built pack: speeds.toml and demand.csv, which the whole platform reads."""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from jieying.citypack.model import CityPack
from jieying.citypack.write import write_csv
from jieying.commands.terminal import words
from jieying.replay.calls import Call
from jieying.roads.graph import from_pack
from jieying.roads.learn import error_of, learn_speeds, predict, write_speeds
from jieying.roads.network import RoadNetwork
from jieying.simulation.calibrate import trips_of
from jieying.simulation.fit import FittedDemand, from_full_hour
from jieying.simulation.record import of_record

KEPT_BACK = 4  # one drive in so many, the last ones, is kept back to state the error


def into_pack(pack: CityPack, recorded: Sequence[Call]) -> dict[str, Any]:
    """Write both files into the pack's folder; what was learned, for people.

    The error that is stated is that of the last quarter of the drives by the speeds of the other three; the speeds
    written are those of all. Raises Invalid where the calls are too few.
    """
    network = RoadNetwork(from_pack(pack), pack.speeds)
    trips = trips_of(recorded, pack)
    cut = len(trips) - len(trips) // KEPT_BACK
    trial, kept = learn_speeds(network, trips[:cut]), trips[cut:]
    error = error_of(predict(network.with_speeds(trial.speeds), trial.start_s, kept), kept)
    learned = learn_speeds(network, trips)
    calls, zone = of_record(recorded), ZoneInfo(pack.timezone)
    hours = 1 + int(from_full_hour(calls).received_s[-1] // 3600)
    points = FittedDemand(calls, hours, zone).points()
    said = {
        "drives": learned.used,
        "first": recorded[0].received.astimezone(zone).date().isoformat(),
        "last": recorded[-1].received.astimezone(zone).date().isoformat(),
        "start": round(learned.start_s),
        "error": f"{100 * error.mdape:.0f} %",
        "bias": f"{100 * error.bias:+.0f} %",
        "unseen": error.n,
        "points": len(points),
    }
    write_speeds(pack.folder / "speeds.toml", learned.speeds, [words("simulate.learned", **said)])
    rows = ((round(p.position.lat, 6), round(p.position.lon, 6), round(p.weight, 6)) for p in points)
    write_csv(pack.folder / "demand.csv", "lat,lon,weight", rows)
    return said
