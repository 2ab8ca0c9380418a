"""`new_pack`: a small pack that is valid as it is, with comments, for an IT engineer to make a real one of."""

import re
import shutil
from importlib.resources import as_file, files
from pathlib import Path

import shapely

from jieying.citypack.write import line_text, write_csv, write_features
from jieying.kit.errors import Conflict, Invalid
from jieying.kit.geo import Point, distance_m

SOUTH, WEST, STEP = 29.99, 109.985, 0.005  # a grid of streets about 500 m apart
_EAST_WEST = ("平安路", "长乐路", "人民路", "文昌路", "建设路")
_NORTH_SOUTH = ("春晖街", "夏荷街", "秋实街", "中心街", "朝阳街", "迎宾街", "民主街")


def new_pack(folder: Path, region: str) -> None:
    """Write a starter pack: a town of a few blocks with two stations.

    Raises Conflict when the folder holds anything, Invalid when `region` is not a short code.
    """
    if not re.fullmatch(r"[a-z][a-z0-9-]{1,30}", region):
        raise Invalid("bad_region", region=region)
    if folder.exists() and any(folder.iterdir()):
        raise Conflict("folder_not_empty", folder=str(folder))
    folder.mkdir(parents=True, exist_ok=True)
    with as_file(files("jieying.citypack") / "starter") as starter:
        for file in sorted(starter.iterdir()):
            shutil.copyfile(file, folder / file.name)
    head = (folder / "pack.toml").read_text(encoding="utf-8")
    (folder / "pack.toml").write_text(head.replace("REGION", region), encoding="utf-8")
    _write_streets(folder)
    _write_areas(folder)


def _at(column: int, row: int) -> Point:
    return Point(round(SOUTH + row * STEP, 6), round(WEST + column * STEP, 6))


def _write_streets(folder: Path) -> None:
    columns, rows = len(_NORTH_SOUTH), len(_EAST_WEST)
    nodes = [_at(c, r) for r in range(rows) for c in range(columns)]
    write_csv(folder / "nodes.csv", "id,lat,lon", ((i, p.lat, p.lon) for i, p in enumerate(nodes)))
    stretches = [
        (r * columns + c, r * columns + c + 1, name) for r, name in enumerate(_EAST_WEST) for c in range(columns - 1)
    ]
    stretches += [
        (r * columns + c, (r + 1) * columns + c, name) for c, name in enumerate(_NORTH_SOUTH) for r in range(rows - 1)
    ]
    edges = []
    for tail, head, name in stretches:
        a, b = nodes[tail], nodes[head]
        kind = "primary" if name in ("人民路", "中心街") else "residential"
        line = line_text([(a.lon, a.lat), (b.lon, b.lat)])
        edges.append((tail, head, round(distance_m(a, b), 1), kind, 0, name, line))
    write_csv(folder / "edges.csv", "tail,head,length_m,class,oneway,name,line", edges)


def _write_areas(folder: Path) -> None:
    """Four areas, two for each station, that meet in the middle of the town without gap or overlap."""
    west, middle, east = WEST - STEP, 110.0, WEST + len(_NORTH_SOUTH) * STEP
    south, centre, north = SOUTH - STEP, 30.0, SOUTH + len(_EAST_WEST) * STEP
    rows = (
        ("S1-1", "S1", "西南警务区", "South-West", (west, south, middle, centre)),
        ("S1-2", "S1", "西北警务区", "North-West", (west, centre, middle, north)),
        ("S2-1", "S2", "东南警务区", "South-East", (middle, south, east, centre)),
        ("S2-2", "S2", "东北警务区", "North-East", (middle, centre, east, north)),
    )
    keys = ("code", "org", "name_zh", "name_en")
    boxes = [(dict(zip(keys, row[:4], strict=True)), shapely.set_precision(shapely.box(*row[4]), 1e-6)) for row in rows]
    write_features(folder / "areas.geojson", boxes)
