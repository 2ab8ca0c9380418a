"""What the tags of OpenStreetMap mean for a police car on its way. Pure; https://wiki.openstreetmap.org/wiki/Key:…

A choice that the data leaves to us stands in the docstring of its function, and in docs/roads.md.
"""

import re
from collections.abc import Mapping

Tags = Mapping[str, str]

# Classes that are driven on, with the km/h of a pack that says nothing else: usual limits in a town.
CLASS_KMH = {
    "motorway": 100.0, "motorway_link": 50.0, "trunk": 70.0, "trunk_link": 45.0, "primary": 60.0, "primary_link": 40.0,
    "secondary": 50.0, "secondary_link": 40.0, "tertiary": 40.0, "tertiary_link": 35.0, "unclassified": 40.0,
    "residential": 30.0, "living_street": 15.0, "service": 20.0, "road": 30.0,
}  # fmt: skip
# Classes that are not: a table that holds one of them is meant to be OpenStreetMap's.
NOT_DRIVEN = frozenset({
    "footway", "pedestrian", "path", "steps", "cycleway", "track", "bridleway", "corridor", "busway", "bus_guideway",
    "construction", "proposed", "raceway", "elevator", "platform", "escape", "via_ferrata", "abandoned", "razed",
})  # fmt: skip
# Roads that people call by a name; links and service roads seldom have one.
NAMED = frozenset({"trunk", "primary", "secondary", "tertiary", "unclassified", "residential", "living_street"})

_ACCESS = ("motorcar", "motor_vehicle", "vehicle", "access")  # the more particular key first
_EMERGENCY_MAY = frozenset({"yes", "designated", "official", "permissive"})
_CLOSED = frozenset({"no", "agricultural", "forestry", "agricultural;forestry", "military"})
_PUBLIC = frozenset({"yes", "permissive", "designated", "destination", "public", "official"})
_BARS = frozenset({
    "bollard", "block", "gate", "swing_gate", "sliding_gate", "hampshire_gate", "wicket_gate", "chain", "rope", "log",
    "jersey_barrier", "debris", "fence", "wall", "hedge", "guard_rail", "cycle_barrier", "motorcycle_barrier", "stile",
    "kissing_gate", "turnstile", "full-height_turnstile", "bus_trap", "sump_buster", "planter", "spikes", "bar", "yes",
})  # fmt: skip

SLOWEST_KMH, FASTEST_KMH, WALK_KMH = 5.0, 150.0, 7.0
MPH = 1.609344
# Limits that a sign of the country implies. https://wiki.openstreetmap.org/wiki/Key:maxspeed#Implicit_maxspeed_values
# China: Regulation on the Implementation of the Road Traffic Safety Law, articles 45 and 78.
_ZONES = {
    "urban": 50.0, "rural": 90.0, "trunk": 100.0, "motorway": 130.0, "living_street": 20.0, "bicycle_road": 30.0,
    "walk": WALK_KMH, "school": 30.0, "cn:rural": 70.0, "cn:trunk": 80.0, "cn:motorway": 120.0, "pt:motorway": 120.0,
    "gb:nsl_restricted": 30 * MPH, "gb:nsl_single": 60 * MPH, "gb:nsl_dual": 70 * MPH, "gb:motorway": 70 * MPH,
}  # fmt: skip
_NO_NUMBER = frozenset({"", "none", "signals", "variable", "default", "implicit", "national", "unposted"})
_SPEED = re.compile(r"(\d+(?:\.\d+)?)\s*(km/?h|kph|mph)?")
_ZONE = re.compile(r"(?:[a-z]{2}:)?zone:?(\d+)")


def road_class(tags: Tags) -> str | None:
    """The class of a way that a police car drives on, None for any other.

    Private roads are driven on: officers are let in where they are called to. What is closed to everybody
    (`no`, forestry, military) is not, unless emergency vehicles may. Areas are not: one drives across them anywhere.
    """
    kind = tags.get("highway", "")
    if kind not in CLASS_KMH or tags.get("area") == "yes":
        return None
    if tags.get("emergency") in _EMERGENCY_MAY:
        return kind
    return None if tags.get("emergency") == "no" or _access(tags) in _CLOSED else kind


def stops_traffic(tags: Tags) -> bool:
    """Whether a barrier at a node lets no car through: what can't be opened from a car, and what says so.

    A barrier that is open to the public or to emergency vehicles stops nobody.
    """
    if "barrier" not in tags or tags.get("emergency") in _EMERGENCY_MAY:
        return False
    access = _access(tags)
    return access in _CLOSED or (tags["barrier"] in _BARS and access not in _PUBLIC)


def _access(tags: Tags) -> str | None:
    return next((tags[key] for key in _ACCESS if key in tags), None)


def direction(tags: Tags) -> int | None:
    """1 along the way only, -1 against it only, 0 both, None where it changes with the hour (reversible).

    Motorways and roundabouts are one-way unless they say otherwise. Raises ValueError for an unknown word.
    """
    word = tags.get("oneway", "").lower()
    if not word:
        implied = tags.get("highway") == "motorway" or tags.get("junction") in ("roundabout", "circular")
        return 1 if implied else 0
    if word == "reversible":
        return None
    return oneway(word)


def oneway(word: str) -> int:
    """1 along, -1 against, 0 both ways, from a word of OpenStreetMap, Python or a table. Raises ValueError."""
    word = word.strip().lower()
    if word in ("yes", "true", "1", "1.0"):
        return 1
    if word in ("-1", "reverse"):
        return -1
    if word in ("", "no", "false", "0", "0.0", "alternating"):
        return 0
    raise ValueError(f"oneway={word}")


def way_kmh(tags: Tags, along: int) -> float | None:
    """The limit of a way; of two that differ by direction the lower, or the one of the direction that is open.

    Raises ValueError as `kmh` does.
    """
    if "maxspeed" in tags:
        return kmh(tags["maxspeed"])
    keys = {1: ["maxspeed:forward"], -1: ["maxspeed:backward"]}.get(along, ["maxspeed:forward", "maxspeed:backward"])
    return kmh(";".join(tags[key] for key in keys if key in tags))


def kmh(words: str) -> float | None:
    """km/h of a `maxspeed`: `50`, `30 mph`, `CN:urban`, `DE:zone:30`, `walk`; the lowest of several (`60;40`).

    None where it names no number (`none`, `signals`). Raises ValueError for what can't be read, and below 5 or
    above 150 km/h.
    """
    found = [speed for word in re.split(r"[;|]", words) if (speed := _one_kmh(word.strip().lower())) is not None]
    if not all(SLOWEST_KMH <= speed <= FASTEST_KMH for speed in found):
        raise ValueError(f"maxspeed={words}")
    return min(found, default=None)


def _one_kmh(word: str) -> float | None:
    if word in _NO_NUMBER or word.endswith((":none", ":signals", ":variable")):
        return None
    if number := _SPEED.fullmatch(word):
        return round(float(number[1]) * (MPH if number[2] == "mph" else 1), 1)
    if zone := _ZONE.fullmatch(word):
        return float(zone[1])
    speed = _ZONES.get(word) or _ZONES.get(word.rpartition(":")[2])
    if speed is None:
        raise ValueError(f"maxspeed={word}")
    return round(speed, 1)


def name_of(tags: Tags) -> str:
    """The name on the sign; else the Chinese one, the English one, the number of the road; else empty."""
    names = (one_line(tags.get(key, "")) for key in ("name", "name:zh", "name:en", "ref"))
    return next(filter(None, names), "")


def one_line(text: str) -> str:
    """With single spaces and no line breaks of any kind: tables are read line by line."""
    return " ".join(text.split())
