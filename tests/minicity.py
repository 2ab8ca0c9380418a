"""A small invented city in memory, for tests: 3 km × 3 km, 6 × 6 blocks of 500 m, everything on duty.

    y=3000  滨河路  ┌──┬──┬──┬──┬──┬──┐
            青年路  ├  A2  ├  A4      ┤     west of 冬青街: station S1 (areas A1, A2)
            建设路  ├  S1  ├  S2      ┤     east of it:     station S2 (areas A3, A4)
    y=1500  文昌路  ├──┼──┼──┼──┼──┼──┤
            和平路  ├  A1  ├  A3      ┤     units U1–U4 belong to S1, U5–U8 to S2;
            长乐路  ├  S1  ├  S2      ┤     U4 and U8 have the skill "traffic", U3 and U7 "swat"
    y=0     平安路  └──┴──┴──┴──┴──┴──┘
          春晖街 夏荷街 秋实街 冬青街 朝阳大道 迎宾大道 民主街
            x=0                1500                3000

`spot(x, y)` is metres from the south-west corner as a point. House numbers grow eastwards (or northwards)
by 2 for every 100 m, even ones north (or east): 文昌路20号 is near x=1000. Every second pair is known.
"""

import math
from itertools import pairwise
from pathlib import Path

from shapely.geometry import box

from jieying.citypack.model import (
    Address,
    AlarmWord,
    Area,
    Category,
    CityPack,
    DispatchSettings,
    Duty,
    Level,
    Name,
    Officer,
    Org,
    OrgKind,
    Place,
    Plan,
    RoadEdge,
    RoadNode,
    Rung,
    SpeedTable,
    Targets,
    Unit,
    Whom,
)
from jieying.kit.geo import EARTH_RADIUS_M, Point

SIZE_M, BLOCK_M = 3000, 500
STREETS = ("春晖街", "夏荷街", "秋实街", "冬青街", "朝阳大道", "迎宾大道", "民主街")  # west to east
ROADS = ("平安路", "长乐路", "和平路", "文昌路", "建设路", "青年路", "滨河路")  # south to north
SOUTH_WEST = Point(30.0, 120.0)
_DEGREE_M = math.radians(1) * EARTH_RADIUS_M


def spot(x: float, y: float) -> Point:
    """The point `x` metres east and `y` metres north of the city's south-west corner."""
    lon_m = _DEGREE_M * math.cos(math.radians(SOUTH_WEST.lat))
    return Point(SOUTH_WEST.lat + y / _DEGREE_M, SOUTH_WEST.lon + x / lon_m)


def mini_city() -> CityPack:
    """The whole pack; change a part of it with `dataclasses.replace`."""
    orgs = _orgs()
    units = _units()
    return CityPack(
        folder=Path("/nowhere/minicity"),
        region="mini",
        name=Name("小城", "Mini City"),
        timezone="Asia/Shanghai",
        language="zh",
        center=spot(SIZE_M / 2, SIZE_M / 2),
        orgs=orgs,
        areas=_areas(),
        units=units,
        officers=tuple(Officer(f"O{u.code[1:]}", f"警员{u.code[1:]}", u.org, u.code) for u in units.values()),
        duties=tuple(Duty(code, frozenset(range(1, 8)), 0, 0) for code in units),
        categories=_categories(),
        alarm_words=_alarm_words(),
        plans=_plans(),
        targets=_targets(),
        outcomes={
            "handled": Name("现场处置", "Handled on scene"),
            "mediated": Name("调解", "Mediated"),
            "case": Name("立案", "Case opened"),
            "unfounded": Name("无警情", "Unfounded"),
        },
        places=_places(),
        addresses=_addresses(),
        road_nodes=_road_nodes(),
        road_edges=_road_edges(),
        speeds=SpeedTable({"arterial": 50.0, "street": 30.0}, 30.0),
        dispatch=DispatchSettings(),
    )


def _orgs() -> dict[str, Org]:
    return {
        o.code: o
        for o in (
            Org("P", "", OrgKind.PROVINCE, Name("小省公安厅", "Mini Province"), "/P/"),
            Org("C", "P", OrgKind.CITY, Name("小城市公安局", "Mini City"), "/P/C/"),
            Org("K", "C", OrgKind.COUNTY, Name("小县公安局", "Mini County"), "/P/C/K/"),
            Org("S1", "K", OrgKind.STATION, Name("城西派出所", "West Station"), "/P/C/K/S1/", spot(700, 1500)),
            Org("S2", "K", OrgKind.STATION, Name("城东派出所", "East Station"), "/P/C/K/S2/", spot(2300, 1500)),
        )
    }


def _areas() -> tuple[Area, ...]:
    half = SIZE_M / 2

    def quarter(x: float, y: float) -> object:
        low, high = spot(x, y), spot(x + half, y + half)
        return box(low.lon, low.lat, high.lon, high.lat)

    return (
        Area("A1", "S1", Name("西南片区", "South-west"), quarter(0, 0)),
        Area("A2", "S1", Name("西北片区", "North-west"), quarter(0, half)),
        Area("A3", "S2", Name("东南片区", "South-east"), quarter(half, 0)),
        Area("A4", "S2", Name("东北片区", "North-east"), quarter(half, half)),
    )


def _units() -> dict[str, Unit]:
    skills = {3: {"swat"}, 4: {"traffic"}, 7: {"swat"}, 8: {"traffic"}}
    posts = {1: (500, 500), 2: (500, 2500), 3: (1000, 1000), 4: (1000, 2000)}
    posts |= {5: (2500, 500), 6: (2500, 2500), 7: (2000, 1000), 8: (2000, 2000)}
    return {
        f"U{n}": Unit(
            code=f"U{n}",
            org="S1" if n <= 4 else "S2",
            name=Name(f"巡逻{n}组", f"Patrol {n}"),
            kind="car",
            skills=frozenset({"patrol"} | skills.get(n, set())),
            post=spot(*posts[n]),
            phone=f"0000-000{n}",
            plate=f"测A000{n}警",
        )
        for n in range(1, 9)
    }


def _categories() -> dict[str, Category]:
    rows = (
        Category("crime", "", Name("刑事警情", "Crime"), "police", Level.ORANGE),
        Category("robbery", "crime", Name("抢劫", "Robbery"), "police", Level.ORANGE, ("抢劫", "抢包", "robbery")),
        Category("theft", "crime", Name("盗窃", "Theft"), "police", Level.BLUE, ("被偷", "小偷", "盗窃", "theft")),
        Category(
            "fraud",
            "crime",
            Name("诈骗", "Fraud"),
            "police",
            Level.YELLOW,
            ("诈骗", "被骗", "转账", "fraud"),
            frozenset({"anti_fraud"}),
        ),
        Category("order", "", Name("治安警情", "Public order"), "police", Level.YELLOW),
        Category(
            "fight",
            "order",
            Name("打架斗殴", "Fight"),
            "police",
            Level.YELLOW,
            ("打架", "打人", "斗殴", "fight"),
        ),
        Category("noise", "order", Name("噪音扰民", "Noise"), "police", Level.WHITE, ("噪音", "太吵", "noise")),
        Category("traffic", "", Name("交通警情", "Traffic"), "police", Level.BLUE),
        Category(
            "crash",
            "traffic",
            Name("交通事故", "Crash"),
            "police",
            Level.BLUE,
            ("车祸", "追尾", "撞车", "交通事故", "crash"),
            frozenset({"traffic"}),
        ),
        Category("help", "", Name("群众求助", "Help"), "police", Level.BLUE),
        Category(
            "missing",
            "help",
            Name("走失", "Missing person"),
            "police",
            Level.YELLOW,
            ("走失", "走丢", "missing"),
        ),
        Category("enquiry", "", Name("咨询", "Enquiry"), "enquiry", Level.WHITE),
        Category(
            "papers",
            "enquiry",
            Name("证件办理", "Papers"),
            "enquiry",
            Level.WHITE,
            ("身份证", "户口", "passport"),
        ),
        Category("hotline", "", Name("非警务求助", "Not for police"), "hotline", Level.WHITE),
        Category(
            "utility",
            "hotline",
            Name("水电气", "Utilities"),
            "hotline",
            Level.WHITE,
            ("停水", "停电", "power cut"),
        ),
    )
    return {c.code: c for c in rows}


def _alarm_words() -> tuple[AlarmWord, ...]:
    return (
        AlarmWord("杀人", Level.RED, "crime"),
        AlarmWord("绑架", Level.RED, "crime"),
        AlarmWord("爆炸", Level.RED),
        AlarmWord("有枪", Level.RED),
        AlarmWord("抢劫", Level.RED, "robbery"),
        AlarmWord("持刀", Level.ORANGE),
        AlarmWord("受伤", Level.ORANGE),
        AlarmWord("gun", Level.RED),
        AlarmWord("injured", Level.ORANGE),
    )


def _plans() -> tuple[Plan, ...]:
    def plan(code: str, category: str, levels: set[Level], units: int, *skills: str, preempt: bool = False) -> Plan:
        guidance = Name(f"{code} 处置要点", f"Guidance for {code}")
        notify = (Whom("commander", OrgKind.COUNTY),) if preempt else ()
        return Plan(code, category, frozenset(levels), units, frozenset(skills), preempt, guidance, notify)

    return (
        plan("red", "*", {Level.RED}, 3, "swat", preempt=True),
        plan("crash", "crash", set(), 1, "traffic"),
        plan("crime", "crime", set(), 2),
        plan("any", "*", set(), 1),
    )


def _targets() -> Targets:
    names = ("answer", "offer", "accept", "arrive", "resolve")
    seconds = {
        Level.RED: (3, 10, 20, 300, 3600),
        Level.ORANGE: (3, 20, 30, 480, 3600),
        Level.YELLOW: (3, 30, 30, 600, 5400),
        Level.BLUE: (10, 60, 60, 900, 7200),
        Level.WHITE: (30, 120, 120, 1800, 14400),
    }
    return Targets(
        {level: dict(zip(names, row, strict=True)) for level, row in seconds.items()},
        (
            Rung("dispatcher", OrgKind.STATION, 0),
            Rung("commander", OrgKind.STATION, 60),
            Rung("commander", OrgKind.COUNTY, 180),
            Rung("commander", OrgKind.CITY, 600),
        ),
    )


def _places() -> tuple[Place, ...]:
    return (
        Place("人民医院", ("县医院",), "hospital", spot(550, 1480)),
        Place("中心广场", ("市民广场",), "square", spot(1520, 1520)),
        Place("实验小学", (), "school", spot(2480, 2020)),
        Place("火车站", ("小城站",), "station", spot(2900, 100)),
        Place("华联超市", (), "shop", spot(520, 2480)),  # one name, two places, far apart
        Place("华联超市", (), "shop", spot(2520, 480)),
    )


def _addresses() -> tuple[Address, ...]:
    known = []
    for row, (road, street) in enumerate(zip(ROADS, STREETS, strict=True)):
        for n in range(1, 30, 2):  # at 100 m, 300 m, … 2900 m
            for number, side in ((2 * n, 10), (2 * n - 1, -10)):
                known.append(Address(road, number, spot(100 * n, row * BLOCK_M + side)))
                known.append(Address(street, number, spot(row * BLOCK_M + side, 100 * n)))
    return tuple(known)


def node_id(column: int, row: int) -> int:
    """The crossing of STREETS[column] and ROADS[row]."""
    return row * len(STREETS) + column


def _road_nodes() -> tuple[RoadNode, ...]:
    return tuple(
        RoadNode(node_id(column, row), spot(column * BLOCK_M, row * BLOCK_M))
        for row in range(len(ROADS))
        for column in range(len(STREETS))
    )


def _road_edges() -> tuple[RoadEdge, ...]:
    nodes = {n.id: n.position for n in _road_nodes()}
    edges = []

    def run(ids: list[int], name: str) -> None:
        kind = "arterial" if name in ("文昌路", "冬青街") else "street"
        for tail, head in pairwise(ids):
            line = (nodes[tail], nodes[head])
            edges.append(RoadEdge(tail, head, float(BLOCK_M), kind, False, name, line))

    for row, name in enumerate(ROADS):
        run([node_id(column, row) for column in range(len(STREETS))], name)
    for column, name in enumerate(STREETS):
        run([node_id(column, row) for row in range(len(ROADS))], name)
    return tuple(edges)


def crossings() -> dict[frozenset[str], list[Point]]:
    """Where two named roads meet, as the places' locator takes it."""
    return {
        frozenset({street, road}): [spot(column * BLOCK_M, row * BLOCK_M)]
        for row, road in enumerate(ROADS)
        for column, street in enumerate(STREETS)
    }


def road_lines() -> dict[str, list[list[Point]]]:
    """The lines of every named road, as the places' locator takes them."""
    lines: dict[str, list[list[Point]]] = {}
    for edge in _road_edges():
        lines.setdefault(edge.name, []).append(list(edge.line))
    return lines
