"""Report, incident, assignment: their states and the transitions there are (docs/words.md says them in prose)."""

from enum import StrEnum
from typing import TypeVar

from jieying.kit.errors import Conflict


class Channel(StrEnum):
    """By which way a report came (报警渠道)."""

    PHONE = "phone"
    SMS = "sms"
    WECHAT = "wechat"
    WEIBO = "weibo"
    QQ = "qq"
    APP = "app"
    MINIPROGRAM = "miniprogram"
    WEB = "web"
    WALK_IN = "walk_in"
    PATROL = "patrol"
    LEAD = "lead"
    LETTERBOX = "letterbox"
    ALARM = "alarm"
    HOTLINE_12345 = "hotline_12345"

    @property
    def is_spoken(self) -> bool:
        """A person stands or speaks at the other end: only a person can answer."""
        return self in (Channel.PHONE, Channel.WALK_IN)


class ReportState(StrEnum):
    RECEIVED = "received"
    ANSWERED = "answered"
    LINKED = "linked"
    ENQUIRY = "enquiry"
    DIVERTED = "diverted"
    UNFOUNDED = "unfounded"


class IncidentState(StrEnum):
    OPEN = "open"
    ACTIVE = "active"
    RESOLVED = "resolved"
    CLOSED = "closed"
    DIVERTED = "diverted"
    MERGED = "merged"


class AssignmentState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    EN_ROUTE = "en_route"
    ON_SCENE = "on_scene"
    CLEARED = "cleared"
    DECLINED = "declined"
    EXPIRED = "expired"
    WITHDRAWN = "withdrawn"
    RELEASED = "released"

    @property
    def is_running(self) -> bool:
        """The unit is bound by it: accepted, en route or on scene."""
        return self in RUNNING

    @property
    def is_ended(self) -> bool:
        return not TRANSITIONS[type(self)][self]


State = TypeVar("State", ReportState, IncidentState, AssignmentState)

_R, _I, _A = ReportState, IncidentState, AssignmentState
RUNNING = frozenset({_A.ACCEPTED, _A.EN_ROUTE, _A.ON_SCENE})

REPORT_TRANSITIONS: dict[ReportState, frozenset[ReportState]] = {
    _R.RECEIVED: frozenset({_R.ANSWERED}),
    _R.ANSWERED: frozenset({_R.LINKED, _R.ENQUIRY, _R.DIVERTED, _R.UNFOUNDED}),
    _R.LINKED: frozenset({_R.RECEIVED, _R.ANSWERED}),  # unlinked: back to where it was
    _R.ENQUIRY: frozenset(),
    _R.DIVERTED: frozenset({_R.ANSWERED}),  # the other service refused
    _R.UNFOUNDED: frozenset(),
}

INCIDENT_TRANSITIONS: dict[IncidentState, frozenset[IncidentState]] = {
    _I.OPEN: frozenset({_I.ACTIVE, _I.RESOLVED, _I.DIVERTED, _I.MERGED}),
    # Back to open when the last unit is released before anything was found out.
    _I.ACTIVE: frozenset({_I.OPEN, _I.RESOLVED, _I.DIVERTED, _I.MERGED}),
    _I.RESOLVED: frozenset({_I.CLOSED}),
    _I.CLOSED: frozenset({_I.OPEN}),
    _I.DIVERTED: frozenset({_I.OPEN}),
    _I.MERGED: frozenset({_I.OPEN}),  # the merge is undone
}

ASSIGNMENT_TRANSITIONS: dict[AssignmentState, frozenset[AssignmentState]] = {
    _A.OFFERED: frozenset({_A.ACCEPTED, _A.DECLINED, _A.EXPIRED, _A.WITHDRAWN}),
    _A.ACCEPTED: frozenset({_A.EN_ROUTE, _A.RELEASED}),
    _A.EN_ROUTE: frozenset({_A.ON_SCENE, _A.RELEASED}),
    _A.ON_SCENE: frozenset({_A.CLEARED, _A.RELEASED}),
    _A.CLEARED: frozenset(),
    _A.DECLINED: frozenset(),
    _A.EXPIRED: frozenset(),
    _A.WITHDRAWN: frozenset(),
    _A.RELEASED: frozenset(),
}

TRANSITIONS: dict[type, dict] = {  # type: ignore[type-arg]
    ReportState: REPORT_TRANSITIONS,
    IncidentState: INCIDENT_TRANSITIONS,
    AssignmentState: ASSIGNMENT_TRANSITIONS,
}


def sources(target: State) -> frozenset[State]:
    """The states from which `target` can be reached: what an UPDATE's WHERE names."""
    table: dict[State, frozenset[State]] = TRANSITIONS[type(target)]
    return frozenset(state for state, targets in table.items() if target in targets)


def illegal(current: str, target: str) -> Conflict:
    """The refusal of a transition, naming both states."""
    return Conflict("illegal_transition", current=str(current), target=str(target))


# An incident's times, each set once by the first thing that reaches it (words.md, "Times of an incident").
TIMES = (
    "received_at",
    "answered_at",
    "located_at",
    "opened_at",
    "offered_at",
    "handed_over_at",
    "accepted_at",
    "en_route_at",
    "on_scene_at",
    "cleared_at",
    "resolved_at",
    "closed_at",
)
