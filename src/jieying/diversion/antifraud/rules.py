"""What goes to the desk, how long it may wait there, what is most urgent, and what an answer means. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from jieying.citypack.model import CityPack, OrgKind
from jieying.diversion.antifraud.model import LASTS, NOT_COUNTED, Answer, StopState
from jieying.incidents.model import Channel
from jieying.triage.rules import SURE_OF_FRAUD

SKILL = "anti_fraud"  # a category of the city pack that asks for it is fraud
# These are not the voice of a victim; what they bring goes the usual way.
NOT_OF_A_VICTIM = frozenset({Channel.LEAD, Channel.ALARM})

# How long the desk, the exchange and the banks may take before the ladder is told.
PATIENCE = {
    StopState.DRAFT: timedelta(minutes=10),
    StopState.REQUESTED: timedelta(minutes=5),
    StopState.SENT: timedelta(minutes=30),
    StopState.ACCEPTED: timedelta(minutes=30),
}
WARNING = timedelta(hours=6)  # so long before a stop ends it is said that it will
CLOCKS_DIFFER = timedelta(minutes=5)  # a bank's clock and ours, at most
# What is stopped within this time of the transfer is often still there.
GOLDEN = timedelta(minutes=30)


def is_fraud(pack: CityPack, category: str | None) -> bool:
    found = pack.categories.get(category or "")
    return found is not None and SKILL in found.skills


def tells_of_fraud(pack: CityPack, category: str | None, chance: float) -> bool:
    """Fraud by its category, or likely enough (`chance` 0 to 1)."""
    return is_fraud(pack, category) or chance >= SURE_OF_FRAUD


def is_for_desk(pack: CityPack, channel: str, category: str | None, chance: float) -> bool:
    """Whether a report goes to the desk: it tells of fraud, from a victim's side."""
    return channel not in NOT_OF_A_VICTIM and tells_of_fraud(pack, category, chance)


def city_of(pack: CityPack) -> str:
    """The organisation that has the desk."""
    cities = [org.code for org in pack.orgs.values() if org.kind is OrgKind.CITY]
    return cities[0] if cities else next(iter(pack.orgs))


def due_at(state: StopState, now: datetime, effective_at: datetime | None = None) -> datetime | None:
    """When somebody has to be told about a request that has just come into this state."""
    if state is StopState.STOPPED and effective_at is not None:
        return effective_at + LASTS - WARNING
    patience = PATIENCE.get(state)
    return now + patience if patience else None


def number_for(earlier: dict[int, str]) -> int | None:
    """Which of the two times a new request for an account is; `earlier`: states of those that count, by number.

    None when it may not be requested: one runs still, or it was twice already.
    """
    if 2 in earlier:
        return None
    if 1 in earlier:
        return 2 if earlier[1] in (StopState.LAPSED, StopState.RENEWED) else None
    return 1


def counts(state: str) -> bool:
    return state not in NOT_COUNTED


def urgency(state: str, transferred_at: datetime | None, due: datetime | None, now: datetime) -> tuple[int, float]:
    """The place in the list, smallest first: money that may still be there, stops that end, what waits for the desk."""
    fresh = transferred_at is not None and now - transferred_at <= GOLDEN
    ending = state == StopState.STOPPED and due is not None and due - now <= WARNING
    order = {
        StopState.DRAFT: 0 if fresh else 2, StopState.REFUSED: 2, StopState.LAPSED: 1,
        StopState.STOPPED: 1 if ending else 5, StopState.REQUESTED: 3, StopState.SENT: 4, StopState.ACCEPTED: 4,
    }  # fmt: skip
    since = (due or transferred_at or now) - now
    return order.get(StopState(state), 6), since.total_seconds()


@dataclass(frozen=True)
class AnswerRow:
    """One answer of the other side. `at`: when it took effect there; the amount in yuan, of `stopped` only."""

    line: int
    request: str
    batch: str
    answer: Answer
    at: datetime
    stopped_amount: Decimal | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Known:
    """What is known of the request that an answer speaks of."""

    state: StopState
    batch: str | None
    sent_at: datetime | None
    answer: str | None
    answer_at: datetime | None
    stopped_amount: Decimal | None


_PAST_ACCEPTED = {StopState.ACCEPTED, StopState.STOPPED, StopState.NOTHING_LEFT, StopState.LAPSED, StopState.RENEWED}


def judge(known: Known, row: AnswerRow, batch_is_ours: bool, now: datetime) -> str:
    """`apply`, `repeated`, `late`, or the code of what is wrong with the answer (`answer_fault.<code>`)."""
    if row.batch != known.batch:  # it was corrected and sent anew since: an answer to what it was says nothing now
        return "late" if batch_is_ours else "unknown_batch"
    if row.at > now + CLOCKS_DIFFER:
        return "at_in_future"
    if known.sent_at is not None and row.at < known.sent_at - CLOCKS_DIFFER:
        return "at_before_sent"
    if known.state in (StopState.SENT, StopState.ACCEPTED) and str(row.answer) != str(known.state):
        return "apply"
    if row.answer is Answer.ACCEPTED:
        return "repeated" if known.answer == Answer.ACCEPTED else "late"
    same = (known.answer, known.answer_at, known.stopped_amount) == (row.answer, row.at, row.stopped_amount)
    return "repeated" if same else "contradicts"
