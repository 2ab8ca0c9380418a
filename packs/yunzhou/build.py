"""Builds the sample city 云洲 (Yunzhou). It is invented: no such city stands at 30.9 N, 112.6 E, no person, street,
phone number or plate here is real. The same seed gives the same bytes.
"""

from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import shapely

from jieying.citypack.write import line_text, write_csv, write_features
from jieying.kit.geo import EARTH_RADIUS_M

from . import force, gazetteer
from .ground import Ground, make_ground, to_degrees
from .names import StreetNames
from .network import Network, make_network
from .streets import blocks_between, fill, main_streets

SEED = 20261122


def build(out: Path, source: Path | None, progress: Callable[[str], None]) -> None:
    """Write what is generated of the pack into `out`; `source` is not needed."""
    del source
    dice = Random(SEED)
    ground = make_ground()
    main = main_streets(ground, dice)
    local, parks = fill(ground, blocks_between(ground, main), StreetNames(dice), dice)
    network = make_network(main + local, progress)
    progress(f"{len(network.nodes)} road nodes, {len(network.edges)} road edges")
    _write_roads(out, network)
    _write_ground(out, ground, parks)

    areas = force.areas(ground, main, dice)
    keys = ("code", "org", "name_zh", "name_en")
    rows = [(dict(zip(keys, (a.code, a.org, a.zh, a.en), strict=True)), a.shape) for a in areas]
    write_features(out / "areas.geojson", rows)
    write_csv(out / "orgs.csv", "code,parent,kind,name_zh,name_en,lat,lon", force.orgs())
    units = force.units(areas, network, dice)
    write_csv(out / "units.csv", "code,org,name_zh,name_en,kind,skills,lat,lon,phone,plate", units)
    officers, duties = force.officers_and_duties(dice, units)
    write_csv(out / "officers.csv", "code,name,org,unit", officers)
    write_csv(out / "duties.csv", "unit,days,start,end", duties)
    progress(f"{len(areas)} areas, {len(units)} units, {len(officers)} officers")

    places = gazetteer.places(ground, network, parks, dice)
    write_csv(out / "places.csv", "name,aliases,kind,lat,lon", places)
    addresses = gazetteer.addresses(network)
    write_csv(out / "addresses.csv", "road,number,lat,lon", addresses)
    progress(f"{len(places)} places, {len(addresses)} addresses")


def _write_roads(out: Path, network: Network) -> None:
    nodes = to_degrees(network.nodes)
    write_csv(out / "nodes.csv", "id,lat,lon", ((i, lat, lon) for i, (lon, lat) in enumerate(nodes.tolist())))
    rows = []
    for edge in network.edges:
        line = to_degrees(edge.line)
        length = round(_length_m(line), 1)
        rows.append(
            (edge.tail, edge.head, length, edge.road_class, int(edge.oneway), edge.name, line_text(line.tolist()))
        )
    write_csv(out / "edges.csv", "tail,head,length_m,class,oneway,name,line", rows)


def _length_m(lonlat: np.ndarray) -> float:
    """Length on the sphere; flat between two points, which is right to a millimetre at this size."""
    lon, lat = np.radians(lonlat).T
    return float(np.hypot(np.diff(lon) * np.cos((lat[:-1] + lat[1:]) / 2), np.diff(lat)).sum() * EARTH_RADIUS_M)


def _write_ground(out: Path, ground: Ground, parks: list[shapely.Polygon]) -> None:
    """What only the map shows."""
    water = [("云江", ground.river), ("运河", ground.canal), *zip(("东湖", "南湖", "月湖"), ground.lakes, strict=True)]
    green = [*zip(("云山", "龟山", "南山"), ground.hills, strict=True), *(("", p) for p in parks)]
    for file, shapes in (("water.geojson", water), ("green.geojson", green)):
        features = []
        for name, shape in shapes:
            inside = shapely.intersection(
                shape, ground.outline if file.startswith("green") else ground.outline.buffer(2_500)
            )
            features.append(({"name": name}, shapely.transform(shapely.simplify(inside, 4), to_degrees)))
        write_features(out / file, features)
