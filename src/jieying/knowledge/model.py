"""A question of the knowledge base with its answer, and the questions that wait in the pool for an officer."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from jieying.kit.errors import Conflict

EXPIRES_SOON_DAYS = 60


class QuestionClass(StrEnum):
    """The seven classes, in the order in which they are shown."""

    HOUSEHOLD = "household"
    EXIT_ENTRY = "exit_entry"
    TRAFFIC = "traffic"
    ORDER = "order"
    FRAUD = "fraud"
    LICENCE = "licence"
    SERVICE = "service"


class Scope(StrEnum):
    """How far an answer reaches; where rules differ, it says whose announcement counts."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"


class EntryState(StrEnum):
    CURRENT = "current"
    RETIRED = "retired"


class AskedState(StrEnum):
    """A question in the pool: `waiting → claimed → answered`.

    A claim may be given back, `withdrawn` ends it unanswered; `by_base` was answered at once and never waited.
    """

    WAITING = "waiting"
    CLAIMED = "claimed"
    ANSWERED = "answered"
    BY_BASE = "by_base"
    WITHDRAWN = "withdrawn"


ASKED_TRANSITIONS: dict[AskedState, frozenset[AskedState]] = {
    AskedState.WAITING: frozenset({AskedState.CLAIMED, AskedState.WITHDRAWN}),
    AskedState.CLAIMED: frozenset({AskedState.WAITING, AskedState.ANSWERED, AskedState.WITHDRAWN}),
    AskedState.ANSWERED: frozenset(),
    AskedState.BY_BASE: frozenset(),
    AskedState.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True)
class Entry:
    """A question as people ask it, in other words too, and what is true. `source` names the rule it stands on."""

    id: str
    class_: QuestionClass
    question: str
    wordings: tuple[str, ...]
    answer: str
    source: str
    scope: Scope
    valid_until: date

    def holds_on(self, day: date) -> bool:
        return day <= self.valid_until

    def expires_soon(self, day: date) -> bool:
        """Whether an editor should look at it now: it is out of date or will be within EXPIRES_SOON_DAYS."""
        return (self.valid_until - day).days <= EXPIRES_SOON_DAYS


def refuse_move(current: str, target: AskedState) -> Conflict:
    """The refusal of a step in the pool, naming both states."""
    return Conflict("asked_transition", asked=current, wanted=str(target))
