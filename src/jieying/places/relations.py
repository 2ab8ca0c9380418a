"""What is said beside a place's name: 往北两百米, 对面, 3号楼2单元, A口, K12+300, A和B之间, 后面那条路. Pure."""

import math
import re
from dataclasses import dataclass
from typing import Literal

from jieying.places.spoken import NUMBER, number

_UNIT_M = {"米": 1.0, "m": 1.0, "公里": 1000.0, "千米": 1000.0, "km": 1000.0, "里地": 500.0, "里路": 500.0, "里": 500.0}
_BEARINGS = {"东北": 45, "东南": 135, "西南": 225, "西北": 315, "北": 0, "东": 90, "南": 180, "西": 270}
_SIDE = "东北|东南|西南|西北|东|南|西|北"
_GAP = r"(?:路口|交叉口|十字路口|那个|那里|那边|这里|门口|大门口?|这边|的|,|，| ){0,3}"
_ABOUT = r"(?:大概|大约|差不多|约|走了?|去|开了?|过去|再走|方向|大致|有个?|,|，| ){0,3}"
_MOVED = re.compile(
    rf"{_GAP}(?:往|向|朝|以|的|靠)?(?:正)?({_SIDE})(?:边|面|侧|头|方向|方)?{_ABOUT}({NUMBER})(?:来|多|几)?(米|公里|千米|里地|里路|里|km|m)"
)
_MOVED_BACK = re.compile(rf"{_GAP}({NUMBER})(?:来|多|几)?(米|公里|千米|km|m)(?:左右)?的?({_SIDE})(?:边|面|侧|头|方)")
_SIDED = re.compile(rf"{_GAP}(?:的|靠)?(?:正)?({_SIDE})(?:边|面|侧|头)")
_NEAR = re.compile(
    rf"{_GAP}(斜?对面|斜?对过|对门|旁边|边上|附近|隔壁|后面|后边|背后|后门|前面|前边|跟前|门前|门口|楼下|周围|外面|侧面|里面)"
)
_ROAD_BY = re.compile(
    rf"{_GAP}(?:后面|后边|背后|前面|前边|旁边|边上|对面|侧面|门口|外面)的?(?:那|这|有)?一?(?:条|个)?的?(?:小|大)?(?:路|街|马路|巷子|巷|道)(?![口灯])"
)
_BUILDING = re.compile(
    r" ?(?:小区|院内|里面|里头|里|的|,|，| ){0,2}"
    r"((?:[a-z东西南北]?\d{1,3}|[一二三四五六七八九十]{1,3}|[a-z])(?:号楼|栋|幢|座|号院)"
    r"(?:(?:\d{1,2}|[一二三四五六七八九十]{1,2})(?:单元|门洞))?(?:\d{1,2}[层楼])?(?:\d{3,4}室?)?|\d{1,2}单元(?:\d{3,4}室?)?)"
)
_EXIT = re.compile(r" ?(?:地铁站|地铁|站)?的?([a-h])\d?(?:号)?(?:出站口|进站口|出入口|出口|入口|口)")
_POST = re.compile(
    r"k ?(\d{1,4})(?: ?\+ ?(\d{1,3}))?|(\d{1,4})(?:公里|千米|km)(?:加|\+|又)?(?:(\d{1,3})(?:米|m))?(?:处|路段|的地方)"
)
_POST_WITHIN = 12  # characters between a road and its post
_JOIN = re.compile(r" ?(?:和|与|跟|同|及|、|到|至|-|—|~|去|往) ?(?:那个|这个)?")
_BETWEEN = re.compile(r"(?:路口|口|门口)?,?(?:之间|中间|当中|中段|这一?段|那一?段|路段|区间)")
_ON_THE_WAY = re.compile(r"(?:路口|口|门口|那边)?的?(?:路上|途中|半路|方向的?路上|中途)")


@dataclass(frozen=True)
class Shift:
    """So many metres towards a bearing (degrees from north). `guessed`: no distance was said."""

    said: str
    metres: float
    bearing: int
    guessed: bool

    @property
    def east_north(self) -> tuple[float, float]:
        angle = math.radians(self.bearing)
        return self.metres * math.sin(angle), self.metres * math.cos(angle)


_SIDE_M = 60.0  # how far away "the north side" is
_FARTHEST_M = 5_000.0


def shift_after(text: str, end: int) -> Shift | None:
    """往北两百米, 以东1公里, 北边: said right after the place that ends at `end`."""
    if moved := _MOVED.match(text, end):
        side, many, unit = moved.groups()
    elif moved := _MOVED_BACK.match(text, end):
        many, unit, side = moved.groups()
    elif moved := _SIDED.match(text, end):
        return Shift(_said(moved), _SIDE_M, _BEARINGS[moved[1]], True)
    else:
        return None
    value = number(many)
    metres = (value or 0.0) * _UNIT_M[unit]
    return Shift(_said(moved), metres, _BEARINGS[side], False) if 0 < metres <= _FARTHEST_M else None


def near_after(text: str, end: int) -> str | None:
    """对面, 旁边, 附近 …: the word, if one stands right after the place."""
    found = _NEAR.match(text, end)
    return found[1] if found else None


def road_by_after(text: str, end: int) -> bool:
    """Whether a road beside the place is meant: 后面那条路."""
    return bool(_ROAD_BY.match(text, end))


def building_after(text: str, end: int) -> str | None:
    """3号楼2单元501: a part of the place, no house number."""
    found = _BUILDING.match(text, end)
    return found[1] if found else None


def exit_after(text: str, end: int) -> str | None:
    """The letter of a station's exit, small."""
    found = _EXIT.match(text, end)
    return found[1] if found else None


def post_after(text: str, end: int) -> tuple[str, float] | None:
    """A kilometre post soon after a road: its words, and metres from the road's beginning."""
    found = _POST.search(text, end, end + _POST_WITHIN + 16)
    if not found or found.start() - end > _POST_WITHIN:
        return None
    kilometres, metres = found[1] or found[3], found[2] or found[4] or "0"
    return found[0], int(kilometres) * 1000.0 + int(metres)


def between(text: str, one: tuple[int, int], other: tuple[int, int]) -> Literal["between", "on_the_way"] | None:
    """Whether the text speaks of what lies between the two stretches: A和B之间, 从A到B的路上."""
    joined = text[one[1] : other[0]]
    if not _JOIN.fullmatch(joined.removeprefix("路口").removeprefix("口")):
        return None
    if _BETWEEN.match(text, other[1]):
        return "between"
    return "on_the_way" if _ON_THE_WAY.match(text, other[1]) else None


def _said(found: "re.Match[str]") -> str:
    return found[0].strip(" ,，的")
