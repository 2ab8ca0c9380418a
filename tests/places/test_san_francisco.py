"""Real calls, real streets: the crossings that San Francisco's call-takers wrote down are found on the map."""

import csv
import os
from collections import defaultdict
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import pytest

from jieying.kit.geo import Point, distance_m
from jieying.places.locate import Locator
from tests.minicity import mini_city

DATA = Path(os.environ.get("JIEYING_SHARED_DATA", "../shared/data")) / "sf"
CALLS = DATA / "fire_calls_2016-12-31_2017-01-07.csv"


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def street_locator() -> Locator:
    nodes = {n["id"]: Point(float(n["lat"]), float(n["lon"])) for n in rows(DATA / "nodes.csv")}
    lines: dict[str, list[list[Point]]] = defaultdict(list)
    names: dict[str, set[str]] = defaultdict(set)
    for edge in rows(DATA / "edges.csv"):
        if edge["name"]:
            lines[edge["name"]].append([nodes[edge["from"]], nodes[edge["to"]]])
            names[edge["from"]].add(edge["name"])
            names[edge["to"]].add(edge["name"])
    crossings: dict[frozenset[str], list[Point]] = defaultdict(list)
    for node, meeting in names.items():
        for pair in combinations(sorted(meeting), 2):
            crossings[frozenset(pair)].append(nodes[node])
    pack = replace(mini_city(), center=Point(37.77, -122.43), areas=(), places=(), addresses=())
    return Locator(pack, crossings, lines)


@pytest.mark.skipif(not CALLS.exists(), reason=f"the San Francisco calls are not at {CALLS}")
def test_nine_in_ten_recorded_crossings_are_found_within_fifty_metres() -> None:
    calls = {c["Call Number"]: c for c in rows(CALLS) if "/" in c["Address"]}.values()
    locator = street_locator()
    found = 0
    for call in calls:
        lat, lon = call["Location"].strip("()").split(", ")
        candidates = locator.locate(f"{call['Call Type']} at {call['Address']}, please come")
        found += bool(candidates) and distance_m(candidates[0].position, Point(float(lat), float(lon))) < 50
    assert len(calls) > 700
    assert found / len(calls) > 0.9
