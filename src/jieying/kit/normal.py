"""One spelling for matching: width, case, traditional characters, accents and stray spaces no longer matter.

Every character is treated by itself, so a word and a text that contains it always come out alike.
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from ahocorasick_rs import AhoCorasick, MatchKind
from zhconv.zhconv import getdict

_SIMPLIFIED = str.maketrans({k: v for k, v in getdict("zh-hans").items() if len(k) == 1})
_DROPPED = {"Cc", "Cf", "Cs"}  # control, format (zero width), lone surrogates
_LONGEST_SPELLING = 4  # a ligature that stands for whole sentences stays as it is


@dataclass(frozen=True)
class Normalised:
    """The text as it is matched, and where each of its characters stood in the original."""

    text: str
    offsets: tuple[int, ...]
    original: str

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` (not empty) stands in the original, for highlighting."""
        return self.offsets[start], self.offsets[end - 1] + 1


@lru_cache(maxsize=32)  # a report is read by several that want it so: alarms, models, places, same event
def normalise(text: str) -> Normalised:
    """NFKC, simplified characters, lower case, no accents, no control characters, single spaces inside.

    Takes any string, in time linear in its length.
    """
    chars: list[str] = []
    offsets: list[int] = []
    for i, original in enumerate(text):
        for char in _spelled(original):
            if char == " " and (not chars or chars[-1] == " "):
                continue
            chars.append(char)
            offsets.append(i)
    if chars and chars[-1] == " ":
        chars.pop()
        offsets.pop()
    return Normalised("".join(chars), tuple(offsets), text)


def plain(text: str) -> str:
    """The normalised text alone."""
    return normalise(text).text


@lru_cache(maxsize=1 << 16)
def _spelled(char: str) -> str:
    if char.isspace():
        return " "
    if unicodedata.category(char) in _DROPPED:
        return ""
    apart = unicodedata.normalize("NFKD", char.lower())
    letters = "".join(c for c in apart if not unicodedata.combining(c))
    if len(letters) > _LONGEST_SPELLING:
        return char
    simplified = unicodedata.normalize("NFKC", letters).translate(_SIMPLIFIED).lower()
    return "".join(" " if c.isspace() else c for c in simplified)


class WordFinder:
    """Finds many words (given in any spelling) in normalised text at once, by an Aho-Corasick automaton."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words = sorted({plain(word) for word in words} - {""})
        self._automaton = AhoCorasick(self._words, matchkind=MatchKind.Standard)

    def find(self, text: str) -> Iterator[tuple[str, int, int]]:
        """(normalised word, start, end) of every mention, overlapping ones too, by their end.

        A Latin word counts only as a whole (or with a plural s): "gun" is not in "begun".
        """
        for index, start, end in self._automaton.find_matches_as_indexes(text, overlapping=True):
            if _stands_alone(text, start, end):
                yield self._words[index], start, end


def _stands_alone(text: str, start: int, end: int) -> bool:
    if start and _is_latin(text[start]) and _is_latin(text[start - 1]):
        return False
    if not _is_latin(text[end - 1]):
        return True
    rest = text[end : end + 2]
    return not (rest and _is_latin(rest[0])) or (rest[0] == "s" and not _is_latin(rest[1:]))


def _is_latin(char: str) -> bool:
    return char.isascii() and char.isalnum()
