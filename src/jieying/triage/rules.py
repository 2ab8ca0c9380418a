"""What a report is about and how urgent it is, by the words of the city pack, with the reasons shown.

Pure: built once from the pack, it answers the same for the same words. Alarm words raise the level and never lower
it; a plain negation right before one weakens the raise, but the word stays among the reasons. What is not
understood goes to a person.
"""

import re
from dataclasses import dataclass
from typing import Literal

from jieying.citypack.model import AlarmWord, Category, CityPack, Level
from jieying.kit.normal import Normalised, WordFinder, normalise, plain
from jieying.kit.reasons import Reason

Ours = Literal["police", "enquiry", "hotline", "unclear"]

UNKNOWN_LEVEL = Level.YELLOW  # of what nobody understood yet: not the least urgent, a person looks soon
_HITS_PER_WORD = 20  # enough to highlight; 100 kB of one repeated word must not become 30,000 hits
_SHOWN_WORDS = 5

# A plain negation ends right where the alarm word begins. Not a negation: a question (是不是, 有没有), a second
# negation (不是没有), and "not yet" (还没爆炸).
_NEGATED = re.compile(
    r"(?<![是有会不没还尚暂])(?:没有|没|不是|并非|并没有|并未|未|不会|无)(?:任何|什么)?(?:人员|人|出现|发生)?(?:有|被)?$"
    r"|(?<![a-z])(?:no|not|nobody|no one|without|never|isn[’']t|wasn[’']t|aren[’']t|weren[’']t)"
    r"(?: (?:is|was|are|were|been|got|any|a|an|one))* $"
)
_NEGATION_WINDOW = 24


@dataclass(frozen=True)
class AlarmHit:
    """An alarm word in the reporter's own words, `words[start:end]`; the level that it asks for."""

    word: str
    start: int
    end: int
    level: Level


@dataclass(frozen=True)
class Understood:
    """What the rules make of the words. `ours` "unclear": a person has to look. `confidence` 0 to 1."""

    category: str | None
    level: Level
    ours: Ours
    reasons: tuple[Reason, ...]
    alarms: tuple[AlarmHit, ...]
    confidence: float


@dataclass(frozen=True)
class _Alarm:
    """An alarm word that stands in the text; `level` is what it asks for, one step less when negated."""

    word: str
    level: Level
    category: str
    negated: bool


class Understanding:
    """The rules of one city pack, ready to use."""

    def __init__(self, pack: CityPack) -> None:
        self._categories = pack.categories
        self._order = {code: i for i, code in enumerate(pack.categories)}
        self._word_categories: dict[str, list[str]] = {}
        for category in pack.categories.values():
            for word in category.words:
                self._word_categories.setdefault(plain(word), []).append(category.code)
        self._alarm_words: dict[str, list[AlarmWord]] = {}
        for alarm in pack.alarm_words:
            self._alarm_words.setdefault(plain(alarm.word), []).append(alarm)
        self._find_word = WordFinder(self._word_categories)
        self._find_alarm = WordFinder(self._alarm_words)

    def understand(self, words: str, hint_category: str | None = None) -> Understood:
        """Category, level and whose it is. A hint (chosen by a person or a device) decides the category."""
        text = normalise(words)
        alarms, hits = self._find_alarms(text)
        found = self._find_words(text.text)
        category, reasons, confidence = self._choose(found, alarms, hint_category)
        level = category.level if category else UNKNOWN_LEVEL
        for alarm in sorted(alarms, key=lambda a: a.level.rank):
            reason = "alarm_word_negated" if alarm.negated else "alarm_word"
            reasons.append(Reason(reason, {"word": alarm.word, "level": alarm.level.value}))
            level = min(level, alarm.level, key=lambda one: one.rank)
        ours = _ours(category, bool(alarms))
        if ours == "unclear":
            reasons.append(Reason("not_understood"))
        elif category is None:
            reasons.append(Reason("alarm_without_category"))
        chosen = category.code if category else None
        return Understood(chosen, level, ours, tuple(reasons), tuple(hits), confidence)

    def _find_alarms(self, text: Normalised) -> tuple[list[_Alarm], list[AlarmHit]]:
        """Each alarm word once, negated only when every mention of it is; and where they stand."""
        firm: dict[str, bool] = {}
        counts: dict[str, int] = {}
        hits = []
        for word, start, end in self._find_alarm.find(text.text):
            counts[word] = counts.get(word, 0) + 1
            if firm.get(word) and counts[word] > _HITS_PER_WORD:
                continue
            negated = bool(_NEGATED.search(text.text[max(0, start - _NEGATION_WINDOW) : start]))
            firm[word] = firm.get(word, False) or not negated
            if counts[word] <= _HITS_PER_WORD:
                first = self._alarm_words[word][0]
                hits.append(AlarmHit(first.word, *text.span(start, end), _effect(first.level, negated)))
        alarms = [
            _Alarm(a.word, _effect(a.level, not firm[word]), a.category, not firm[word])
            for word in firm
            for a in self._alarm_words[word]
        ]
        return alarms, hits

    def _find_words(self, text: str) -> dict[str, set[str]]:
        """Category code → its distinct words in the text."""
        found: dict[str, set[str]] = {}
        for word in {word for word, _, _ in self._find_word.find(text)}:
            for code in self._word_categories[word]:
                found.setdefault(code, set()).add(word)
        return found

    def _choose(
        self, found: dict[str, set[str]], alarms: list[_Alarm], hint: str | None
    ) -> tuple[Category | None, list[Reason], float]:
        if hint is not None and hint in self._categories:
            return self._categories[hint], [Reason("category_given", {"category": hint})], 1.0
        scores = {code: sum(_weight(word) for word in words) for code, words in found.items()}
        for alarm in alarms:
            if alarm.category in self._categories:
                weight = _weight(plain(alarm.word)) * (0.5 if alarm.negated else 2.0)
                scores[alarm.category] = scores.get(alarm.category, 0.0) + weight
        police = {code: s for code, s in scores.items() if self._categories[code].kind == "police"}
        field = police or ({} if alarms else scores)
        if not field:
            return None, [], 0.0
        best, *others = sorted(field, key=lambda code: (-field[code], self._order[code]))
        rival = field[others[0]] if others else 0.0
        confidence = field[best] / (field[best] + rival) * field[best] / (field[best] + 3)
        shown = sorted(found.get(best, ()), key=lambda word: (-len(word), word))[:_SHOWN_WORDS]
        reasons = [Reason("category_word", {"word": word, "category": best}) for word in shown]
        reasons += [] if shown else [Reason("category_by_alarm_word", {"category": best})]
        return self._categories[best], reasons, round(confidence, 3)


def _effect(level: Level, negated: bool) -> Level:
    return list(Level)[min(level.rank + 1, len(Level) - 1)] if negated else level


def _ours(category: Category | None, alarmed: bool) -> Ours:
    if alarmed:
        return "police"
    if category is None:
        return "unclear"
    match category.kind:
        case "enquiry":
            return "enquiry"
        case "hotline":
            return "hotline"
        case _:
            return "police"


def _weight(word: str) -> float:
    """The square of a word's length, a Latin letter counting a third of a Chinese character."""
    return float(sum(1 / 3 if char.isascii() else 1 for char in word) ** 2)
