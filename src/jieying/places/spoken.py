"""Numbers as people say and write them: 两百, 2百, 一百五, 128, 半."""

import re

_DIGITS = {char: value for value, chars in enumerate(("零〇", "一幺", "二两", *"三四五六七八九")) for char in chars}
_UNITS = {"十": 10, "百": 100, "千": 1000, "万": 10_000}
NUMBER = r"\d{1,6}(?:\.\d)?[百千万]?|[零〇一幺二两三四五六七八九十百千万]{1,9}|半"


def number(said: str) -> float | None:
    """What a text that matches NUMBER means; None if it can't be a number.

    >>> number("两百"), number("一百五"), number("二十二"), number("一二八"), number("3百"), number("半")
    (200.0, 150.0, 22.0, 128.0, 300.0, 0.5)
    """
    if said == "半":
        return 0.5
    if arabic := re.fullmatch(r"(\d+(?:\.\d)?)([百千万]?)", said):
        return float(arabic[1]) * _UNITS.get(arabic[2], 1)
    if not said or any(char not in _DIGITS and char not in _UNITS for char in said):
        return None
    if not any(char in _UNITS for char in said):
        return float("".join(str(_DIGITS[char]) for char in said))
    total, digit, unit = 0, 0, 1
    for char in said:
        if char in _DIGITS:
            digit = _DIGITS[char]
            unit = 1 if char in "零〇" else unit
        else:
            unit = _UNITS[char]
            total, digit = (total + (digit or 1) * unit, 0) if unit < 10_000 else ((total + digit) * unit, 0)
    return float(total + digit * (unit // 10 if unit >= 100 else 1))
