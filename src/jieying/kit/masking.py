"""Words without what tells who somebody is: names, telephone, identity, card and chat numbers, e-mail, number plates.

`find` says where they stand, `mask` puts stars over most of each: 138****5678, 5****************X, 云A·***45, 张**.
House numbers, times, amounts, roads and the numbers of incidents stay. Rules of thumb, not proof: a name without a word
before or behind it that marks it as one is not found (docs/safeguards.md). When in doubt, a number is masked.

Figures are read in any script, full width and spoken (一三八…). Every pattern is bounded, the time is linear.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from jieying.kit.masking_names import NAMES

STAR = "*"
_PASSES = 8  # what stays of one number may make a new one with its neighbours; two passes are nearly always enough


class Kind(StrEnum):
    PHONE = "phone"
    IDENTITY = "identity"
    PASSPORT = "passport"
    CARD = "card"
    PLATE = "plate"
    EMAIL = "email"
    CHAT = "chat"
    NAME = "name"


@dataclass(frozen=True)
class Span:
    """`text[start:end]` is such a thing."""

    kind: Kind
    start: int
    end: int


class _Alike(dict[int, int]):
    """Each character as one that the patterns know: ASCII figures and letters, plain spaces and dashes."""

    def __missing__(self, code: int) -> int:
        char = chr(code)
        category, figure = unicodedata.category(char), unicodedata.digit(char, None)
        plain = unicodedata.normalize("NFKC", char)
        if figure is not None:
            plain = str(figure)
        elif category in ("Cf", "Zs"):
            plain = " "
        elif category == "Pd":
            plain = "-"
        self[code] = found = ord(plain) if len(plain) == 1 else code
        return found


_ALIKE = _Alike()
# Spoken figures, those of the police radio (幺, 两, 拐, 洞, 勾) and of forms included; 叉 is an identity number's X.
_SPOKEN = str.maketrans("零〇○洞一幺壹二两贰三叁四肆五伍六陆七拐柒八捌九勾玖叉", "00001112223344556677788999X")

_S = r"[ \-]{1,2}"
_NO = r"(?<![\d*])"  # a number begins
_END = r"(?![\d*])"  # and ends
_SUM = r"(?! ?(?:[元块圆亿¥]|万元))"
_PLATE_OF = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_CUE_END = r"(?:号码|账号|帐号|号|账户|ID|id)?(?:就是|是|为)?[: ]{0,3}"

# What is found in the text with its figures made plain. The group `x`, where there is one, is what is masked.
_PATTERNS: list[tuple[Kind, re.Pattern[str]]] = [
    (
        Kind.IDENTITY,
        re.compile(
            rf"{_NO}[1-9](?:\d{{16}}[\dXx]"
            rf"|\d{{5}}{_S}(?:1[89]|20)\d\d[ \-]?[01]\d[ \-]?[0-3]\d(?:{_S})?\d{{3}}[\dXx]"
            rf"|(?: \d){{16}} [\dXx])(?:(?<=[Xx])|{_END})"
            rf"|{_NO}[1-9]\d{{7}}[01]\d[0-3]\d\d{{3}}{_END}"  # of 15 figures, until 1999
        ),
    ),
    (
        Kind.PHONE,
        re.compile(
            rf"{_NO}(?:(?:\+|00)?86[ \-]{{0,2}})?(?:"
            rf"1[3-9]\d(?:\d{{8}}|(?:{_S})?\d{{4}}(?:{_S})?\d{{4}}|{_S}\d{{3}}{_S}\d{{5}}|(?:{_S}\d\d){{4}})"
            rf"|1[3-9]\d([.·,、_/])\d{{4}}\1\d{{4}}|1[3-9]\d\d{_S}\d{{4}}{_S}\d{{3}}|1(?:{_S}\d){{10}}"
            rf"){_END}{_SUM}"
        ),
    ),
    (
        Kind.PHONE,  # with area code, or as it is dialled from abroad
        re.compile(
            rf"{_NO}\(?0(?:10|2\d|[3-9]\d\d)[) \-]{{0,3}}[2-9]\d{{2,3}}[ \-]?\d{{4}}{_END}"
            rf"|(?<![\w*])\+[1-9]\d{{0,2}}(?:[ \-]?\d){{6,14}}{_END}"
        ),
    ),
    (
        Kind.PHONE,
        re.compile(
            r"(?:电话|座机|固话|传真|号码|联系方式|(?i:tel|phone))"
            rf"(?:号码|号)?(?:是|为)?[:. ]{{0,3}}(?P<x>[2-9]\d{{2,3}}[ \-]?\d{{4}}){_END}"
        ),
    ),
    (
        Kind.CARD,
        re.compile(
            rf"(?<![\dA-Za-z*])(?<!\d\.)(?:\d{{13,}}|\d{{4}}(?:{_S}\d{{4}}){{2}}{_S}\d{{1,4}}(?:(?:{_S})?\d{{1,3}})?"
            rf"|\d{{6}}{_S}\d{{7,13}}|\d{{4}}{_S}\d{{6}}{_S}\d{{5}}|\d(?:{_S}\d){{12,18}}){_END}"
        ),
    ),
    (Kind.CARD, re.compile(rf"(?:[账帐]号|[账帐]户|卡号)(?:是|为)?[: ]{{0,3}}(?P<x>\d{{7,}}){_END}")),
    (
        Kind.PLATE,
        re.compile(
            rf"[{_PLATE_OF}] ?[A-Za-z][ ·•.\-]{{0,2}}(?=[A-Za-z0-9]{{0,4}}\d)"
            r"(?:[A-Za-z0-9]{6}|[A-Za-z0-9]{4,5}[挂学警港澳领使]|[A-Za-z0-9]{5})(?![A-Za-z0-9*])"
        ),
    ),
    (
        Kind.PASSPORT,
        re.compile(
            r"(?<![A-Za-z0-9*])(?:[EeGg]\d{8}|[DdSsPp][Ee]?\d{7,8}|[Ee][A-HJ-NP-Za-hj-np-z]\d{7}|[CcWwKkLl][A-Za-z\d]\d{7}"
            r"|[HhMm]\d{8}(?:\d\d)?|[A-Z]{3}\d{12})(?![A-Za-z0-9*])|(?<![A-Za-z0-9*])[A-Z]{1,2}\d{6}\([\dA]\)"
        ),
    ),
    (
        Kind.PASSPORT,
        re.compile(rf"(?:护照|通行证|台胞证|回乡证|居留许可){_CUE_END}(?P<x>[A-Za-z0-9]{{6,14}})(?![A-Za-z0-9*])"),
    ),
    (
        Kind.CHAT,
        re.compile(
            rf"(?:微信|薇信|[Vv]信|(?<![A-Za-z])(?i:wx|vx|weixin|wechat)(?![A-Za-z])){_CUE_END}"
            r"(?P<x>[A-Za-z0-9][A-Za-z0-9_\-]{4,19})(?![A-Za-z0-9_\-*])"
        ),
    ),
    (Kind.CHAT, re.compile(rf"(?:(?<![A-Za-z])(?i:qq)|扣扣)(?:群)?{_CUE_END}(?P<x>\d{{5,11}}){_END}")),
    (
        Kind.EMAIL,
        re.compile(r"(?<![A-Za-z0-9._%+\-*])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}"),
    ),
]
# Looks like a number and is none of a person: an id of ours, an incident.
_OURS = re.compile(
    r"(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}|\d{6}-\d{6})(?![0-9A-Za-z])"
)
_NUMBERED = re.compile(r"(?:单号|编号|警情|警单|案号|案件|事件|工单|流水号|订单)号?(?:是|为)?[: #]{0,3}$")
_MOMENT = re.compile(r"20\d\d(?:0\d|1[0-2])(?:[0-2]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d(?:[0-5]\d(?:\d{3})?)?")

# How many of its figures and letters stay, at the beginning and at the end.
_STAY: dict[Kind, Callable[[int], tuple[int, int]]] = {
    Kind.PHONE: lambda n: (min(n - 8, 5), 4) if n >= 11 else (2, 2),
    Kind.IDENTITY: lambda n: (1, 1),
    Kind.PASSPORT: lambda n: (1, 2),
    Kind.CARD: lambda n: (0, 4) if n >= 13 else (0, 2),
    Kind.PLATE: lambda n: (2, 2),
    Kind.EMAIL: lambda n: (1 if n > 1 else 0, 0),
    Kind.CHAT: lambda n: (1, 1),
    Kind.NAME: lambda n: (1, 0),
}


def find(text: str) -> list[Span]:
    """Where the words tell who somebody is, from left to right, without overlaps."""
    found: list[Span] = []
    for span in sorted(_all(text), key=lambda one: (one.start, -one.end)):
        if found and span.start < found[-1].end:
            found[-1] = Span(found[-1].kind, found[-1].start, max(found[-1].end, span.end))
        else:
            found.append(span)
    return found


def mask(text: str) -> str:
    """The words with stars in place of what tells who somebody is; as long as before. A masked text stays as it is."""
    for _ in range(_PASSES):
        masked = _mask_once(text)
        if masked == text:
            break
        text = masked
    return text


def _mask_once(text: str) -> str:
    parts, done = [], 0
    for span in find(text):
        parts += [text[done : span.start], _starred(span.kind, text[span.start : span.end])]
        done = span.end
    return "".join([*parts, text[done:]])


def _starred(kind: Kind, secret: str) -> str:
    whole, rest = secret, ""
    if kind is Kind.EMAIL:
        at = secret.translate(_ALIKE).index("@")
        secret, rest = whole[:at], whole[at:]
    places = [i for i, char in enumerate(secret) if char.isalnum()]
    head, tail = _STAY[kind](len(places))
    hidden = set(places[head : max(head, len(places) - tail)])
    return "".join(STAR if i in hidden else char for i, char in enumerate(secret)) + rest


def _all(text: str) -> Iterator[Span]:
    plain = text.translate(_ALIKE)
    figures = plain.translate(_SPOKEN)
    ours = {at for match in _OURS.finditer(figures) for at in range(*match.span())}
    for kind, pattern in _PATTERNS:
        for match in pattern.finditer(figures):
            start, end = match.span("x" if "x" in pattern.groupindex else 0)
            if start in ours or (kind is Kind.CARD and _is_other(figures, start, end)):
                continue
            yield Span(_kind(kind, figures[start:end]), start, end)
    for pattern in NAMES:
        for match in pattern.finditer(plain):
            yield Span(Kind.NAME, *match.span("name"))


def _is_other(figures: str, start: int, end: int) -> bool:
    """Whether a long number is a moment, or the number of a case, an order or the like."""
    number = figures[start:end].replace(" ", "").replace("-", "")
    return bool(_MOMENT.fullmatch(number) or _NUMBERED.search(figures[max(0, start - 12) : start]))


def _kind(kind: Kind, number: str) -> Kind:
    """Eighteen figures are an identity number when the check digit is right or a birthday is in it, else a card."""
    digits = number.replace(" ", "").replace("-", "").upper()
    if kind is Kind.IDENTITY and len(digits) == 18 and not (_checks(digits) or _has_birthday(digits)):
        return Kind.CARD
    if kind is Kind.CARD and len(digits) == 18 and _checks(digits) and not _luhn(digits):
        return Kind.IDENTITY
    return kind


def _checks(number: str) -> bool:
    """The check digit of GB 11643-1999 (ISO 7064, MOD 11-2)."""
    return (
        number[:17].isdigit()
        and "10X98765432"[sum(int(c) * (1 << 17 - i) for i, c in enumerate(number[:17])) % 11] == number[17]
    )


def _has_birthday(number: str) -> bool:
    return number[6:8] in ("18", "19", "20") and "01" <= number[10:12] <= "12" and "01" <= number[12:14] <= "31"


def _luhn(number: str) -> bool:
    """The check digit of bank cards (ISO/IEC 7812-1)."""
    if not number.isdigit():
        return False
    doubled = (int(c) * (1 + i % 2) for i, c in enumerate(reversed(number)))
    return sum(d - 9 * (d > 9) for d in doubled) % 10 == 0
