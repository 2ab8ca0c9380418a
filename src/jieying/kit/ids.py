"""UUID version 7 (RFC 9562, section 5.7): ids made here, not by the database, that sort by time."""

import os
import threading
from datetime import UTC, datetime
from uuid import UUID

_lock = threading.Lock()
_last: tuple[int, int] = (0, 0)


def new_id(now: datetime) -> UUID:
    """A fresh id whose leading 48 bits are `now` in milliseconds.

    Ids of one process and one millisecond keep their order by a counter in rand_a (RFC 9562, 6.2, method 1).
    """
    global _last
    ms = int(now.timestamp() * 1000)
    with _lock:
        counter = _last[1] + 1 if ms == _last[0] else int.from_bytes(os.urandom(1))
        if counter > 0xFFF:  # more than 4,000 ids in a millisecond: borrow from the next
            ms, counter = ms + 1, 0
        _last = (ms, counter)
    rand_b = int.from_bytes(os.urandom(8)) & ((1 << 62) - 1)
    return UUID(int=(ms << 80) | (0x7 << 76) | (counter << 64) | (0b10 << 62) | rand_b)


def first_id(moment: datetime) -> UUID:
    """The smallest UUID of that millisecond: a bound for ranges and partitions."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def time_of(id_: UUID) -> datetime:
    """The moment an id was made, to the millisecond."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)
