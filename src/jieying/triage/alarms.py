"""Alarm words in a text, and whether they are meant.

A word of the pack raises its level at once. A plain negation, an idiom, a story, hearsay that is only asked about, or
a question of law lower what it asks for to yellow, so that a person looks soon; nothing silences it. Where the same
sentence says that the danger is real, nothing lowers it.
"""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from jieying.citypack.model import AlarmWord, Level
from jieying.kit.normal import Normalised, WordFinder, plain
from jieying.triage.text import sentence_around

LOWERED = Level.YELLOW
GAP = "~"
_GAP_CHARACTERS = 8
_HITS_PER_WORD = 20  # enough to highlight; 100 kB of one repeated word must not become 30,000 hits
_READ_PER_WORD = 100  # mentions whose surroundings are read; more than that are meant

# A plain negation ends right where the alarm word begins. Not a negation: a question (是不是, 有没有), a second
# negation (不是没有), and "not yet" (还没爆炸).
_NEGATED = re.compile(
    r"(?<![是有会不没还尚暂])(?:没有|没|不是|并非|并没有|并不是|并未|未|不会|无|不存在|沒有)"
    r"(?:任何|什么|真的)?(?:人员|人|出现|发生|想要|想|要|在)?(?:有|被|是)?$"
    r"|(?<![a-z])(?:no|not|nobody|no one|without|never|isn[’']t|wasn[’']t|aren[’']t|weren[’']t)"
    r"(?: (?:is|was|are|were|been|got|any|a|an|one))* $"
)
_NEGATION_WINDOW = 24
_TITLE = re.compile(r"《[^》]*$")


@dataclass(frozen=True)
class AlarmHit:
    """An alarm word in the reporter's own words, `words[start:end]`; the level that it asks for."""

    word: str
    start: int
    end: int
    level: Level


@dataclass(frozen=True)
class Alarm:
    """An alarm word that stands in the text; `why` is the code of the reason, `alarm_word` when it is meant."""

    word: str
    level: Level
    category: str
    why: str

    @property
    def meant(self) -> bool:
        return self.why == "alarm_word"

    def doubted(self) -> "Alarm":
        """The same, lowered because nothing else in the text speaks of danger."""
        return replace(self, level=lowered(self.level), why="alarm_word_doubted") if self.meant else self


class AlarmFinder:
    """The alarm words of one pack. `~` in a word stands for up to eight characters of one sentence."""

    def __init__(self, words: Iterable[AlarmWord]) -> None:
        self._words: dict[str, list[AlarmWord]] = {}
        for word in words:
            self._words.setdefault(plain(word.word), []).append(word)
        self._find_word = WordFinder(word for word in self._words if GAP not in word)
        self._gaps = [(word, _gap_pattern(word)) for word in self._words if GAP in word]
        self._gap_starts = [(word, pattern, word.split(GAP)[0]) for word, pattern in self._gaps]

    def find(self, text: Normalised) -> tuple[list[Alarm], list[AlarmHit]]:
        """Each alarm word once, lowered only when every mention of it is; and where they stand."""
        idioms = _idioms(text.text)
        why: dict[str, str] = {}
        counts: dict[str, int] = {}
        hits = []
        for word, start, end in self._mentions(text.text):
            counts[word] = counts.get(word, 0) + 1
            if why.get(word) == "alarm_word" and counts[word] > _HITS_PER_WORD:
                continue
            reason = _why(text.text, start, end, idioms) if counts[word] <= _READ_PER_WORD else "alarm_word"
            if why.get(word) != "alarm_word":
                why[word] = reason
            if counts[word] <= _HITS_PER_WORD:
                level = _asked(self._words[word][0].level, reason)
                hits.append(AlarmHit(_name(word, text.text[start:end]), *text.span(start, end), level))
        alarms = [
            Alarm(_name(word, one.word), _asked(one.level, why[word]), one.category, why[word])
            for word in why
            for one in self._words[word]
        ]
        return alarms, hits

    def _mentions(self, text: str) -> Iterator[tuple[str, int, int]]:
        yield from self._find_word.find(text)
        for word, pattern, beginning in self._gap_starts:
            if beginning in text:
                for found in pattern.finditer(text):
                    yield word, found.start(), found.end()


def _name(word: str, said: str) -> str:
    return said if GAP not in word else said.replace(GAP, "…")


def _gap_pattern(word: str) -> re.Pattern[str]:
    gap = rf"[^。！？!?;\n]{{0,{_GAP_CHARACTERS}}}?"
    return re.compile(gap.join(re.escape(part) for part in word.split(GAP)))


def lowered(level: Level) -> Level:
    return max(level, LOWERED, key=lambda one: one.rank)


def _asked(level: Level, why: str) -> Level:
    return level if why == "alarm_word" else lowered(level)


def _why(text: str, start: int, end: int, idioms: list[tuple[int, int]]) -> str:
    """The reason code of one mention."""
    speech = _speech()
    if any(a <= start and end <= b for a, b in idioms) or speech.of_things.match(text, end):
        return "alarm_word_idiom"
    if _NEGATED.search(text[max(0, start - _NEGATION_WINDOW) : start]):
        return "alarm_word_negated"
    before, after = sentence_around(text, start, end)
    around = before + "|" + after
    if speech.meant.search(around) and not speech.asked_truth.search(around):
        return "alarm_word"
    if _TITLE.search(before) or speech.fiction.search(around):
        return "alarm_word_fiction"
    if speech.hearsay.search(before) and speech.asked.search(around):
        return "alarm_word_hearsay"
    supposed = speech.supposed.search(before) and speech.supposed_end.search(after)
    if supposed or speech.enquiry.search(around) or speech.risk.search(around):
        return "alarm_word_supposed"
    return "alarm_word"


def _idioms(text: str) -> list[tuple[int, int]]:
    speech = _speech()
    found = [(start, end) for _, start, end in speech.phrases.find(text)]
    return found + [match.span() for pattern in speech.gaps for match in pattern.finditer(text)]


@dataclass(frozen=True)
class _Speech:
    phrases: WordFinder
    gaps: list[re.Pattern[str]]
    of_things: re.Pattern[str]
    fiction: re.Pattern[str]
    hearsay: re.Pattern[str]
    asked: re.Pattern[str]
    asked_truth: re.Pattern[str]
    enquiry: re.Pattern[str]
    risk: re.Pattern[str]
    supposed: re.Pattern[str]
    supposed_end: re.Pattern[str]
    meant: re.Pattern[str]


def harmless_phrases() -> list[str]:
    """Phrases that contain an alarm word and mean no harm."""
    return list(_read_speech()["phrases"])


def _read_speech() -> dict[str, list[str]]:
    return tomllib.loads((files("jieying") / "triage" / "harmless.toml").read_text(encoding="utf-8"))


@cache
def _speech() -> _Speech:
    """What harmless.toml says, ready to search with."""
    said = _read_speech()

    def any_of(key: str, after: str = "") -> re.Pattern[str]:
        return re.compile("(?:" + "|".join(re.escape(plain(word)) for word in said[key]) + ")" + after)

    phrases = [plain(phrase) for phrase in said["phrases"]]
    places = "|".join(re.escape(plain(word)) for word in said["not_fiction_before"])
    return _Speech(
        WordFinder(phrase for phrase in phrases if GAP not in phrase),
        [_gap_pattern(phrase) for phrase in phrases if GAP in phrase],
        any_of("of_things"),
        any_of("fiction", f"(?!{places})"),
        *(
            any_of(key)
            for key in ("hearsay", "asked", "asked_truth", "enquiry", "risk", "supposed", "supposed_end", "meant")
        ),
    )
