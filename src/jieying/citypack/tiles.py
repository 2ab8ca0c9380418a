"""The map of a pack as vector tiles: roads, areas, places, and water and green where the pack has them.

Layers and properties: `water` and `green` (name), `roads` (class, name), `areas` (code, org, name_zh, name_en,
station), `places` (name, kind). Zooms 9 to 16, one PMTiles file.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from shapely.geometry import mapping

from jieying.citypack.model import CityPack, OrgKind
from jieying.kit.errors import Unavailable

MAP_FILE = "map.pmtiles"
ZOOMS = (9, 16)
_ROAD_ZOOM = {"motorway": 9, "trunk": 9, "primary": 10, "secondary": 11, "tertiary": 12}
_PLACE_ZOOM = {"station": 12, "metro": 12, "bridge": 12, "park": 12, "hospital": 13, "village": 13, "mall": 13}

Feature = dict[str, Any]


def make_tiles(pack: CityPack, out: Path) -> None:
    """Write the map of `pack` to the file `out`.

    Raises Unavailable with the words of tippecanoe when it fails or is missing.
    """
    with TemporaryDirectory(prefix="jieying-tiles-") as folder:
        layers = {
            "water": _as_it_is(pack.folder / "water.geojson"),
            "green": _as_it_is(pack.folder / "green.geojson"),
            "areas": _areas(pack),
            "roads": _roads(pack),
            "places": _places(pack),
        }
        arguments = []
        for name, features in layers.items():
            file = Path(folder) / f"{name}.json"
            with file.open("w", encoding="utf-8") as lines:
                lines.writelines(json.dumps(feature, ensure_ascii=False) + "\n" for feature in features)
            if file.stat().st_size:
                arguments += ["-L", f"{name}:{file}"]
        _run_tippecanoe([*arguments, "-o", str(out), "-n", pack.region, "-t", folder])


def _run_tippecanoe(arguments: list[str]) -> None:
    low, high = ZOOMS
    program = shutil.which("tippecanoe", path=str(Path(sys.executable).parent)) or shutil.which("tippecanoe")
    if program is None:
        raise Unavailable("map_tool_missing")
    limits = ["--no-feature-limit", "--no-tile-size-limit", "--no-tile-stats"]
    command = [program, "--force", "--quiet", f"-Z{low}", f"-z{high}", *limits, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Unavailable("map_failed", reason=done.stderr.strip())


def _feature(geometry: Any, zoom: int, **properties: str) -> Feature:
    return {
        "type": "Feature",
        "tippecanoe": {"minzoom": zoom},
        "properties": properties,
        "geometry": geometry,
    }


def _as_it_is(file: Path) -> Iterable[Feature]:
    """The features of an optional GeoJSON file."""
    features: list[Feature] = json.loads(file.read_text(encoding="utf-8"))["features"] if file.exists() else []
    return features


def _areas(pack: CityPack) -> Iterator[Feature]:
    for area in pack.areas:
        above = pack.orgs_above(area.org)
        station = next((o.name.zh for o in above if o.kind is OrgKind.STATION), "")
        name = {"name_zh": area.name.zh, "name_en": area.name.en or area.name.zh}
        yield _feature(mapping(area.shape), 9, code=area.code, org=area.org, station=station, **name)


def _roads(pack: CityPack) -> Iterator[Feature]:
    for edge in pack.road_edges:
        line = {"type": "LineString", "coordinates": [(p.lon, p.lat) for p in edge.line]}
        names = {"class": edge.road_class, "name": edge.name}
        yield _feature(line, _ROAD_ZOOM.get(edge.road_class, 13), **names)


def _places(pack: CityPack) -> Iterator[Feature]:
    for place in pack.places:
        point = {"type": "Point", "coordinates": (place.position.lon, place.position.lat)}
        yield _feature(point, _PLACE_ZOOM.get(place.kind, 15), name=place.name, kind=place.kind)
