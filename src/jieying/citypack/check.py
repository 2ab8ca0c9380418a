"""`validate_pack`: every check there is, those of the map included, which take seconds on a large city."""

import math
from pathlib import Path

import numpy as np
import shapely

from jieying.citypack.faults import Fault
from jieying.citypack.model import Area, CityPack
from jieying.citypack.read import read_with_faults
from jieying.citypack.source import Source
from jieying.kit.geo import EARTH_RADIUS_M

SLIVER_M2 = 1.0  # overlaps and gaps below are rounding, not a question of who comes


def validate_pack(folder: Path) -> list[Fault]:
    """All faults of a pack; an empty list means that it can be used."""
    pack, faults = read_with_faults(folder)
    if any(f.file in ("areas.geojson", "pack.toml") for f in faults):
        return faults  # without sound areas the checks of the map would only repeat the fault
    source = Source(folder)
    lines = {
        "areas": {r.values.get("code"): r.line for r, _ in source.features("areas.geojson", "code")},
        "units": {r.values["code"]: r.line for r in source.table("units.csv", _UNITS)} if pack.units else {},
    }
    faults += _overlaps(pack.areas, lines["areas"])
    faults += _gaps(pack.areas, lines["areas"])
    faults += _posts_outside(pack, lines["units"])
    return sorted(faults, key=lambda f: (f.file, f.line))


_UNITS = "code,org,name_zh,name_en,kind,skills,lat,lon,phone,plate"


def _square_metres(shape: shapely.Geometry) -> float:
    """Area on the sphere, near enough for a city: degrees squared scaled at its own latitude."""
    if shape.is_empty:
        return 0.0
    degree_m = math.radians(1) * EARTH_RADIUS_M
    return float(shape.area * degree_m**2 * math.cos(math.radians(shape.centroid.y)))


def _overlaps(areas: tuple[Area, ...], lines: dict[str, int]) -> list[Fault]:
    """Two areas that share ground: nobody could say who is responsible."""
    shapes = np.array([a.shape for a in areas])
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    faults = []
    for i, j in sorted((i, j) for i, j in zip(left, right, strict=True) if i < j):
        size = _square_metres(shapely.intersection(shapes[i], shapes[j]))
        if size > SLIVER_M2:
            params = {"first": areas[i].code, "second": areas[j].code, "square_metres": round(size)}
            faults.append(Fault("areas.geojson", lines.get(areas[j].code, 0), "areas_overlap", params))
    return faults


def _gaps(areas: tuple[Area, ...], lines: dict[str, int]) -> list[Fault]:
    """Ground enclosed by areas that belongs to none of them. The line is that of a neighbouring area."""
    whole = shapely.union_all([a.shape for a in areas])
    faults = []
    for part in shapely.get_parts(whole):
        for ring in part.interiors:
            hole = shapely.Polygon(ring)
            size = _square_metres(hole)
            if size > SLIVER_M2:
                middle = hole.representative_point()
                next_to = min(areas, key=lambda a: a.shape.distance(middle))
                params = {
                    "lat": f"{middle.y:.5f}",
                    "lon": f"{middle.x:.5f}",
                    "area": next_to.code,
                    "square_metres": round(size),
                }
                faults.append(Fault("areas.geojson", lines.get(next_to.code, 0), "areas_gap", params))
    return faults


def _posts_outside(pack: CityPack, lines: dict[str, int]) -> list[Fault]:
    """Units whose post lies in no area: most often latitude and longitude changed places."""
    units = list(pack.units.values())
    if not units:
        return []
    posts = shapely.points([(u.post.lon, u.post.lat) for u in units])
    inside = set(shapely.STRtree(posts).query([a.shape for a in pack.areas], predicate="intersects")[1])
    return [
        Fault(
            "units.csv",
            lines.get(u.code, 0),
            "post_outside",
            {"unit": u.code, "lat": str(u.post.lat), "lon": str(u.post.lon)},
        )
        for i, u in enumerate(units)
        if i not in inside
    ]
