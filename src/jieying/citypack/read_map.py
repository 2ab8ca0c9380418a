"""The parts of a pack that are on the map: areas, places, addresses, roads."""

from typing import Any

from shapely.errors import ShapelyError
from shapely.geometry import GeometryCollection, shape
from shapely.geometry.base import BaseGeometry

from jieying.citypack.model import Address, Area, DemandPoint, Org, Place, RoadEdge, RoadNode, TurnBan
from jieying.citypack.source import NOWHERE, Record, Source
from jieying.kit.geo import Point, is_point


def read_areas(source: Source, orgs: dict[str, Org]) -> tuple[Area, ...]:
    areas: dict[str, Area] = {}
    names: set[tuple[str, str]] = set()
    for record, geometry in source.features("areas.geojson", "code,org,name_zh,name_en"):
        code = record.fresh_code(areas)
        org = record.known("org", orgs, "unknown_org")
        areas[code] = Area(code, org, record.fresh_name(org, names), _shape(record, geometry))
    if not areas:
        source.fault("areas.geojson", 0, "nothing_in_it")
    return tuple(areas.values())


def _shape(record: Record, geometry: Any) -> BaseGeometry:
    try:
        found = shape(geometry)
    except (ShapelyError, ValueError, TypeError, KeyError, AttributeError, IndexError) as error:
        record.fault("bad_shape", reason=str(error))
        return GeometryCollection()
    if found.geom_type not in ("Polygon", "MultiPolygon"):
        record.fault("bad_shape", reason=found.geom_type)
    elif found.is_empty or not found.is_valid:
        record.fault("bad_shape", reason="empty" if found.is_empty else "self-intersection")
    else:
        west, south, east, north = found.bounds
        if not is_point(south, west) or not is_point(north, east):
            record.fault("position_range", lat=f"{south}…{north}", lon=f"{west}…{east}")
    return found


def read_places(source: Source) -> tuple[Place, ...]:
    return tuple(
        Place(record.text("name"), record.texts("aliases"), record.text("kind"), record.point())
        for record in source.table("places.csv", "name,aliases,kind,lat,lon")
    )


def read_addresses(source: Source) -> tuple[Address, ...]:
    return tuple(
        Address(record.text("road"), record.whole("number", low=1, high=1_000_000), record.point())
        for record in source.table("addresses.csv", "road,number,lat,lon")
    )


def read_nodes(source: Source) -> dict[int, RoadNode]:
    nodes: dict[int, RoadNode] = {}
    for record in source.table("nodes.csv", "id,lat,lon"):
        number = record.whole("id", high=1 << 62)
        if number in nodes:
            record.fault("duplicate_code", value=number)
        nodes[number] = RoadNode(number, record.point())
    if not nodes:
        source.fault("nodes.csv", 0, "nothing_in_it")
    return nodes


def read_edges(source: Source, nodes: dict[int, RoadNode]) -> dict[int, RoadEdge]:
    """The edges by their id; without a column `id` that is their place in the file, from 0."""
    edges: dict[int, RoadEdge] = {}
    for record in source.table("edges.csv", "tail,head,length_m,class,oneway,name,line", "id,kmh"):
        number = record.whole("id", len(edges), high=1 << 62)
        if number in edges:
            record.fault("duplicate_code", value=number)
        tail, head = record.whole("tail", high=1 << 62), record.whole("head", high=1 << 62)
        for node in (tail, head):
            if node not in nodes:
                record.fault("unknown_node", value=node)
        length = record.number("length_m", high=1e6)
        if length <= 0:
            record.fault("not_positive", field="length_m", value=record.values["length_m"])
        oneway = record.one_of("oneway", ("0", "1")) == "1"
        name, line = record.text("name", ""), _line(record)
        kmh = record.number("kmh", low=1, high=300) if record.values["kmh"] else None
        edges[number] = RoadEdge(tail, head, length, record.text("class"), oneway, name, line, kmh)
    return edges


def read_turn_bans(source: Source, nodes: dict[int, RoadNode], edges: dict[int, RoadEdge]) -> tuple[TurnBan, ...]:
    """The file is optional: many cities know of no bans."""
    if not source.has("turns.csv"):
        return ()
    places = {number: place for place, number in enumerate(edges)}
    bans = []
    for record in source.table("turns.csv", "from_edge,via,to_edge"):
        before, via, after = (record.whole(key, high=1 << 62) for key in ("from_edge", "via", "to_edge"))
        if via not in nodes:
            record.fault("unknown_node", value=via)
        for edge in (before, after):
            if edge not in edges:
                record.fault("unknown_edge", value=edge)
            elif via not in (edges[edge].tail, edges[edge].head):
                record.fault("edge_not_at_node", edge=edge, node=via)
        if before in edges and after in edges:
            bans.append(TurnBan(places[before], via, places[after]))
    return tuple(bans)


def read_demand(source: Source) -> tuple[DemandPoint, ...]:
    """Where calls come from, as learned from recorded ones; the file is optional."""
    if not source.has("demand.csv"):
        return ()
    return tuple(
        DemandPoint(record.point(), record.number("weight")) for record in source.table("demand.csv", "lat,lon,weight")
    )


def _line(record: Record) -> tuple[Point, ...]:
    """`lon lat;lon lat;…` as points."""
    try:
        line = tuple(
            Point(float(lat), float(lon)) for lon, lat in (p.split() for p in record.values["line"].split(";"))
        )
    except ValueError:
        record.fault("bad_line")
        return (NOWHERE, NOWHERE)
    if len(line) < 2 or not all(-90 <= lat <= 90 and -180 <= lon <= 180 for lat, lon in line):
        record.fault("bad_line")
    return line
