"""How the name of a person is told in Chinese words: by what stands before it or behind it, and by its surname."""

import re
import tomllib
from importlib.resources import files

_DATA = tomllib.loads((files("jieying.kit") / "masking_names.toml").read_text(encoding="utf-8"))
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_NEVER, _ONE = _DATA["never_in_names"], _DATA["surnames"]
_COMPOUND, _WORDS, _TITLE, _CUE = ("|".join(_DATA[name]) for name in ("compound_surnames", "words", "titles", "cues"))
_GIVEN = f"(?:(?![{_NEVER}])[{_HAN}])"
_SURNAME = f"(?!{_WORDS})(?:{_COMPOUND}|[{_ONE}])"
_NAME = f"{_SURNAME}{_GIVEN}{{1,2}}"
_NICKNAME = f"[老小阿](?![{_DATA['no_nickname']}])[{_ONE}](?!\\*)"
# A name ends where no Chinese character follows, or one that does not stand in names.
_BOUND = f"(?=[^{_HAN}*]|[{_NEVER}一]|$)"
_IS = "(?:就?是|叫做?|名叫|为)?[: 「“\"'《(]{0,3}"

# The group `name` is what is masked.
NAMES: list[re.Pattern[str]] = [
    # With a colon or the like before it and nothing behind, any characters may be a name: 姓名：诺布次仁
    re.compile(f"(?:姓名|名字){_IS}(?P<name>{_GIVEN}{{2,4}})(?![{_HAN}*])"),
    re.compile(f"(?:{_CUE}|名叫|叫做|自称|叫|(?:我|他|她|人|这)是){_IS}(?P<name>{_NAME}){_BOUND}"),
    # Said so plainly that the name need not end: 我叫张三住在…
    re.compile(f"(?:我叫|名叫|姓名[: ]){_IS}(?P<name>{_NAME})(?!\\*)"),
    re.compile(f"(?P<name>{_SURNAME}{_GIVEN}{{0,2}}?(?:{_TITLE}))"),
    re.compile(f"(?:(?<![{_HAN}])|(?<=[找和跟叫给问骂打是居事友东机壁]))(?P<name>{_NICKNAME}){_BOUND}"),
    re.compile(f"(?P<name>{_GIVEN}{{2,7}}[·•]{_GIVEN}{{2,7}})(?![{_HAN}]?[路街])"),
    re.compile(r"(?i:\bmy name is|\bcall me|\bname:) ?(?P<name>[A-Z][a-z]{1,20}(?: [A-Z][a-z]{1,20}){0,2})(?![a-z*])"),
]
