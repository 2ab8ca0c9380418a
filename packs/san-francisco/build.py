"""San Francisco for replaying eight days of recorded FIRE AND MEDICAL calls; it says nothing about police.

From `source` (the folder sf of the shared data), none of which is kept in the repository:
- nodes.csv, edges.csv: roads of the US Census Bureau, TIGER/Line 2013. They know neither one-way streets nor speeds:
  every street is open both ways, speeds are those of pack.toml. Only the largest connected part is taken.
- police_districts_2014.geojson (DataSF): ten districts, used as areas; small overlaps and gaps are cleaned away.
- fire_stations.csv, fire_calls_*.csv (DataSF): every unit that took part in a call is a unit here, of the type
  recorded; an engine or truck stands at the station of its number, any other at the station in whose area it was
  called most often. Who was on duty is not recorded, so all are on duty all the time.
- Categories are the call types, below their most frequent call type group; plans ask for as many units as half of them
  had, with lights and siren (priority 3) and without (2, level blue), and for the unit types that came to half.
  Medics of the fire department and private ambulances are one skill, ambulance.
- Posts, levels and plans are learned from the first five days, so that `jieying simulate validate` finds the last three
  unseen; only of what did not appear before, all days are looked at.
"""

import csv
import json
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from pathlib import Path
from statistics import median_low

import numpy as np
import shapely
import shapely.ops
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from shapely.geometry import shape

from jieying.citypack.write import write_csv, write_features
from jieying.kit.errors import NotFound

Row = dict[str, str]
CALLS = "fire_calls_2016-12-31_2017-01-07.csv"
# MAF/TIGER feature class codes of the Census Bureau
CLASSES = {"S1100": "motorway", "S1200": "secondary", "S1400": "residential", "S1630": "ramp"}
DISTRICTS_ZH = {
    "CENTRAL": "中央", "SOUTHERN": "南部", "BAYVIEW": "湾景", "MISSION": "教会", "PARK": "公园", "RICHMOND": "列治文",
    "INGLESIDE": "英格尔赛德", "TARAVAL": "塔拉瓦尔", "NORTHERN": "北部", "TENDERLOIN": "田德隆",
}  # fmt: skip
LEVELS = {
    "Structure Fire": "red", "Water Rescue": "red", "Confined Space / Structure Collapse": "red", "HazMat": "red",
    "Citizen Assist / Service Call": "blue", "Other": "blue",
}  # fmt: skip
GROUP_LEVELS = {"Potentially Life-Threatening": "orange", "Fire": "orange", "Alarm": "yellow"}
LEARNING_DAYS = 5
EMERGENCY = "3"  # final priority: with lights and siren
AMBULANCE = {"MEDIC", "PRIVATE"}


def build(out: Path, source: Path | None, progress: Callable[[str], None]) -> None:
    """Write the generated files into `out`. Raises NotFound when `source` or a file in it is not there."""
    for file in (CALLS, "nodes.csv", "edges.csv", "police_districts_2014.geojson", "fire_stations.csv"):
        if source is None or not (source / file).is_file():
            raise NotFound("recipe_needs_data", file=file, example="../shared/data/sf")
    assert source is not None
    calls = _rows(source / CALLS)
    _roads(out, source, progress)
    districts = _districts(source / "police_districts_2014.geojson")
    _orgs_and_areas(out, districts)
    _units(out, source, _early(calls, "Unit ID"), districts, progress)
    _categories_and_plans(out, _early(calls, "Call Type"))
    for file, columns in (("officers.csv", "code,name,org,unit"), ("addresses.csv", "road,number,lat,lon")):
        write_csv(out / file, columns, [])


def _rows(file: Path) -> list[Row]:
    with file.open(encoding="utf-8-sig", newline="") as lines:
        return list(csv.DictReader(lines))


def _early(calls: list[Row], key: str) -> list[Row]:
    """The calls of the first days; of a unit or a type (`key`) that did not appear in them, those of all days."""
    dates = {row["Call Date"] for row in calls}
    first = sorted(dates, key=lambda date: (date[6:], date[:5]))[:LEARNING_DAYS]  # MM/DD/YYYY
    known = {row[key] for row in calls if row["Call Date"] in first}
    return [row for row in calls if row["Call Date"] in first or row[key] not in known]


def _roads(out: Path, source: Path, progress: Callable[[str], None]) -> None:
    nodes = {int(n["id"]): n for n in _rows(source / "nodes.csv")}
    edges = _rows(source / "edges.csv")
    tails, heads = (np.array([int(e[key]) for e in edges]) for key in ("from", "to"))
    size = max(nodes) + 1
    _, part = connected_components(coo_array((np.ones(len(edges)), (tails, heads)), (size, size)), directed=False)
    largest = np.bincount(part[list(nodes)]).argmax()
    kept = [i for i in nodes if part[i] == largest]
    write_csv(out / "nodes.csv", "id,lat,lon", ((i, nodes[i]["lat"], nodes[i]["lon"]) for i in kept))
    rows = [
        (e["from"], e["to"], e["length_m"], CLASSES.get(e["mtfcc"], "service"), 0, e["name"], _line(e["wkt"]))
        for e in edges
        if part[int(e["from"])] == largest and float(e["length_m"]) > 0
    ]
    write_csv(out / "edges.csv", "tail,head,length_m,class,oneway,name,line", rows)
    progress(f"{len(kept)} road nodes of {len(nodes)}, {len(rows)} road edges of {len(edges)}")


def _line(wkt: str) -> str:
    return ";".join(pair.strip() for pair in wkt[wkt.index("(") + 1 : wkt.rindex(")")].split(","))


def _districts(file: Path) -> dict[str, shapely.Geometry]:
    """The districts so that they share their borders exactly: all borders are cut into faces on a grid of 6 digits;
    a face claimed twice goes to the first district, an enclosed one claimed by none to the nearest."""
    features = json.loads(file.read_text(encoding="utf-8"))["features"]
    raw = {f["properties"]["DISTRICT"]: shapely.make_valid(shape(f["geometry"])) for f in features}
    borders = shapely.union_all([shapely.boundary(s) for s in raw.values()], grid_size=1e-6)
    faces = shapely.get_parts(shapely.polygonize([borders]))
    names = sorted(raw)
    claims: dict[str, list[shapely.Geometry]] = defaultdict(list)
    for face in faces:
        claims[min(names, key=lambda name: raw[name].distance(face.representative_point()))].append(face)
    return {name: shapely.coverage_union_all(claims[name]) for name in names}


def _orgs_and_areas(out: Path, districts: dict[str, shapely.Geometry]) -> None:
    rows: list[tuple[object, ...]] = [
        ("CA", "", "province", "加利福尼亚州", "California", "", ""),
        ("SF", "CA", "city", "旧金山市", "City of San Francisco", 37.7793, -122.4193),
        ("SFC", "SF", "county", "旧金山县", "San Francisco County", 37.7793, -122.4193),
    ]
    areas = []
    for name, area in districts.items():
        zh, en = f"{DISTRICTS_ZH[name]}分区", f"{name.title()} District"
        middle = area.representative_point()
        rows.append((name, "SFC", "station", zh, en, round(middle.y, 6), round(middle.x, 6)))
        areas.append(({"code": f"{name}-1", "org": name, "name_zh": zh, "name_en": en}, area))
    write_csv(out / "orgs.csv", "code,parent,kind,name_zh,name_en,lat,lon", rows)
    write_features(out / "areas.geojson", areas)


def _units(
    out: Path, source: Path, calls: list[Row], districts: dict[str, shapely.Geometry], progress: Callable[[str], None]
) -> None:
    stations = {s["station"].zfill(2): s for s in _rows(source / "fire_stations.csv")}
    of_unit: dict[str, list[Row]] = defaultdict(list)
    for call in calls:
        of_unit[call["Unit ID"]].append(call)
    rows = []
    for code, turns in sorted(of_unit.items()):
        kind = _most(t["Unit Type"] for t in turns)
        post = _post(code, kind, turns, stations, districts)
        org = min(districts, key=lambda name: districts[name].distance(post))
        skill = _skill(kind)
        skills = f"{skill};als" if _most(t["ALS Unit"] for t in turns) == "true" else skill
        rows.append(
            (code, org, code, code, kind.lower().replace(" ", "_"), skills, round(post.y, 6), round(post.x, 6), "", "")
        )
    write_csv(out / "units.csv", "code,org,name_zh,name_en,kind,skills,lat,lon,phone,plate", rows)
    write_csv(out / "duties.csv", "unit,days,start,end", ((r[0], "1-7", "00:00", "24:00") for r in rows))
    places = [
        (f"Fire Station {int(n)}", s["address"].strip(), "fire_station", s["lat"], s["lon"])
        for n, s in stations.items()
    ]
    write_csv(out / "places.csv", "name,aliases,kind,lat,lon", places)
    progress(f"{len(rows)} units, {len(places)} stations")


def _post(
    code: str, kind: str, turns: list[Row], stations: dict[str, Row], districts: dict[str, shapely.Geometry]
) -> shapely.Point:
    """Where a unit stands, moved into the nearest district where the source has the station a little outside."""
    number = re.search(r"\d+", code)
    own = number[0].zfill(2) if number and kind in ("ENGINE", "TRUCK") else ""
    if own not in stations:
        own = _most(t["Station Area"] for t in turns if t["Station Area"] in stations)
    place = shapely.Point(float(stations[own]["lon"]), float(stations[own]["lat"]))
    city = shapely.union_all(list(districts.values()))
    if city.contains(place):
        return place
    return shapely.ops.nearest_points(city.buffer(-0.0005), place)[0]


def _most(values: Iterable[str]) -> str:
    """The most frequent value; the first in the alphabet among equals."""
    return min(Counter(values).items(), key=lambda item: (-item[1], item[0]))[0]


def _categories_and_plans(out: Path, calls: list[Row]) -> None:
    incidents: dict[str, list[Row]] = defaultdict(list)
    for call in calls:
        incidents[call["Incident Number"]].append(call)
    of_type: dict[str, list[list[Row]]] = defaultdict(list)
    for rows in incidents.values():
        of_type[rows[0]["Call Type"]].append(rows)
    group_of = {
        name: _most(r["Call Type Group"] or "Alarm" for rows in found for r in rows) for name, found in of_type.items()
    }
    categories = [_category(group, "", GROUP_LEVELS.get(group, "blue")) for group in sorted(set(group_of.values()))]
    plans = []
    for name, found in sorted(of_type.items()):
        level = LEVELS.get(name, GROUP_LEVELS.get(group_of[name], "blue"))
        categories.append(_category(name, _code("group " + group_of[name]), level))
        if level != "blue" and (calm := [rows for rows in found if rows[0]["Final Priority"] != EMERGENCY]):
            plans.append(_plan(_code(name) + "-calm", _code(name), calm, ["blue"]))
            found = [rows for rows in found if rows[0]["Final Priority"] == EMERGENCY] or found
        plans.append(_plan(_code(name), _code(name), found, []))
    plans.append(_plan("general", "*", [], []))
    (out / "categories.toml").write_text("\n".join(categories), encoding="utf-8")
    (out / "plans.toml").write_text("\n".join(plans), encoding="utf-8")


def _usual_kinds(incidents: list[list[Row]]) -> list[str]:
    """The types of unit that came to at least half of the calls."""
    kinds = Counter(skill for rows in incidents for skill in {_skill(r["Unit Type"]) for r in rows})
    return sorted(skill for skill, n in kinds.items() if n >= len(incidents) / 2)


def _skill(kind: str) -> str:
    return "ambulance" if kind in AMBULANCE else kind.lower().replace(" ", "_")


def _code(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _category(name: str, parent: str, level: str) -> str:
    words = (
        [w.strip().lower() for w in re.split(r"[/(),]| and ", name) if len(w.strip()) > 4]
        if parent and name != "Other"
        else []
    )
    return (
        f"[[category]]\ncode = {json.dumps(_code(name) if parent else _code('group ' + name))}\n"
        f"parent = {json.dumps(parent)}\nname = {{ zh = {json.dumps(name)}, en = {json.dumps(name)} }}\n"
        f'kind = "police"\nlevel = "{level}"\nwords = {json.dumps(words)}\n'
    )


def _plan(code: str, category: str, incidents: list[list[Row]], levels: list[str]) -> str:
    units = int(median_low(map(len, incidents))) if incidents else 1
    return (
        f"[[plan]]\ncode = {json.dumps(code)}\ncategory = {json.dumps(category)}\nlevels = {json.dumps(levels)}\n"
        f"units = {units}\nskills = {json.dumps(_usual_kinds(incidents))}\n"
        'guidance = { zh = "旧金山重放数据，无处置指引。", en = "Replayed call: no guidance." }\n'
    )
