"""Time is handed in, never taken: the live system, the demo and the simulator differ only in their clock."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where the platform gets its time from."""

    @property
    def speed(self) -> float:
        """Clock seconds per real second; 1.0 for the wall clock, 0.0 for one moved by hand."""
        ...

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The wall clock."""

    speed = 1.0

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class ScaledClock:
    """A clock that runs `speed` times as fast as the wall clock since `real_start` (epoch seconds).

    Two processes that are given the same three numbers read the same time.
    """

    start: datetime
    real_start: float
    speed: float

    def now(self) -> datetime:
        return self.start + timedelta(seconds=(time.time() - self.real_start) * self.speed)

    def __str__(self) -> str:
        return f"{self.start.isoformat()}@{self.real_start}x{self.speed}"


@dataclass
class ManualClock:
    """A clock that stands still until it is moved: for replay, simulation and tests."""

    moment: datetime
    speed: float = field(default=0.0, init=False)

    def now(self) -> datetime:
        return self.moment

    def move_to(self, moment: datetime) -> None:
        """Set the time; going back is refused, because what happened has happened."""
        if moment < self.moment:
            raise ValueError(f"the clock stands at {self.moment}, it cannot go back to {moment}")
        self.moment = moment

    def advance(self, seconds: float) -> None:
        self.move_to(self.moment + timedelta(seconds=seconds))


def parse_clock(text: str) -> Clock:
    """Read the setting JIEYING_CLOCK: empty for the wall clock, else `START@REAL_STARTxSPEED`.

    Raises ValueError when it is neither.
    """
    if not text:
        return SystemClock()
    start, _, rest = text.partition("@")
    real_start, _, speed = rest.partition("x")
    return ScaledClock(datetime.fromisoformat(start).astimezone(UTC), float(real_start), float(speed))
