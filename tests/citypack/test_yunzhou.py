"""The sample city: without faults, the same from the same seed, of the promised size, whole."""

import filecmp
import tomllib
from pathlib import Path

import numpy as np
import pytest
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from jieying.citypack.build import build_pack
from jieying.citypack.check import validate_pack
from jieying.citypack.model import CityPack, Level, OrgKind
from jieying.citypack.read import read_pack
from jieying.kit.geo import distance_m

RECIPE = Path(__file__).parents[2] / "packs" / "yunzhou"
GENERATED = ("nodes.csv", "edges.csv", "areas.geojson", "units.csv", "officers.csv", "duties.csv", "places.csv")


def silent(_: str) -> None:
    pass


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("built") / "yunzhou"
    build_pack(RECIPE, out, None, silent)
    return out


@pytest.fixture(scope="module")
def pack(folder: Path) -> CityPack:
    return read_pack(folder)


def test_it_has_no_faults(folder: Path) -> None:
    assert validate_pack(folder) == []


def test_the_same_seed_gives_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    build_pack(RECIPE, tmp_path / "again", None, silent)
    names = [f.name for f in folder.iterdir() if f.suffix != ".pmtiles"]
    assert set(GENERATED) <= set(names)
    assert filecmp.cmpfiles(folder, tmp_path / "again", names, shallow=False)[1:] == ([], [])


def test_it_is_of_the_promised_size(pack: CityPack) -> None:
    kinds = [o.kind for o in pack.orgs.values()]
    assert [kinds.count(k) for k in OrgKind] == [1, 1, 4, 12]
    assert (len(pack.areas), len(pack.units), len(pack.places)) == (60, 120, 3000)
    assert 13_500 < len(pack.road_nodes) < 16_500
    assert 340 < len(pack.officers) < 400
    assert sum(bool(c.parent) for c in pack.categories.values()) >= 40
    assert len(pack.alarm_words) >= 60


def test_every_road_node_can_be_reached_from_every_other(pack: CityPack) -> None:
    number = {node.id: i for i, node in enumerate(pack.road_nodes)}
    arcs = [(number[e.tail], number[e.head]) for e in pack.road_edges]
    arcs += [(number[e.head], number[e.tail]) for e in pack.road_edges if not e.oneway]
    tails, heads = np.array(arcs).T
    graph = coo_array((np.ones(len(arcs)), (tails, heads)), shape=(len(number), len(number)))
    assert connected_components(graph, connection="strong")[0] == 1


def test_roads_are_of_all_classes_and_some_are_one_way(pack: CityPack) -> None:
    classes = {e.road_class for e in pack.road_edges}
    assert classes == {"motorway", "trunk", "primary", "secondary", "tertiary", "residential"}
    assert classes <= pack.speeds.kmh.keys()
    assert sum(e.oneway for e in pack.road_edges) > 300


def test_lines_join_their_nodes_and_are_as_long_as_said(pack: CityPack) -> None:
    at = {node.id: node.position for node in pack.road_nodes}
    for edge in pack.road_edges:
        assert (edge.line[0], edge.line[-1]) == (at[edge.tail], at[edge.head])
    for edge in pack.road_edges[::50]:
        length = sum(distance_m(a, b) for a, b in zip(edge.line, edge.line[1:], strict=False))
        assert length == pytest.approx(edge.length_m, abs=0.2)


def test_areas_partition_the_city(pack: CityPack) -> None:
    shapes = [a.shape for a in pack.areas]
    whole = shapely.union_all(shapes)
    assert (whole.geom_type, len(whole.interiors)) == ("Polygon", 0)
    assert sum(s.area for s in shapes) == pytest.approx(whole.area, rel=1e-9)
    assert all(s.geom_type == "Polygon" for s in shapes)
    nodes = shapely.points([(n.position.lon, n.position.lat) for n in pack.road_nodes])
    shapely.prepare(whole)
    assert shapely.contains(whole, nodes).all()


def test_about_a_hundred_units_are_on_duty_at_any_hour(pack: CityPack) -> None:
    for day in range(1, 8):
        for minute in range(30, 1440, 60):
            on = {d.unit for d in pack.duties if _covers(d.days, d.start_minute, d.end_minute, day, minute)}
            assert 90 <= len(on) <= 115


def _covers(days: frozenset[int], start: int, end: int, day: int, minute: int) -> bool:
    if start < end:
        return day in days and start <= minute < end
    yesterday = (day - 2) % 7 + 1
    return (day in days and minute >= start) or (yesterday in days and minute < end)


def test_house_numbers_rise_along_a_road_and_sides_are_odd_and_even(pack: CityPack) -> None:
    roads: dict[str, list[int]] = {}
    for address in pack.addresses:
        roads.setdefault(address.road, []).append(address.number)
    for numbers in roads.values():
        odd, even = numbers[::2], numbers[1::2]
        assert odd == sorted(set(odd))
        assert all(n % 2 == 1 for n in odd)
        assert even == [n + 1 for n in odd]
    assert roads.keys() <= {e.name for e in pack.road_edges}


def test_the_most_urgent_targets_are_those_of_the_mission(pack: CityPack) -> None:
    red = pack.targets.seconds[Level.RED]
    assert red == {"answer": 3, "offer": 5, "accept": 20, "arrive": 300, "resolve": 3600}


def test_what_citizens_say_covers_all_channels_and_known_categories(pack: CityPack, folder: Path) -> None:
    reports = tomllib.loads((folder / "reports.toml").read_text(encoding="utf-8"))["report"]
    assert {r["category"] for r in reports} <= pack.categories.keys()
    assert {pack.categories[r["category"]].kind for r in reports} == {"police", "enquiry", "hotline"}
    channels = "phone sms wechat weibo qq app miniprogram web walk_in patrol lead letterbox alarm hotline_12345"
    assert {c for r in reports for c in r["channels"]} == set(channels.split())
    assert sum(len(r["templates"]) for r in reports) >= 80
    assert any(r.get("resend") for r in reports)


def test_skills_that_plans_and_categories_ask_for_exist(pack: CityPack) -> None:
    there = frozenset().union(*(u.skills for u in pack.units.values()))
    asked = frozenset().union(*(p.skills for p in pack.plans), *(c.skills for c in pack.categories.values()))
    assert asked <= there
