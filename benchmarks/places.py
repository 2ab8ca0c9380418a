"""Places: written mentions with typing errors, held back, in the sample city and on Futian's real streets."""

import csv
import os
from collections import defaultdict
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import shapely

from benchmarks.common import PACK
from jieying.citypack.model import Area, CityPack, Name, Org, OrgKind
from jieying.citypack.read import read_pack
from jieying.kit.geo import Point
from jieying.places.evaluate import evaluate
from jieying.roads.graph import from_pack
from jieying.roads.names import crossings, named_lines

FUTIAN = Path(os.environ.get("JIEYING_SHARED_DATA", "../shared/data")) / "futian"

Streets = tuple[CityPack, dict[frozenset[str], list[Point]], dict[str, list[list[Point]]]]


def run() -> dict[str, Any]:
    """A thousand mentions of each; exact names alone and character pairs alone beside them."""
    city = read_pack(PACK)
    graph = from_pack(city)
    result: dict[str, Any] = {"yunzhou": evaluate(city, crossings(graph), named_lines(graph))}
    result["futian"] = evaluate(*futian(city)) if FUTIAN.is_dir() else {"left_out": f"{FUTIAN} is not there"}
    return result


def futian(city: CityPack) -> Streets:
    """The streets of Futian (Shenzhen) as a city without places and house numbers; the rest from `city`, unused."""
    nodes = {n["id"]: Point(float(n["lat"]), float(n["lon"])) for n in _rows("nodes.csv")}
    lines: dict[str, list[list[Point]]] = defaultdict(list)
    names: dict[str, set[str]] = defaultdict(set)
    for edge in _rows("edges.csv"):
        if edge["name"] and not edge["name"].startswith("["):
            lines[edge["name"]].append(_line(edge["wkt"]) or [nodes[edge["from"]], nodes[edge["to"]]])
            names[edge["from"]].add(edge["name"])
            names[edge["to"]].add(edge["name"])
    met: dict[frozenset[str], list[Point]] = defaultdict(list)
    for node, meeting in names.items():
        for pair in combinations(sorted(meeting), 2):
            met[frozenset(pair)].append(nodes[node])
    lat, lon = np.mean([tuple(p) for p in nodes.values()], axis=0).tolist()
    org = Org("FT", "", OrgKind.COUNTY, Name("福田分局"), "/FT/")
    ground = shapely.MultiPoint([(p.lon, p.lat) for p in nodes.values()]).envelope.buffer(0.01)
    areas = (Area("FT", "FT", Name("福田"), ground),)
    bare = replace(city, name=Name("深圳市"), center=Point(lat, lon), places=(), addresses=())
    return replace(bare, orgs={"FT": org}, areas=areas), met, lines


def _rows(name: str) -> list[dict[str, str]]:
    with (FUTIAN / name).open(encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _line(wkt: str) -> list[Point]:
    inside = wkt.partition("(")[2].rstrip(")")
    pairs = (pair.split() for pair in inside.split(",") if pair)
    return [Point(float(lat), float(lon)) for lon, lat in pairs]
