"""Who is responsible for what in 云洲: organisations, areas, units, officers, duties. All of them invented."""

import heapq
from dataclasses import dataclass
from random import Random

import numpy as np
import shapely

from .ground import Ground, to_degrees
from .network import Network
from .streets import Street, halved, sides

# code, 中文, English, east km, north km, reach: a station in the fields takes more ground than one in the old town
STATIONS = (
    ("YZ0101", "城关派出所", "Chengguan", 0.1, 0.1, 0.75),
    ("YZ0102", "鼓楼派出所", "Gulou", -2.9, 2.6, 0.85),
    ("YZ0103", "北门派出所", "Beimen", 1.3, 4.3, 0.85),
    ("YZ0201", "江南派出所", "Jiangnan", 0.4, -5.0, 0.85),
    ("YZ0202", "南湖派出所", "Nanhu", -5.3, -7.2, 1.1),
    ("YZ0203", "临港派出所", "Lingang", 6.6, -7.6, 1.1),
    ("YZ0301", "云山派出所", "Yunshan", -7.8, 8.3, 1.2),
    ("YZ0302", "青溪派出所", "Qingxi", 0.6, 9.8, 1.1),
    ("YZ0303", "石桥派出所", "Shiqiao", -9.2, -0.6, 1.1),
    ("YZ0401", "东湖派出所", "Donghu", 5.0, 1.3, 0.85),
    ("YZ0402", "望湖派出所", "Wanghu", 8.6, 7.4, 1.15),
    ("YZ0403", "高新派出所", "Gaoxin", 10.3, -0.6, 1.1),
)
COUNTIES = (
    ("YZ01", "城中分局", "Chengzhong Branch"),
    ("YZ02", "江南分局", "Jiangnan Branch"),
    ("YZ03", "云山分局", "Yunshan Branch"),
    ("YZ04", "东湖分局", "Donghu Branch"),
)
_AREAS_PER_STATION = 5
_COMMUNITIES = (  # five for each station, in the order of STATIONS
    "府前 Fuqian,文庙 Wenmiao,南街 Nanjie,钟鼓 Zhonggu,状元 Zhuangyuan,"
    "龟山 Guishan,西苑 Xiyuan,建业 Jianye,桃园 Taoyuan,柳林 Liulin,"
    "北苑 Beiyuan,运河 Yunhe,青年 Qingnian,科技 Keji,松涛 Songtao,"
    "滨江 Binjiang,江岸 Jiang'an,新华 Xinhua,五里 Wuli,会展 Huizhan,"
    "南湖 Nanhu,平安 Ping'an,杨店 Yangdian,高桥 Gaoqiao,陈河 Chenhe,"
    "码头 Matou,保税 Baoshui,南山 Nanshan,白沙 Baisha,渔洲 Yuzhou,"
    "云峰 Yunfeng,松林 Songlin,茶场 Chachang,梅岭 Meiling,山门 Shanmen,"
    "青溪 Qingxi,枣林 Zaolin,双河 Shuanghe,麦园 Maiyuan,古井 Gujing,"
    "石桥 Shiqiao,三岔 Sancha,荷塘 Hetang,罗集 Luoji,西营 Xiying,"
    "东湖 Donghu,学府 Xuefu,湖滨 Hubin,长虹 Changhong,世纪 Shiji,"
    "望湖 Wanghu,月湖 Yuehu,竹溪 Zhuxi,大堤 Dadi,黄岗 Huanggang,"
    "软件园 Software Park,东站 East Station,创业 Chuangye,河口 Hekou,新城 Xincheng"
)


@dataclass(frozen=True)
class AreaDraft:
    code: str
    org: str
    zh: str
    en: str
    shape: shapely.Geometry  # degrees


def orgs() -> list[tuple[object, ...]]:
    """Rows of orgs.csv."""
    rows: list[tuple[object, ...]] = [
        ("CJ", "", "province", "楚江省公安厅", "Chujiang Province Public Security", "", ""),
        ("YZ", "CJ", "city", "云洲市公安局", "Yunzhou Public Security Bureau", *_at(0.3, 0.9)),
    ]
    for code, zh, en in COUNTIES:
        first = next(s for s in STATIONS if s[0].startswith(code))
        rows.append((code, "YZ", "county", "云洲市公安局" + zh, en, *_at(first[3] + 0.4, first[4] + 0.3)))
    for code, zh, en, x, y, _ in STATIONS:
        rows.append((code, code[:4], "station", zh, f"{en} Station", *_at(x, y)))
    return rows


def _at(x_km: float, y_km: float) -> tuple[float, float]:
    lon, lat = to_degrees(np.array([[x_km * 1000, y_km * 1000]]))[0].tolist()
    return lat, lon


def areas(ground: Ground, streets: list[Street], dice: Random) -> list[AreaDraft]:
    """60 areas whose borders run along main streets, the middle of the river and the edge of the hills.

    The faces between these lines are given to stations, then to five areas of each, so that each grows outwards
    over neighbouring faces. Faces share their corner points exactly, therefore the areas partition the city.
    """
    faces = _faces(ground, streets, dice)
    at = shapely.get_coordinates(shapely.centroid(faces))
    next_to = _neighbours(faces)
    seeds = [_nearest(at, s[3] * 1000, s[4] * 1000) for s in STATIONS]
    everything = list(range(len(faces)))
    station_of = _grow(everything, at, next_to, seeds, [s[5] for s in STATIONS])
    communities = [c.split(" ", 1) for c in _COMMUNITIES.split(",")]
    drafts = []
    for number, station in enumerate(STATIONS):
        mine = [f for f in everything if station_of[f] == number]
        area_of = _quarters(mine, faces, at, next_to)
        for k in range(_AREAS_PER_STATION):
            zh, en = communities[number * _AREAS_PER_STATION + k]
            shape = shapely.coverage_union_all(faces[[f for f in mine if area_of[f] == k]])
            drafts.append(AreaDraft(f"{station[0]}-{k + 1}", station[0], zh + "警务区", en, shape))
    return drafts


def _faces(ground: Ground, streets: list[Street], dice: Random) -> np.ndarray:
    """The city cut along its main lines, in degrees of 6 digits; large faces in the fields are cut again."""
    lines = [s.line for s in streets if s.road_class in ("primary", "secondary", "trunk", "motorway")]
    lines += [ground.river_line, *(h.exterior for h in ground.hills)]
    lines = [shapely.simplify(line.intersection(ground.outline), 12) for line in lines]
    faces = shapely.get_parts(shapely.polygonize([shapely.union_all([*lines, ground.outline.exterior])]))
    cuts = [cut for face in faces for cut in _cuts(face, dice)]
    noded = shapely.union_all([*lines, ground.outline.exterior, *cuts])
    degrees = shapely.transform(noded, to_degrees)
    whole = shapely.union_all(degrees, grid_size=1e-6)
    return np.array(shapely.get_parts(shapely.polygonize([whole])))


def _cuts(face: shapely.Polygon, dice: Random) -> list[shapely.LineString]:
    """Lines that cut a large face across its length, and its halves again."""
    if face.area < 1_500_000:
        return []
    long, short, corner, (along, across) = sides(face)
    at = corner + along * long * dice.uniform(0.42, 0.58)
    line = shapely.LineString([at - across * short, at + across * 2 * short])
    halves = [p for half in halved(face, at, along, across) for p in shapely.get_parts(half)]
    return [line.intersection(face), *(c for h in halves if h.geom_type == "Polygon" for c in _cuts(h, dice))]


def _neighbours(faces: np.ndarray) -> dict[int, list[int]]:
    """Faces that share a border, not just a corner."""
    i, j = shapely.STRtree(faces).query(faces, predicate="touches")
    shared = shapely.length(shapely.intersection(faces[i], faces[j])) > 1e-5
    found: dict[int, list[int]] = {}
    for a, b in sorted(zip(i[shared].tolist(), j[shared].tolist(), strict=True)):
        found.setdefault(a, []).append(b)
    return found


def _nearest(at: np.ndarray, x: float, y: float) -> int:
    return int(np.hypot(*(at - to_degrees(np.array([[x, y]]))).T).argmin())


def _quarters(mine: list[int], faces: np.ndarray, at: np.ndarray, next_to: dict[int, list[int]]) -> dict[int, int]:
    """Five areas of one station, of similar size: seeds far from each other, moved to the middle of their areas."""
    size = shapely.area(faces)
    large = sorted(mine, key=lambda f: (size[f], f))[len(mine) // 2 :]  # a sliver is no good middle
    seeds = [large[-1]]
    while len(seeds) < _AREAS_PER_STATION:
        seeds.append(max(large, key=lambda f: (min(np.hypot(*(at[f] - at[s])) for s in seeds), f)))
    for _ in range(6):
        owner = _grow(mine, at, next_to, seeds, [1.0] * len(seeds))
        for k in range(len(seeds)):
            group = [f for f in mine if owner[f] == k]
            middle = np.average(at[group], axis=0, weights=size[group])
            seeds[k] = min((f for f in group if f in large), key=lambda f: float(np.hypot(*(at[f] - middle))))
    return _grow(mine, at, next_to, seeds, [1.0] * len(seeds))


def _grow(
    members: list[int], at: np.ndarray, next_to: dict[int, list[int]], seeds: list[int], reach: list[float]
) -> dict[int, int]:
    """Every member to the seed that is nearest over neighbouring members (Dijkstra)."""
    allowed = set(members)
    owner: dict[int, int] = {}
    queue = [(0.0, seed, k) for k, seed in enumerate(seeds)]
    while queue:
        cost, face, k = heapq.heappop(queue)
        if face in owner:
            continue
        owner[face] = k
        for other in next_to.get(face, []):
            if other in allowed and other not in owner:
                step = float(np.hypot(*(at[face] - at[other])))
                heapq.heappush(queue, (cost + step / reach[k], other, k))
    for face in members:  # cut off from every seed by others' ground: to the nearest seed
        if face not in owner:
            owner[face] = min(range(len(seeds)), key=lambda k: float(np.hypot(*(at[face] - at[seeds[k]]))))
    return owner


# kind, 中文, English, skills, how many per station / branch / city, officers, duty
_STATION_UNITS = (
    ("car", "巡逻车", "Patrol Car", "patrol;first_aid", 3, 4, "always"),
    ("motorcycle", "骑巡", "Motorcycle", "patrol;mediation", 1, 2, "always"),
    ("foot", "步巡", "Foot Patrol", "patrol;mediation", 1, 2, "turns"),
    ("community", "社区民警", "Community", "mediation;community", 1, 2, "days"),
    ("car", "快处车", "Quick Response", "patrol;mediation;first_aid", 1, 3, "always"),
)
_BRANCH_UNITS = (
    ("traffic", "交警", "Traffic", "traffic;first_aid", 2, 3, "always"),
    ("traffic", "交警铁骑", "Traffic Motorcycle", "traffic", 1, 2, "turns"),
    ("special", "特巡警", "Special Police", "special;patrol;first_aid", 1, 5, "always"),
    ("detective", "刑侦", "Detectives", "detective", 2, 3, "always"),
)
_CITY_UNITS = (
    ("special", "特警突击", "SWAT", "special;armed;first_aid", 3, 6, "always"),
    ("traffic", "高速交警", "Highway Traffic", "traffic;first_aid", 3, 3, "always"),
    ("detective", "重案", "Major Crimes", "detective;forensics", 2, 4, "always"),
    ("anti_fraud", "反诈专班", "Anti-Fraud", "anti_fraud", 2, 3, "always"),
    ("detective", "禁毒", "Narcotics", "detective;narcotics", 1, 3, "days"),
    ("special", "排爆", "Bomb Disposal", "special;bomb", 1, 4, "always"),
)
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任沈"
_GIVEN = "伟芳娜敏静强磊军洋勇艳杰涛明超霞平刚桂英华建国志鹏宇浩然欣怡子轩雨晨佳慧文博思远振东海波立新晓光俊峰"


def units(drafts: list[AreaDraft], network: Network, dice: Random) -> list[tuple[object, ...]]:
    """Rows of units.csv: 7 for each station, 6 for each branch, 12 for the city: 120. Posts lie on roads."""
    spots = to_degrees(network.nodes)
    local = np.array(sorted({e.tail for e in network.edges if e.road_class not in ("motorway", "trunk")}))
    points = shapely.points(spots[local])
    of_area = {d.code: local[shapely.contains(shapely.buffer(d.shape, -2e-4), points)] for d in drafts}
    rows: list[tuple[object, ...]] = []

    def add(
        org: str, tables: tuple[tuple[str, str, str, str, int, int, str], ...], codes: list[str], zh_of: str, en_of: str
    ) -> None:
        number = 0
        for kind, zh, en, skills, count, _, _ in tables:
            for k in range(count):
                nodes = of_area[codes[number % len(codes)]]
                lon, lat = spots[int(dice.choice(list(nodes)))].tolist()
                number += 1
                suffix = f"{k + 1}" if count > 1 else ""
                phone = f"0999-{len(rows) + 1000:04d}"
                plate = "" if kind in ("foot", "community") else f"云A{len(rows) + 101:04d}警"
                code = f"{org}-{number:02d}"
                name_en = " ".join(filter(None, (en_of, en, suffix)))
                rows.append((code, org, zh_of + zh + suffix, name_en, kind, skills, lat, lon, phone, plate))

    for station in STATIONS:
        add(station[0], _STATION_UNITS, [d.code for d in drafts if d.org == station[0]], station[1][:2], station[2])
    for code, zh, en in COUNTIES:
        add(code, _BRANCH_UNITS, [d.code for d in drafts if d.org.startswith(code)], zh[:2], en)
    add("YZ", _CITY_UNITS, [d.code for d in drafts[:20]], "", "")
    return rows


def officers_and_duties(dice: Random, rows: list[tuple[object, ...]]) -> tuple[list, list]:
    """Rows of officers.csv and duties.csv: about 100 units are on duty at any time."""
    by_name = {(kind, zh): (n, duty) for table in (_STATION_UNITS, _BRANCH_UNITS, _CITY_UNITS)
               for kind, zh, _, _, _, n, duty in table}  # fmt: skip
    officers: list[tuple[str, str, str, str]] = []
    duties: list[tuple[str, str, str, str]] = []
    night = False
    for code, org, zh, _, kind, *_ in rows:
        bare = str(zh).rstrip("123")
        count, duty = next(v for (k, name), v in by_name.items() if k == kind and bare.endswith(name))
        for _ in range(count):
            name = dice.choice(_SURNAMES) + "".join(dice.choice(_GIVEN) for _ in range(dice.choice((1, 2, 2))))
            officers.append((f"{len(officers) + 100001}", name, str(org), str(code)))
        if duty == "always":
            duties += [(str(code), "1-7", "08:00", "20:00"), (str(code), "1-7", "20:00", "08:00")]
        elif duty == "turns":
            duties.append((str(code), "1-7", *(("18:00", "06:00") if night else ("06:00", "18:00"))))
            night = not night
        else:
            duties.append((str(code), "1-6", "08:30", "18:30"))
    return officers, duties
