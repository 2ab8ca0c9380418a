"""`jieying pack roads`: what was read, what was odd in it, and a route to look at."""

import resource
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich import box
from rich.table import Table

from jieying.citypack.model import SpeedTable
from jieying.commands.terminal import out, say, words, write_json
from jieying.kit.errors import Invalid
from jieying.kit.geo import Point, is_point

if TYPE_CHECKING:
    from jieying.citypack.roadsource.model import Roads
    from jieying.roads.network import Route

OTHER_KMH = 30.0  # of a class that we don't know


def run(source: Path, folder: Path, json: Path | None, ends: tuple[str, str] | None) -> None:
    """Read, check, write, tell. Raises Refused as `read_roads` and `write_roads` do."""
    from jieying.citypack.roadsource.read import read_roads
    from jieying.citypack.roadsource.write import check_folder, write_roads

    started = time.perf_counter()
    places = [_point(text) for text in ends or ()]
    check_folder(folder, source)
    roads = read_roads(source)
    route = _route(roads, places) if places else None
    write_roads(roads, folder, route.line if route else ())
    result = _result(roads, route, source, time.perf_counter() - started)
    write_json(json, result)
    _show(result, folder)
    if places:
        _show_route(route)


def _point(text: str) -> Point:
    try:
        lat, lon = map(float, text.split(","))
    except ValueError:
        lat = lon = float("nan")
    if not is_point(lat, lon):
        raise Invalid("roads_no_point", text=text)
    return Point(lat, lon)


def _route(roads: "Roads", places: list[Point]) -> "Route | None":
    """At the limits, without traffic: for the eye, not for a figure."""
    from jieying.citypack.roadsource.tags import CLASS_KMH
    from jieying.roads.dijkstra import DijkstraEngine
    from jieying.roads.graph import from_edges
    from jieying.roads.network import RoadNetwork

    graph = from_edges(roads.nodes, roads.edges, roads.turn_bans)
    network = RoadNetwork(graph, SpeedTable(CLASS_KMH, OTHER_KMH), engine=DijkstraEngine)
    return network.route(places[0], places[1], 0)


def _result(roads: "Roads", route: "Route | None", source: Path, seconds: float) -> dict[str, Any]:
    from jieying.citypack.roadsource.model import Odd, total_m

    islands = sum(one.count for one in roads.oddities if one.code is Odd.ISLAND)
    result: dict[str, Any] = {
        "source": str(source),
        "nodes": len(roads.nodes),
        "edges": len(roads.edges),
        "turn_bans": len(roads.turn_bans),
        "km": round(total_m(roads.edges) / 1000, 1),
        "kept_share": round(roads.kept_share, 4),
        "dropped": {"islands": islands, "edges": len(roads.dropped), "km": round(total_m(roads.dropped) / 1000, 1)},
        "classes": _classes(roads),
        "oddities": [{"code": one.code, "count": one.count, "examples": one.examples} for one in roads.oddities],
        "seconds": round(seconds, 2),
        "processor_seconds": round(time.process_time(), 2),  # with the start of the program; alike on a busy machine
        "memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }
    if route:
        result["route"] = {"seconds": round(route.seconds, 1), "metres": round(route.length_m), "names": route.names}
    return result


def _classes(roads: "Roads") -> list[dict[str, Any]]:
    """Of each class edges, kilometres, the share of them with a limit of their own, and the usual limit in a town."""
    from jieying.citypack.roadsource.tags import CLASS_KMH

    of_class = defaultdict(list)
    for edge in roads.edges:
        of_class[edge.road_class].append(edge)
    found = []
    for name, edges in of_class.items():
        metres = sum(edge.length_m for edge in edges)
        limited = sum(edge.length_m for edge in edges if edge.kmh is not None) / metres
        usual = CLASS_KMH.get(name, OTHER_KMH)
        found.append(
            {
                "class": name, "edges": len(edges), "km": round(metres / 1000, 1),
                "limited_share": round(limited, 3), "usual_kmh": usual,
            }
        )  # fmt: skip
    return sorted(found, key=lambda one: -one["km"])


def _show(result: dict[str, Any], folder: Path) -> None:
    classes = _table("class", "edges", "km", "limited", "usual_kmh")
    for one in result["classes"]:
        share = f"{100 * one['limited_share']:.0f} %"
        classes.add_row(one["class"], f"{one['edges']:,}", f"{one['km']:,.1f}", share, f"{one['usual_kmh']:g}")
    out.print(classes)
    if result["oddities"]:
        odd = Table(*(words(f"column.{name}") for name in ("odd", "count", "examples")), box=box.SIMPLE)
        for one in result["oddities"]:
            odd.add_row(words(f"roads.odd.{one['code']}"), f"{one['count']:,}", "\n".join(one["examples"]))
        out.print(odd)
    share = f"{100 * result['kept_share']:.1f}"
    say("cli.pack.roads.read", **{**result, "km": f"{result['km']:,}", "share": share})
    if result["dropped"]["edges"]:
        say("cli.pack.roads.dropped", **{**result["dropped"], "km": str(result["dropped"]["km"])})
    say("cli.pack.roads.took", seconds=str(result["seconds"]), megabytes=result["memory_mb"])
    say("cli.pack.roads.written", folder=folder)


def _table(*columns: str) -> Table:
    table = Table(box=box.SIMPLE)
    for column in columns:
        table.add_column(words(f"column.{column}"), justify="left" if column == "class" else "right")
    return table


def _show_route(route: "Route | None") -> None:
    if route is None:
        say("cli.pack.roads.no_route")
        return
    say("cli.pack.roads.route", seconds=f"{route.seconds:.0f}", metres=f"{route.length_m:,.0f}")
    say("cli.pack.roads.names", names=" → ".join(route.names))
