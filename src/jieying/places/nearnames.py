"""Names that a text gets nearly right: misheard, mistyped, a character too few, too many or two in the wrong order.

Every name, and every name short of one or two characters, is filed under the sounds that are left; so is every
stretch of the text. Two that are filed alike are compared character by character. A city of 10,000 names takes
about 1 MB, a sentence about a millisecond.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import combinations, islice

import numpy as np

from jieying.places.likeness import likeness, sound

_SHORTEST, _LONGEST = 3, 12
_MOST_TEXT = 250  # characters that are searched
_MOST_COMPARED = 300  # names for one text
_LEAST = 0.7  # what a name must earn to be looked at further

_FACTOR = 0x9E3779B97F4A7C15  # odd, so that its powers mix all 64 bits
_POWERS = np.array([pow(_FACTOR, k + 1, 1 << 64) for k in range(_LONGEST + 1)], dtype=np.uint64)

# What many names end or begin with says little about which one is meant.
_ENDING = re.compile(
    "(?:大街|大道|胡同|支路|公路|高速|路|街|巷|里|道|弄|大桥|桥|立交|"
    "(?:花园|小区|家园|新村|新城|公寓|名邸|华庭|雅居|苑|里)(?:[东西南北]区|[一二三四五]期)?|村|庄|湾|"
    "便利店|超市|药房|药店|网吧|宾馆|快捷酒店|大酒店|酒店|饭店|火锅店|茶馆|健身中心|加油站|"
    "小学|中学|幼儿园|学院|学校|大学|社区卫生服务中心|卫生院|诊所|妇幼保健院|中医院|人民医院|医院|"
    "购物中心|百货大楼|商业街|广场|菜市场|农贸市场|批发市场|建材市场|市场|"
    "居委会|社区服务中心|街道办事处|便民中心|派出所|大厦|写字楼|中心|产业园|物流园|公园|支行|银行|"
    "机械厂|纺织厂|食品厂|厂|(?:地铁站|站)(?:[a-h]\\d?号?(?:出入口|出口|口))?)$"
)
_COMMON = 0.3  # weight of a character of such an ending
_NEVER = -2.0  # a number or a Latin letter is no slip for a Chinese character, nor A for B
_NO_ENDING = 1.0  # 解放 alone is seldom 解放路

_JOINERS = "和跟与及同"
_KINDS_OF_ROAD = "路街巷道里弄"

_HALF = 0.5  # of what a name tells must be left where it is filed

Keys = np.ndarray[tuple[int, ...], np.dtype[np.uint64]]


@dataclass(frozen=True)
class NearName:
    """A name that `text[start:end]` may mean. `gain`: characters that agree, less what doesn't."""

    name: str
    start: int
    end: int
    gain: float


class NearNames:
    """All names of a city, found by what they sound like."""

    def __init__(self, names: Iterable[str], common: Iterable[str] = ()) -> None:
        """`common`: beginnings that many names share, such as that of the city."""
        self._names = sorted({name for name in names if _SHORTEST <= len(name) <= _LONGEST and not name.isascii()})
        common = tuple(sorted(common, key=len, reverse=True))
        self.weights = lru_cache(maxsize=1 << 14)(lambda name: weights(name, common))
        keys, owners = [], []
        for length in range(_SHORTEST, _LONGEST + 1):
            mine = np.array([i for i, name in enumerate(self._names) if len(name) == length], dtype=np.int32)
            telling = np.array([self.weights(self._names[i]) for i in mine]).reshape(len(mine), length)
            sounds = np.array([_sounds(self._names[i]) for i in mine], dtype=np.uint64).reshape(len(mine), length)
            for kept, key in zip(_kept(length), _keys(length) @ sounds.T, strict=True):
                tells = telling[:, list(kept)].sum(axis=1) >= _HALF * telling.sum(axis=1)
                keys.append(key[tells])
                owners.append(mine[tells])
        every, owner = np.concatenate(keys), np.concatenate(owners)
        order = np.argsort(every, kind="stable")
        self._keys, self._owners = every[order], owner[order]

    def find(self, text: str, closed: Iterable[int] = ()) -> list[NearName]:
        """Every name that may be meant, from each start its best stretch; best first, none over `closed`."""
        found: dict[tuple[str, int], NearName] = {}
        for owner, start, end in self._filed_alike(text[:_MOST_TEXT], closed):
            name = self._names[owner]
            earned = gain(name, self.weights(name), text[start:end])
            known = found.get((name, start))
            if earned >= _LEAST and (known is None or earned > known.gain):
                found[name, start] = NearName(name, start, end, earned)
        return sorted(found.values(), key=lambda near: (-near.gain, near.start, near.name))

    def _filed_alike(self, text: str, closed: Iterable[int]) -> Iterator[tuple[int, int, int]]:
        """(name, start, end) of stretches of the text that share a file with a name; the most alike first."""
        sounds = _sounds(text)
        barred = np.zeros(len(text) + 1, dtype=np.int64)
        barred[1:][[k for k in closed if k < len(text)]] = 1
        barred = np.cumsum(barred)
        keys, stretches = [], []
        for length in range(_SHORTEST - 1, min(_LONGEST + 1, len(text)) + 1):
            starts = np.flatnonzero(barred[length:] == barred[:-length])
            if not len(starts):
                break
            key = _keys(length) @ sounds[starts + np.arange(length)[:, None]]
            left = np.broadcast_to(_left(length)[:, None], key.shape)
            first = np.broadcast_to(starts, key.shape)
            keys.append(key.ravel())
            stretches.append(np.stack([-left.ravel(), first.ravel(), first.ravel() + length]))
        if not keys or not len(self._keys):
            return
        every = np.concatenate(keys)
        low = np.searchsorted(self._keys, every, "left")
        many = np.searchsorted(self._keys, every, "right") - low
        which = np.repeat(np.arange(len(every)), many)
        at = low[which] + np.arange(len(which)) - np.repeat(np.cumsum(many) - many, many)
        kept_less, start, end = np.concatenate(stretches, axis=1)[:, which]
        order = np.argsort(kept_less, kind="stable")
        rows = zip(self._owners[at[order]].tolist(), start[order].tolist(), end[order].tolist(), strict=True)
        yield from islice(dict.fromkeys(rows), _MOST_COMPARED)


def weights(name: str, common: Sequence[str] = ()) -> tuple[float, ...]:
    """How much each character says about which name it is; `common`: beginnings that say little."""
    found = [1.0] * len(name)
    ending = _ENDING.search(name, 1)
    for k in range(ending.start() if ending else len(name), len(name)):
        found[k] = _COMMON
    beginning = next((one for one in common if name.startswith(one) and len(one) < len(name) - 1), "")
    found[: len(beginning)] = [_COMMON] * len(beginning)
    return tuple(found)


@lru_cache(maxsize=1 << 15)  # a city's people speak of the same places again and again
def gain(name: str, weights: tuple[float, ...], said: str) -> float:
    """What `said` earns as a spelling of `name`: the weights of what agrees, by likeness, less what is missing or
    too much. An alignment that knows two swapped characters (restricted Damerau distance, as a score).
    """
    before: list[float] = []
    row = [-0.5 * k for k in range(len(said) + 1)]
    for i, char in enumerate(name):
        weight = weights[i]
        above, row = row, [row[0] - 0.5 * weight]
        for j, heard in enumerate(said):
            best = max(
                above[j] + _agreement(char, weight, heard),
                above[j + 1] - (_NO_ENDING if i == len(name) - 1 and weight == _COMMON else 0.5 * weight),
                row[j] - (0.1 if j and said[j - 1] == heard else 0.5),
            )
            if i and j and char == said[j - 1] and name[i - 1] == heard and char != heard:
                best = max(best, before[j - 1] + 0.8 * (weight + weights[i - 1]))
            row.append(best)
        before = above
    return row[-1]


def _agreement(char: str, weight: float, heard: str) -> float:
    if heard.isascii() and heard != char:
        return _NEVER
    alike = likeness(char, heard)
    if weight == _COMMON and heard in _JOINERS and not alike:
        return _NEVER
    if weight == _COMMON and not alike:  # 街 for 路 is a slip; any other word in its place is none
        return -0.1 if char in _KINDS_OF_ROAD and heard in _KINDS_OF_ROAD else -0.9
    return weight * (1.3 * alike - 0.3)


@cache
def _kept(length: int) -> tuple[tuple[int, ...], ...]:
    """Which characters are left when none, one or (of six to eight) two are left out."""
    most = 0 if length < _SHORTEST else 2 if 6 <= length <= 8 else 1
    return tuple(kept for left_out in range(most + 1) for kept in combinations(range(length), length - left_out))


@cache
def _keys(length: int) -> Keys:
    """(ways to leave characters out, characters): times the sounds of a stretch, the keys of what is left."""
    factors = np.zeros((len(_kept(length)), length), dtype=np.uint64)
    for way, kept in enumerate(_kept(length)):
        factors[way, list(kept)] = _POWERS[: len(kept)]
    return factors


@cache
def _left(length: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """How many characters are left, for every way to leave some out."""
    return np.array([len(kept) for kept in _kept(length)], dtype=np.int64)


def _sounds(chars: Iterable[str]) -> Keys:
    return np.array([_number(sound(char)) for char in chars], dtype=np.uint64)


@cache
def _number(heard: str) -> int:
    return int.from_bytes(heard.encode()[:7].ljust(7, b"\0"), "big") * 2 + 1
