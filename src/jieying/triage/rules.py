"""What a report is about and how urgent it is, with the reasons shown.

Pure: built once from a pack, it answers the same for the same words. First the alarm words (alarms.py): they raise
the level and never lower it. The category is that of the model, where the pack has one, and else that of the pack's
own words; who decides by hand or by device is not overruled. What is not understood, or not surely enough to send it
elsewhere, goes to a person.
"""

import math
import re
from dataclasses import dataclass, replace
from typing import Literal

from jieying.citypack.model import Category, CityPack, Level
from jieying.kit.normal import Normalised, WordFinder, normalise, plain
from jieying.kit.reasons import Reason
from jieying.triage.alarms import LOWERED, Alarm, AlarmFinder, AlarmHit, lowered
from jieying.triage.models import FILE, Model, Proposal, Span
from jieying.triage.same_event import keep

Ours = Literal["police", "enquiry", "hotline", "unclear"]

UNKNOWN_LEVEL = Level.YELLOW  # of what nobody understood yet: not the least urgent, a person looks soon
_SHOWN_WORDS = 5
_SHOWN_OTHERS = 3

# A wrong category inside the police costs about what asking costs (the officer corrects it on scene): half is enough.
# A police matter sent to the hotline, or answered as an enquiry, costs ten times a call-taker's look.
SURE_OF_CATEGORY = 0.5
SURE_IT_IS_NOT_OURS = 0.9
SURE_OF_FRAUD = 0.7  # fewer than 1 in 100 messages to a city hotline reach it
# How much speaks of danger, as log-odds; chosen on held-out wordings (docs/understanding.md). From the first on it
# raises what no word raised. From the second on it is yellow, nothing is sent away, and a word counts in full; below, a
# word is doubted, which still brings the report to a person. Below the third a red category, such as that of a question
# about an old wounding, is yellow. Orange is kept: fraud hurts nobody.
IN_DANGER = 0.6
PERHAPS = -0.5
CALM = -3.0
_DOUBTED_FROM = 8  # characters: a shorter text has nothing beside the word that could speak against it
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_MODEL_READS_FROM = 3  # Chinese characters: of 刚才, of a script or of another language it knows nothing
_ALARM_BONUS = 0.5  # of the probability, for a category that a meant alarm word names


@dataclass(frozen=True)
class Understood:
    """What is made of the words. `ours` "unclear": a person has to look. `confidence`, `fraud` 0 to 1.

    `others`: the most likely categories with their confidence, the chosen one among them. `spans`: where in the words
    what decided stands. `sure`: a model was sure enough whose it is; words alone never are. `vector`: what the search
    for same events keeps of them; None where the pack has no model.
    """

    category: str | None
    level: Level
    ours: Ours
    reasons: tuple[Reason, ...]
    alarms: tuple[AlarmHit, ...]
    confidence: float
    others: tuple[tuple[str, float], ...] = ()
    fraud: float = 0.0
    spans: tuple[Span, ...] = ()
    sure: bool = False
    vector: bytes | None = None


class Understanding:
    """The rules of one city pack, and its model if it has one, ready to use."""

    def __init__(self, pack: CityPack, *, with_model: bool = True) -> None:
        self._categories = pack.categories
        self._order = {code: i for i, code in enumerate(pack.categories)}
        self._urgent = {one.code for one in pack.categories.values() if one.level.rank <= Level.ORANGE.rank}
        self._word_categories: dict[str, list[str]] = {}
        for category in pack.categories.values():
            for word in category.words:
                self._word_categories.setdefault(plain(word), []).append(category.code)
        self._find_word = WordFinder(self._word_categories)
        self._alarms = AlarmFinder(pack.alarm_words)
        file = pack.folder / FILE
        self._file = file if with_model and file.is_file() else None
        self._model: Model | None = None

    def understand(self, words: str, hint_category: str | None = None) -> Understood:
        """Category, level and whose it is. A hint (chosen by a person or a device) decides the category."""
        text = normalise(words)
        alarms, hits = self._alarms.find(text)
        given = self._categories.get(hint_category) if hint_category else None
        proposal = self._propose(text)
        if proposal:
            alarms, hits = self._second_opinion(proposal, alarms, hits, len(text.text))
            proposal = self._agreed(proposal)
        if given:
            found = Understood(given.code, given.level, "unclear", (), (), 1.0)
            found = replace(found, reasons=(Reason("category_given", {"category": given.code}),))
        elif proposal:
            found = self._by_model(proposal, alarms)
        else:
            found = self._by_words(text.text, alarms)
        category = self._categories.get(found.category or "")
        level = category.level if category else UNKNOWN_LEVEL
        reasons = list(found.reasons)
        if proposal and not given and level is Level.RED and _log_odds(proposal.alarm) < CALM:
            reasons.append(Reason("level_calm"))
            level = Level.YELLOW
        for alarm in sorted(alarms, key=lambda a: a.level.rank):
            reasons.append(Reason(alarm.why, {"word": alarm.word, "level": alarm.level.value}))
            level = min(level, alarm.level, key=lambda one: one.rank)
        ours = _ours(category, alarms)
        if proposal and not given and ours != "unclear":
            ours, unsure = self._sure(ours, proposal, alarms)
            reasons += unsure
        if category is None and not alarms:
            reasons.append(Reason("not_understood"))
        elif category is None:
            reasons.append(Reason("alarm_without_category"))
        return replace(
            found, level=level, ours=ours, reasons=tuple(reasons), alarms=tuple(hits),
            fraud=proposal.fraud if proposal else 0.0, spans=proposal.spans if proposal else (),
            sure=proposal is not None and not given and ours != "unclear",
            vector=_kept(proposal),
        )  # fmt: skip

    def prepare(self) -> None:
        """Read the model now, in about a second, so that the first report need not wait for it."""
        if self._model is None and self._file is not None:
            self._model = Model.load(self._file)

    def proposed(self, words: str) -> Proposal | None:
        """What the model makes of a text, its categories weighed by the danger."""
        proposal = self._propose(normalise(words))
        return self._agreed(proposal) if proposal else None

    def _propose(self, text: Normalised) -> Proposal | None:
        self.prepare()
        if self._model is None or len(_CHINESE.findall(text.text)) < _MODEL_READS_FROM:
            return None
        return self._model.propose(text)

    def _second_opinion(
        self, proposal: Proposal, alarms: list[Alarm], hits: list[AlarmHit], characters: int
    ) -> tuple[list[Alarm], list[AlarmHit]]:
        """The model raises what no word raised, to orange or, less sure, to yellow for a person to look at, and lowers
        words that nothing else in the text bears out."""
        danger, spans = self._danger(proposal), proposal.alarm_spans
        if any(alarm.meant for alarm in alarms):
            if danger > PERHAPS or characters < _DOUBTED_FROM:
                return alarms, hits
            return [one.doubted() for one in alarms], [replace(one, level=lowered(one.level)) for one in hits]
        if danger <= PERHAPS or not spans:
            return alarms, hits
        level, why = (Level.ORANGE, "alarm_learnt") if danger > IN_DANGER else (LOWERED, "alarm_perhaps")
        strongest = max(spans, key=lambda span: span.weight)
        return (
            [*alarms, Alarm(strongest.text, level, "", why)],
            [*hits, *(AlarmHit(span.text, span.start, span.end, level) for span in spans)],
        )

    def _agreed(self, proposal: Proposal) -> Proposal:
        """Categories weighed by the second opinion: where nobody is in danger, one that is red is unlikely. Beside
        wordings that were left out, level and first guess are better for it.
        """
        danger, calm = math.sqrt(proposal.alarm) + 0.01, math.sqrt(1 - proposal.alarm) + 0.01
        factors = {Level.RED: danger, Level.ORANGE: math.sqrt(danger * calm)}
        weighed = [
            (code, chance * factors.get(self._categories[code].level, calm))
            for code, chance in proposal.categories
            if code in self._categories
        ]
        total = sum(chance for _, chance in weighed) or 1.0
        ranked = sorted(((code, chance / total) for code, chance in weighed), key=lambda one: -one[1])
        return replace(proposal, categories=tuple(ranked))

    def _danger(self, proposal: Proposal) -> float:
        """By what the model takes for an alarm, and by how likely the categories are that are urgent by themselves."""
        urgent = sum(chance for code, chance in proposal.categories if code in self._urgent)
        return _log_odds(proposal.alarm) + 0.25 * _log_odds(urgent)

    def _by_model(self, proposal: Proposal, alarms: list[Alarm]) -> Understood:
        """The model's first, once meant alarm words have spoken for their categories."""
        named = {alarm.category for alarm in alarms if alarm.meant}
        ranked = sorted(
            ((code, chance + _ALARM_BONUS * (1 - chance) * (code in named)) for code, chance in proposal.categories),
            key=lambda one: -one[1],
        )
        if not ranked or not proposal.spans:
            return Understood(None, UNKNOWN_LEVEL, "unclear", (), (), 0.0)
        total = sum(chance for _, chance in ranked)
        others = tuple((code, round(chance / total, 3)) for code, chance in ranked[:_SHOWN_OTHERS])
        best, confidence = others[0]
        said = dict.fromkeys(span.text for span in proposal.spans)
        reasons = [Reason("category_learnt", {"word": word, "category": best}) for word in said]
        return Understood(best, UNKNOWN_LEVEL, "unclear", tuple(reasons), (), confidence, others)

    def _sure(self, ours: Ours, proposal: Proposal, alarms: list[Alarm]) -> tuple[Ours, list[Reason]]:
        """Unclear, with the reason, where a person had better look."""
        if any(alarm.meant for alarm in alarms):
            return ours, []
        police = sum(chance for code, chance in proposal.categories if self._categories[code].kind == "police")
        if ours != "police" and 1 - police < SURE_IT_IS_NOT_OURS:
            return "unclear", [Reason("unsure_whose", {"percent": round(100 * police)})]
        best = proposal.categories[0][1]
        if best < SURE_OF_CATEGORY:
            return "unclear", [Reason("unsure_category", {"percent": round(100 * best)})]
        return ours, []

    def _by_words(self, text: str, alarms: list[Alarm]) -> Understood:
        found = self._find_words(text)
        scores = {code: sum(_weight(word) for word in words) for code, words in found.items()}
        for alarm in alarms:
            if alarm.category in self._categories:
                weight = _weight(plain(alarm.word)) * (2.0 if alarm.meant else 0.5)
                scores[alarm.category] = scores.get(alarm.category, 0.0) + weight
        police = {code: s for code, s in scores.items() if self._categories[code].kind == "police"}
        field = police or ({} if alarms else scores)
        if not field:
            return Understood(None, UNKNOWN_LEVEL, "unclear", (), (), 0.0)
        best, *others = sorted(field, key=lambda code: (-field[code], self._order[code]))
        rival = field[others[0]] if others else 0.0
        confidence = field[best] / (field[best] + rival) * field[best] / (field[best] + 3)
        shown = sorted(found.get(best, ()), key=lambda word: (-len(word), word))[:_SHOWN_WORDS]
        reasons = [Reason("category_word", {"word": word, "category": best}) for word in shown]
        reasons += [] if shown else [Reason("category_by_alarm_word", {"category": best})]
        return Understood(best, UNKNOWN_LEVEL, "unclear", tuple(reasons), (), round(confidence, 3))

    def _find_words(self, text: str) -> dict[str, set[str]]:
        """Category code → its distinct words in the text."""
        found: dict[str, set[str]] = {}
        for word in {word for word, _, _ in self._find_word.find(text)}:
            for code in self._word_categories[word]:
                found.setdefault(code, set()).add(word)
        return found


def _kept(proposal: Proposal | None) -> bytes | None:
    if proposal is None or proposal.vector is None:
        return None
    return keep(proposal.vector, proposal.categories)


def _ours(category: Category | None, alarms: list[Alarm]) -> Ours:
    kind = category.kind if category else "police" if alarms else "unclear"
    if kind in ("enquiry", "hotline") and alarms:
        return "police" if any(alarm.meant for alarm in alarms) else "unclear"
    return kind  # type: ignore[return-value]


def _log_odds(chance: float) -> float:
    return math.log((chance + 1e-3) / (1 - chance + 1e-3))


def _weight(word: str) -> float:
    """The square of a word's length, a Latin letter counting a third of a Chinese character."""
    return float(sum(1 / 3 if char.isascii() else 1 for char in word) ** 2)
