"""Text as the rules and models of understanding read it: one spelling, sentences, and numbers as people say them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from jieying.kit.normal import Normalised

READ_CHARACTERS = 4_000  # what decides stands in the first lines; the rest of 100 kB would only cost time

_DIGITS = {c: i for i, c in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2, "俩": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000, "k": 1_000, "万": 10_000, "w": 10_000, "亿": 100_000_000}
_BIG = 10_000
_TOKEN = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?|[零〇一二两俩三四五六七八九十百千万亿kw]")
_NUMBER = re.compile(
    r"(?:\d+(?:,\d{3})*(?:\.\d+)?|[零〇一二两俩三四五六七八九十])"
    r"(?:\d+(?:,\d{3})*(?:\.\d+)?|[零〇一二两俩三四五六七八九十百千万亿]|[kw](?![a-z]))*"
)
_SENTENCE_END = re.compile(r"[。!?;\n]|\.(?!\d)")


@dataclass(frozen=True)
class Number:
    """A number in a text, `text[start:end]`; `units` says whether a word such as 千 or 万 is part of it."""

    value: float
    start: int
    end: int
    units: bool


def model_text(text: Normalised) -> Normalised:
    """What the models read of a text: without spaces, any figure as 0, no longer than what is read."""
    kept: list[int] = []
    chars: list[str] = []
    for i, char in enumerate(text.text[:READ_CHARACTERS]):
        char = "0" if char.isdecimal() else char
        if char != " " and not (char == "0" and chars and chars[-1] == "0"):
            chars.append(char)
            kept.append(text.offsets[i])
    return Normalised("".join(chars), tuple(kept), text.original)


def sentence_around(text: str, start: int, end: int, reach: int = 40) -> tuple[str, str]:
    """What stands before and after `text[start:end]` in the same sentence, at most `reach` characters each."""
    before = _SENTENCE_END.split(text[max(0, start - reach) : start])[-1]
    after = text[end : end + reach]
    stop = _SENTENCE_END.search(after)
    return before, after[: stop.end()] if stop else after


def numbers(text: str) -> Iterator[Number]:
    """Every number of a normalised text: 4.6万, 12万8千, 一百二十八万, 两千三, 3,500."""
    for found in _NUMBER.finditer(text):
        value = number(found[0])
        if value is not None:
            yield Number(value, found.start(), found.end(), any(c in _UNITS for c in found[0]))


def number(said: str) -> float | None:
    """The value of one spoken or written number; None when it is none. 两千三 is 2,300, 一百零五 is 105."""
    tokens = [token[0] for token in _TOKEN.finditer(said)]
    if not tokens or "".join(tokens) != said:
        return None
    if all(token in _DIGITS for token in tokens):  # 一三八: read figure by figure
        return float("".join(str(_DIGITS[token]) for token in tokens))
    total = section = 0.0
    current: float | None = None
    unit, zero = 1, False
    for token in tokens:
        if token in _UNITS:
            unit, zero = _UNITS[token], False
            if unit >= _BIG:
                total += (section + (current or 0)) * unit
                section = 0.0
            else:
                section += (1 if current is None else current) * unit
            current = None
        else:
            zero = zero or _DIGITS.get(token) == 0
            current = float(_DIGITS[token]) if token in _DIGITS else float(token.replace(",", ""))
    if current is not None:
        short = unit >= 100 and not zero and current < 10 and tokens[-1] in _DIGITS | {str(int(current)): 0}
        section += current * unit / 10 if short else current
    return total + section
