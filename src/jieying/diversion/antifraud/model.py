"""A fraud case and its stop-payment requests: their states and the transitions there are.

The rule behind it is the joint notice 银发〔2016〕86号 of the central bank, the ministries of industry and of public
security and the market regulator, section 2 (1): the bank compares name, account, amount and time of the transfer, an
emergency stop ends 48 hours after it took effect, and an account may be stopped at most two times.
"""

from datetime import timedelta
from enum import StrEnum

from jieying.kit.errors import Conflict

LASTS = timedelta(hours=48)  # 银发〔2016〕86号, section 2 (1) 2
TIMES_MOST = 2  # the same


class StopState(StrEnum):
    """`draft → requested → sent → accepted → stopped → lapsed`, and how else it may end."""

    DRAFT = "draft"
    REQUESTED = "requested"
    SENT = "sent"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    STOPPED = "stopped"
    NOTHING_LEFT = "nothing_left"
    LAPSED = "lapsed"
    RENEWED = "renewed"
    WITHDRAWN = "withdrawn"


_S = StopState
STOP_TRANSITIONS: dict[StopState, frozenset[StopState]] = {
    _S.DRAFT: frozenset({_S.REQUESTED, _S.WITHDRAWN}),
    # Back to draft to be corrected, as long as the exchange has not got it.
    _S.REQUESTED: frozenset({_S.SENT, _S.DRAFT, _S.WITHDRAWN}),
    # The answer that it was accepted may be late or lost: the outcome alone is enough.
    _S.SENT: frozenset({_S.ACCEPTED, _S.REFUSED, _S.STOPPED, _S.NOTHING_LEFT}),
    _S.ACCEPTED: frozenset({_S.REFUSED, _S.STOPPED, _S.NOTHING_LEFT}),
    # Corrected and requested again: a refusal stopped nothing and does not count.
    _S.REFUSED: frozenset({_S.DRAFT}),
    _S.STOPPED: frozenset({_S.LAPSED, _S.RENEWED}),
    _S.LAPSED: frozenset({_S.RENEWED}),
    _S.NOTHING_LEFT: frozenset(),
    _S.RENEWED: frozenset(),
    _S.WITHDRAWN: frozenset(),
}
# A stop that is asked for or in force: its case is not done.
RUNNING = frozenset({_S.REQUESTED, _S.SENT, _S.ACCEPTED, _S.STOPPED})
# These stopped nothing and do not count against the two times.
NOT_COUNTED = frozenset({_S.DRAFT, _S.REFUSED, _S.WITHDRAWN})


class CaseState(StrEnum):
    """A case is open until the desk closes it with a reason; it may be opened again."""

    OPEN = "open"
    CLOSED = "closed"


class CloseReason(StrEnum):
    DONE = "done"
    NOT_FRAUD = "not_fraud"
    NO_TRANSFER = "no_transfer"
    DUPLICATE = "duplicate"


class MadeBy(StrEnum):
    """Whose report it is. There is no third: a request starts with a victim."""

    VICTIM = "victim"
    FOR_VICTIM = "for_victim"


class Answer(StrEnum):
    """What the other side answers to a request; each is a state of the request too."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    STOPPED = "stopped"
    NOTHING_LEFT = "nothing_left"


class Refusal(StrEnum):
    """Why the other side did not stop the payment."""

    NAME_DIFFERS = "name_differs"
    NO_SUCH_ACCOUNT = "no_such_account"
    AMOUNT_DIFFERS = "amount_differs"
    TIME_DIFFERS = "time_differs"
    TWICE_ALREADY = "twice_already"
    OTHER = "other"


class Format(StrEnum):
    """Of a file that goes to the exchange."""

    CSV = "csv"
    JSONL = "jsonl"


# The fields of a request in the order in which they are shown; those of OPTIONAL may stay empty.
FIELDS = (
    "victim", "contact", "account", "counter_account", "counter_name", "bank", "amount", "time", "method",
)  # fmt: skip
OPTIONAL = frozenset({"counter_name", "method"})
FIELD_MOST = 100  # characters


def sources(target: StopState) -> list[str]:
    """The states from which `target` can be reached: what an UPDATE's WHERE names."""
    return [str(state) for state, targets in STOP_TRANSITIONS.items() if target in targets]


def refuse_move(current: str, target: str) -> Conflict:
    """The refusal of a transition, naming both states."""
    return Conflict("stop_transition", stop_now=str(current), stop_then=str(target))
