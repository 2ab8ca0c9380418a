"""How alike two characters sound and look: for names that were misheard, mistyped or misread.

Readings are those of pypinyin. Looks are the families of looks.txt.
"""

import os
import unicodedata
from functools import lru_cache
from importlib.resources import files
from itertools import combinations

os.environ.setdefault("PYPINYIN_NO_PHRASES", "1")  # single characters are enough: 45 MB and 0.2 s less
from pypinyin.pinyin_dict import pinyin_dict

_SAME_SOUND, _NEAR_SOUND, _SAME_LOOK = 0.82, 0.72, 0.66
_READINGS = 3  # the commonest; rarer ones are in no name

# Sounds that many speakers, and recognition of speech, don't keep apart.
_BEGINNINGS = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("f", "h"))


def _families() -> set[frozenset[str]]:
    lines = (files("jieying") / "places" / "looks.txt").read_text(encoding="utf-8").splitlines()
    families = (family for line in lines if not line.startswith("#") for family in line.split())
    return {frozenset(pair) for family in families for pair in combinations(family, 2)}


_ALIKE_LOOKS = _families()


@lru_cache(maxsize=1 << 14)
def readings(char: str) -> tuple[str, ...]:
    """Syllables without tones, the commonest first; none for what is no Chinese character."""
    spelled = pinyin_dict.get(ord(char), "")
    return tuple(dict.fromkeys(_toneless(one) for one in spelled.split(",")[:_READINGS] if one))


@lru_cache(maxsize=1 << 14)
def sound(char: str) -> str:
    """The commonest reading as it is often heard; the character itself if it has none."""
    spoken = readings(char)
    return _heard(spoken[0]) if spoken else char


@lru_cache(maxsize=1 << 16)
def likeness(one: str, other: str) -> float:
    """1 for the same character, 0 for two that have nothing in common."""
    if one == other:
        return 1.0
    mine, yours = readings(one), readings(other)
    if set(mine) & set(yours):
        return _SAME_SOUND
    if {_heard(a) for a in mine} & {_heard(b) for b in yours}:
        return _NEAR_SOUND
    return _SAME_LOOK if frozenset((one, other)) in _ALIKE_LOOKS else 0.0


def _toneless(syllable: str) -> str:
    apart = unicodedata.normalize("NFD", syllable.replace("ü", "v"))
    return "".join(char for char in apart if not unicodedata.combining(char))


def _heard(syllable: str) -> str:
    for said, heard in _BEGINNINGS:
        if syllable.startswith(said):
            syllable = heard + syllable.removeprefix(said)
            break
    return syllable.removesuffix("g") if syllable.endswith(("ang", "eng", "ing")) else syllable
