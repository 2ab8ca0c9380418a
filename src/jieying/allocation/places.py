"""What a posting is planned over: places where units may stand, and places where calls come from."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import h3.api.numpy_int as h3
import numpy as np

from jieying.citypack.model import CityPack, DemandPoint
from jieying.kit.geo import Point, distance_m
from jieying.places.areas import AreaIndex
from jieying.roads.graph import RoadGraph

# Cells of H3 from about 0.1 km² to 36 km², the finest first.
RESOLUTIONS = (9, 8, 7, 6)


@dataclass(frozen=True)
class Site:
    """A place where a unit may stand. `name`: of the unit whose post it is, of the station, of the roads that cross."""

    kind: Literal["post", "station", "crossing"]
    name: str
    position: Point


def by_cell(demand: Iterable[DemandPoint], most: int) -> list[DemandPoint]:
    """One point for all calls of an H3 cell, at their weighted middle: of the finest cells that are at most `most`."""
    given = [point for point in demand if point.weight > 0]
    for resolution in RESOLUTIONS:
        cells = defaultdict(list)
        for point in given:
            cells[h3.latlng_to_cell(*point.position, resolution)].append(point)
        if len(cells) <= most:
            break
    return [_middle(points) for _, points in sorted(cells.items())]


def _middle(points: list[DemandPoint]) -> DemandPoint:
    weights = np.array([point.weight for point in points])
    lat, lon = np.average([point.position for point in points], axis=0, weights=weights)
    return DemandPoint(Point(float(lat), float(lon)), float(weights.sum()))


def sites(pack: CityPack, graph: RoadGraph, most: int) -> list[Site]:
    """The posts of the pack, its stations, and one crossing for each H3 cell: of the finest that are at most `most`."""
    found = {unit.post: Site("post", str(unit.name), unit.post) for unit in pack.units.values()}
    for org in pack.orgs.values():
        if org.position is not None:
            found.setdefault(org.position, Site("station", str(org.name), org.position))
    crossings = _crossings(pack, graph, most)
    names = _road_names(graph, crossings)
    for node in crossings:
        found.setdefault(graph.node(node), Site("crossing", names[node], graph.node(node)))
    return list(found.values())


def _crossings(pack: CityPack, graph: RoadGraph, most: int) -> list[int]:
    """Where at least three stretches of road meet, within the areas: in each cell the one nearest to its middle."""
    stretches = np.bincount(np.concatenate([graph.tail, graph.head]), minlength=len(graph.lat))
    areas = AreaIndex(pack)
    inside = [node for node in np.flatnonzero(stretches >= 3).tolist() if areas.area_of(graph.node(node))]
    for resolution in RESOLUTIONS:
        cells: dict[int, list[int]] = defaultdict(list)
        for node in inside:
            cells[int(h3.latlng_to_cell(*graph.node(node), resolution))].append(node)
        if len(cells) <= most:
            break
    return [_nearest(nodes, Point(*h3.cell_to_latlng(cell)), graph) for cell, nodes in sorted(cells.items())]


def _nearest(nodes: list[int], place: Point, graph: RoadGraph) -> int:
    return min(nodes, key=lambda node: distance_m(graph.node(node), place))


def _road_names(graph: RoadGraph, nodes: list[int]) -> dict[int, str]:
    """The names of the roads at each of these nodes."""
    names: dict[int, set[str]] = {node: set() for node in nodes}
    for edge in np.flatnonzero(np.isin(graph.tail, nodes) | np.isin(graph.head, nodes)).tolist():
        for node in (int(graph.tail[edge]), int(graph.head[edge])):
            if node in names:
                names[node].add(graph.name_of(edge))
    return {node: " / ".join(sorted(roads - {""})) for node, roads in names.items()}
