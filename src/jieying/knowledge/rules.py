"""What an entry must hold, when a question is answered without a person, and when nobody has answered in time. Pure."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from jieying.citypack.model import Level
from jieying.kit.errors import Invalid
from jieying.knowledge.model import Entry
from jieying.knowledge.search import Found

# An officer's time for a question of the pool, and for each rung of the ladder after it.
ANSWER = timedelta(minutes=30)
WORDINGS_MOST = 10


def check_entry(entry: Entry, today: date) -> None:
    """Raises Invalid for an entry that says nothing, says the same twice, or is out of date already."""
    wordings = (entry.question, *entry.wordings)
    if any(not text.strip() for text in (*wordings, entry.answer, entry.source)):
        raise Invalid("entry_empty")
    if len(wordings) > WORDINGS_MOST or len(set(wordings)) < len(wordings):
        raise Invalid("entry_wordings", most=WORDINGS_MOST)
    if not entry.holds_on(today):
        raise Invalid("entry_out_of_date", until=entry.valid_until.isoformat())


def answer_of(found: Found, level: Level, today: date) -> Entry | None:
    """The entry that answers by itself; None when a person should: unsure, out of date, or more than an enquiry."""
    if not found.sure or level.rank <= Level.ORANGE.rank:
        return None
    best = found.hits[0].entry
    return best if best.holds_on(today) else None


def due_at(asked_at: datetime, rung: int, ladder: Sequence[object]) -> datetime | None:
    """When rung `rung` (from 0) of the ladder is told of an unanswered question; None above the top."""
    return asked_at + ANSWER * (rung + 1) if rung < len(ladder) else None
