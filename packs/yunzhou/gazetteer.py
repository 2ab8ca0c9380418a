"""Named places and house numbers of 云洲, all invented."""

import math
from collections import defaultdict
from random import Random

import numpy as np
import shapely

from .ground import Ground, to_degrees
from .names import SECOND, word
from .network import Edge, Network

PLACES = 3_000
_DIGITS = "一二三四五六七八九十"
_ESTATES = ("花园", "小区", "家园", "新村", "苑", "公寓", "名邸", "华庭", "雅居", "里")
_SHOPS = ("超市", "便利店", "药房", "网吧", "宾馆", "酒店", "饭店", "火锅店", "茶馆", "快捷酒店", "健身中心", "加油站")
# how many, kind, and what the name ends with; estates fill up to PLACES
_KINDS: tuple[tuple[int, str, tuple[str, ...]], ...] = (
    (70, "school", ("小学",)),
    (34, "school", ("中学",)),
    (55, "school", ("幼儿园",)),
    (9, "school", ("职业学院", "技工学校")),
    (24, "hospital", ("医院", "中医院", "妇幼保健院")),
    (60, "hospital", ("社区卫生服务中心", "卫生院", "诊所")),
    (36, "mall", ("广场", "购物中心", "百货大楼", "商业街")),
    (54, "market", ("菜市场", "农贸市场", "批发市场", "建材市场")),
    (70, "government", ("居委会", "社区服务中心", "街道办事处", "便民中心")),
    (120, "office", ("大厦", "写字楼", "中心", "产业园")),
    (24, "factory", ("机械厂", "纺织厂", "食品厂", "物流园")),
    (420, "shop", _SHOPS),
)
# name, kind, km east, km north, other names
_LANDMARKS = """
云洲站 station 3.2 5.6 火车站 云洲火车站
云洲东站 station 9.4 -1.4 高铁站 高铁东站
云洲长途汽车客运站 station 2.9 5.2 汽车站 长途客运站
云洲港客运码头 station -0.4 -2.1 客运码头 轮渡码头
云洲市人民政府 government 0.6 3.0 市政府
云洲市政务服务中心 government 5.0 0.8 政务中心 办事大厅
云洲市体育中心 park -3.6 -4.6 体育中心 奥体中心
云洲市博物馆 park -2.2 0.6 市博物馆
云洲文庙 park 0.3 1.0 文庙
云洲大学 school 6.3 1.2 云大
云洲理工学院 school 4.4 6.1 理工学院
云洲师范学院 school -5.5 -3.6 师院
云洲市第一中学 school -1.6 3.1 云洲一中 市一中
云洲市第二中学 school 1.7 1.7 云洲二中 市二中
云洲市第一人民医院 hospital -0.9 1.4 一医院 市一医院 第一人民医院
云洲市第二人民医院 hospital -4.5 1.9 二医院 市二医院
云洲市中心医院 hospital 2.2 -4.2 中心医院
云洲市儿童医院 hospital 3.3 3.0 儿童医院
鼓楼广场 mall -0.3 0.5 鼓楼
步行街 mall 0.5 0.2 鼓楼步行街
万汇城 mall 1.9 -5.0 万汇城购物中心
会展中心 office -0.9 -5.6 国际会展中心
云洲软件园 office 9.2 1.8 软件园
临港物流园 factory 7.0 -6.0
"""
_PARKS = ("东湖公园", "南湖公园", "月湖湿地公园", "云山国家森林公园", "龟山公园", "南山公园")


class Gazetteer:
    """Collects places; a name is given once, unless it is that of a chain's branch."""

    def __init__(self, dice: Random) -> None:
        self.rows: list[tuple[object, ...]] = []
        self._dice = dice
        self._names: set[str] = set()

    def add(self, name: str, kind: str, xy: np.ndarray, *aliases: str) -> bool:
        if name in self._names:
            return False
        self._names.add(name)
        lon, lat = to_degrees(np.array([xy]))[0].tolist()
        self.rows.append((name, ";".join(aliases), kind, lat, lon))
        return True


def places(ground: Ground, network: Network, parks: list[shapely.Polygon], dice: Random) -> list[tuple[object, ...]]:
    """Rows of places.csv: landmarks first, then metro, bridges, parks, banks, villages, and estates to fill."""
    found = Gazetteer(dice)
    town = [e for e in network.edges if e.name and e.road_class not in ("motorway",)]
    dense = [e for e in town if _middle_away(e) < 8_300]
    fields = [e for e in town if e.road_class == "residential" and _middle_away(e) > 8_600]
    _landmarks(found)
    _parks(found, ground, parks, dice)
    _bridges(found, ground, network)
    _metro(found, network, dice)
    _many(found, dense, dice)
    while sum(r[2] == "village" for r in found.rows) < 230:
        family = dice.choice("王李张刘陈杨黄赵吴周徐孙朱胡郭何罗") + dice.choice(("家", "家", ""))
        name = family + dice.choice(SECOND) + dice.choice(("村", "村", "湾", "庄"))
        found.add(name, "village", _beside(dice.choice(fields), dice))
    while len(found.rows) < PLACES:
        base, ending = word(dice), dice.choice(_ESTATES)
        phase = dice.choice(("", "", "", "一期", "二期", "东区", "西区"))
        found.add(
            base + ending + phase, "estate", _beside(dice.choice(dense), dice), *((base + ending,) if phase else ())
        )
    return found.rows


def _middle_away(edge: Edge) -> float:
    return math.hypot(*edge.line[len(edge.line) // 2])


def _beside(edge: Edge, dice: Random, off: float = 35) -> np.ndarray:
    """A spot some metres beside a street."""
    along = dice.uniform(0.25, 0.75)
    k = min(int(along * (len(edge.line) - 1)), len(edge.line) - 2)
    a, b = edge.line[k], edge.line[k + 1]
    step = (b - a) / max(1.0, math.hypot(*(b - a)))
    return a + (b - a) * 0.5 + np.array([-step[1], step[0]]) * off * dice.choice((-1, 1))


def _landmarks(found: Gazetteer) -> None:
    for row in _LANDMARKS.strip().splitlines():
        name, kind, x, y, *aliases = row.split()
        found.add(name, kind, np.array([float(x), float(y)]) * 1000, *aliases)


def _parks(found: Gazetteer, ground: Ground, parks: list[shapely.Polygon], dice: Random) -> None:
    for shape, name in zip((*ground.lakes, *ground.hills), _PARKS, strict=True):
        edge = shapely.get_coordinates(shape.buffer(60).exterior)
        found.add(name, "park", edge[len(edge) // 3], name.replace("公园", "").replace("国家森林", ""))
    for park in parks:
        while not found.add(word(dice) + "公园", "park", shapely.get_coordinates(park.representative_point())[0]):
            pass


def _bridges(found: Gazetteer, ground: Ground, network: Network) -> None:
    """One bridge for each road name that crosses the river."""
    middles = shapely.linestrings([e.line[[0, -1]] for e in network.edges])
    for k in np.flatnonzero(shapely.intersects(middles, ground.river_line)).tolist():
        edge = network.edges[k]
        stem = edge.name.removesuffix("大道").removesuffix("路").removeprefix("云洲")
        xy = shapely.get_coordinates(shapely.intersection(middles[k], ground.river_line))[0]
        found.add(f"{stem}大桥", "bridge", xy, f"{stem}桥")


def _metro(found: Gazetteer, network: Network, dice: Random) -> None:
    """Four lines along main streets, a station about every 1.1 km with exits A to D."""
    lines = {"1号线": "人民", "2号线": "解放", "3号线": "学府", "4号线": "朝阳"}
    for line, stem in lines.items():
        edges = [e for e in network.edges if e.name.startswith(stem) and e.name[-1] == "路" and len(e.name) == 4]
        ends = np.array([p for e in edges for p in (e.line[0], e.line[-1])])
        ends = ends[np.lexsort((ends[:, 1], ends[:, 0]) if line in ("1号线", "4号线") else (ends[:, 0], ends[:, 1]))]
        last = None
        for xy in ends:
            if last is not None and math.hypot(*(xy - last)) < 1_050:
                continue
            last = xy
            while not found.add((name := word(dice)) + "地铁站", "metro", xy, f"地铁{name}站", f"地铁{line}{name}站"):
                pass
            for letter, (dx, dy) in zip("ABCD", ((45, 40), (45, -40), (-45, -40), (-45, 40)), strict=True):
                found.add(
                    f"{name}地铁站{letter}口",
                    "metro_exit",
                    xy + np.array([dx, dy]),
                    f"地铁{name}站{letter}口",
                    f"{name}站{letter}出口",
                )


def _many(found: Gazetteer, edges: list[Edge], dice: Random) -> None:
    main = [e for e in edges if "ary" in e.road_class]
    numbered = 3
    for count, kind, endings in _KINDS:
        done = 0
        while done < count:
            ending = dice.choice(endings)
            if ending == "中学" and numbered <= 20:
                digits = (
                    _DIGITS[numbered - 1]
                    if numbered <= 10
                    else ("二十" if numbered == 20 else "十" + _DIGITS[numbered - 11])
                )
                name, aliases = f"云洲市第{digits}中学", [f"云洲{digits}中", f"{digits}中"]
                numbered += 1
            else:
                base = word(dice)
                name, aliases = base + ending, [f"云洲市{base}{ending}"] if kind in ("school", "hospital") else []
            done += found.add(name, kind, _beside(dice.choice(edges if kind != "office" else main), dice), *aliases)
    for bank in ("云洲银行", "楚江农商银行", "江城储蓄所"):
        for _ in range(36):
            edge = dice.choice(main)
            found.add(f"{bank}{edge.name}支行", "bank", _beside(edge, dice, 25), f"{edge.name}{bank}")


def addresses(network: Network) -> list[tuple[object, ...]]:
    """Rows of addresses.csv: numbers rise along each road, odd ones on its left, even ones on its right.

    About one pair in every 200 m is known; the others lie between (they are interpolated).
    """
    by_name: dict[str, list[Edge]] = defaultdict(list)
    for edge in network.edges:
        if edge.name and edge.road_class != "motorway":
            by_name[edge.name].append(edge)
    rows: list[tuple[object, ...]] = []
    for name in sorted(by_name):
        number = 1
        for line in _strings(by_name[name]):
            length = line.length
            for k in range(max(1, int(length // 200))):
                at = 100 + k * 200 if length > 200 else length / 2
                a = shapely.get_coordinates(line.interpolate(at - 5))[0]
                b = shapely.get_coordinates(line.interpolate(at + 5))[0]
                step = (b - a) / max(0.1, math.hypot(*(b - a)))
                side = np.array([-step[1], step[0]]) * 14
                for extra, offset in ((0, side), (1, -side)):
                    lon, lat = to_degrees(np.array([(a + b) / 2 + offset]))[0].tolist()
                    rows.append((name, number + extra, lat, lon))
                number += 16
    return rows


def _strings(edges: list[Edge]) -> list[shapely.LineString]:
    """The pieces of one road put together, from west to east or south to north; of a dual road one side only."""
    lines = [
        shapely.LineString(e.line) for e in edges if not e.oneway or e.road_class not in ("trunk",) or _eastward(e)
    ]
    merged = shapely.get_parts(shapely.line_merge(shapely.union_all(lines)))
    turned = [line if _forward(shapely.get_coordinates(line)) else line.reverse() for line in merged]
    spread = np.ptp(np.array([line.coords[0] for line in turned]), axis=0)
    axis = 0 if spread[0] >= spread[1] else 1
    return sorted(turned, key=lambda line: (round(line.coords[0][axis]), round(line.coords[0][1 - axis])))


def _forward(points: np.ndarray) -> bool:
    dx, dy = points[-1] - points[0]
    return bool(dx > 0 if abs(dx) >= abs(dy) else dy > 0)


def _eastward(edge: Edge) -> bool:
    return _forward(edge.line)
