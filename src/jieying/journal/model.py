"""One line of the journal, and the place of a reader in it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Self
from uuid import UUID


class Position(NamedTuple):
    """Where a reader stands: entries are read in the order (epoch, xid, seq).

    The transaction id comes before the sequence number because a number drawn early can be committed late; all
    transactions below the oldest running one have ended, so nothing can appear behind a position any more.
    The epoch counts restores from a backup, after which transaction ids begin anew.
    """

    epoch: int
    xid: int
    seq: int

    def __str__(self) -> str:
        return f"{self.epoch}.{self.xid}.{self.seq}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """The position from its text; ValueError when it is none."""
        epoch, xid, seq = (int(part) for part in text.split("."))
        return cls(epoch, xid, seq)


START = Position(0, 0, 0)


@dataclass(frozen=True)
class Entry:
    """What happened, to what, by whom, when. `incident` is set when it belongs on an incident's timeline."""

    position: Position
    id: UUID
    at: datetime
    kind: str
    subject_kind: str
    subject: str
    incident: UUID | None
    actor: str
    data: dict[str, Any]


@dataclass(frozen=True)
class Fault:
    """A row of the journal that is not as it was written."""

    region: str
    subject_kind: str
    subject: str
    number: int
    problem: str  # changed, removed, inserted
