"""A request on its way to the city hotline 12345: its states and the steps there are (docs/hotline.md tells them)."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from jieying.kit.geo import Point

# Whom something may be diverted to; all but the hotline by telephone.
Service = Literal["hotline_12345", "anti_fraud", "fire_119", "ambulance_120"]


class HotlineState(StrEnum):
    """Where a request is. One that ended `refused` is ours again."""

    BY_HAND = "by_hand"  # a person hands it over and says what became of it
    TO_SEND = "to_send"
    SENT = "sent"  # they have it
    TAKEN = "taken"  # they work on it
    DONE = "done"
    REFUSED = "refused"


_H = HotlineState
TRANSITIONS: dict[HotlineState, frozenset[HotlineState]] = {
    _H.TO_SEND: frozenset({_H.SENT, _H.TAKEN, _H.DONE, _H.REFUSED, _H.BY_HAND}),
    _H.BY_HAND: frozenset({_H.TO_SEND, _H.SENT, _H.TAKEN, _H.DONE, _H.REFUSED}),
    _H.SENT: frozenset({_H.TAKEN, _H.DONE, _H.REFUSED}),
    _H.TAKEN: frozenset({_H.DONE, _H.REFUSED}),
    _H.DONE: frozenset(),
    _H.REFUSED: frozenset(),
}
OPEN = frozenset(state for state, targets in TRANSITIONS.items() if targets)


def sources(target: HotlineState) -> frozenset[HotlineState]:
    """The states from which `target` can be reached: what an UPDATE's WHERE names."""
    return frozenset(state for state, targets in TRANSITIONS.items() if target in targets)


@dataclass(frozen=True)
class Request:
    """What the hotline is told. `reference` is our own id: the same however often it is sent."""

    reference: str
    service_code: str
    description: str
    address: str
    point: Point | None
    name: str
    contact: str


@dataclass(frozen=True)
class Told:
    """What the hotline says of a request. Without an id it will number it later: `token` asks for that."""

    id: str = ""
    token: str = ""
    status: str = ""
    notes: str = ""
