"""What a simulation is made of; the shape of its result stands in result.py.

All durations are seconds; moments inside a simulation are seconds since `Calls.start`. Positions are WGS 84.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from jieying.kit.errors import Invalid

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Units of one call that have draws of their own; the ninth takes those of the first again.
SLOTS = 8
LATE_S = 300.0  # "arrival within 5 minutes"
ANY = "*"

# --- how long things take ------------------------------------------------------------------------------------


class Duration(Protocol):
    """A distribution of seconds."""

    def quantile(self, u: Floats) -> Floats:
        """The values at these shares (0 to 1, both excluded); one draw for each uniform number."""
        ...


@dataclass(frozen=True)
class Constant:
    seconds: float

    def quantile(self, u: Floats) -> Floats:
        return np.full_like(u, self.seconds)


@dataclass(frozen=True)
class LogNormal:
    """`sigma` is the standard deviation of the logarithm."""

    median_s: float
    sigma: float

    def quantile(self, u: Floats) -> Floats:
        values: Floats = self.median_s * np.exp(self.sigma * ndtri(u))
        return values


@dataclass(frozen=True)
class Empirical:
    """The recorded values themselves, ascending, with straight lines between them."""

    values: tuple[float, ...]

    def quantile(self, u: Floats) -> Floats:
        values: Floats = np.quantile(np.array(self.values), u)
        return values


@dataclass(frozen=True)
class Drive:
    """How real drives differ from the road network's time t: `offset_s + scale × t × exp(sigma × z)`, z normal."""

    scale: float = 1.0
    offset_s: float = 0.0
    sigma: float = 0.0


@dataclass(frozen=True)
class StageTimes:
    """The stages of a call's way, for all that is not recorded with the call itself.

    `answer`: from the first moment a call-taker is free until he answers; `describe`: from then until the incident is
    open, the call-taker is busy in both; `relay`: how long it lies between city centre and station desk before an
    officer is offered it, where there is a relay; `turnout` by level, `on_scene` by category, `*` for all others.
    """

    answer: Duration
    describe: Duration
    relay: Duration
    turnout: Mapping[str, Duration]
    on_scene: Mapping[str, Duration]
    drive: Drive = Drive()


# --- calls ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Calls:
    """Calls in the order they were received. What is NaN is drawn from StageTimes.

    `category` indexes `categories` (codes of the pack), `level` is the rank (0 red … 4 white), `needed` the units it
    takes, 0 for what the response plan says. `turnout_s` and `stay_s` have a column for each of SLOTS units.

    Every drive to a call lasts `extra_s + slow × t`, t by the road network; where these are None, it is drawn from
    StageTimes.drive. They are what recorded drives teach (practice.py), one draw for all units of the call.
    """

    start: datetime
    received_s: Floats
    lat: Floats
    lon: Floats
    category: Ints
    categories: tuple[str, ...]
    level: Ints
    needed: Ints
    answer_s: Floats
    describe_s: Floats
    relay_s: Floats
    turnout_s: Floats
    stay_s: Floats
    extra_s: Floats | None = None
    slow: Floats | None = None

    def __len__(self) -> int:
        return len(self.received_s)


def nothing_recorded(n: int) -> dict[str, Floats]:
    """The stage times of n calls of which nothing is recorded, for `Calls(**…)`."""
    one, each = (np.full(shape, np.nan) for shape in ((n,), (n, SLOTS)))
    return {"answer_s": one, "describe_s": one, "relay_s": one, "turnout_s": each, "stay_s": each}


class DrawsCalls(Protocol):
    """Where calls come from. Drawn anew for each replication, but the same for all policies."""

    def draw(self, random: np.random.Generator) -> Calls: ...


@dataclass(frozen=True)
class Same:
    """The same calls in every replication."""

    calls: Calls

    def draw(self, random: np.random.Generator) -> Calls:
        return self.calls


# --- circumstances -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Conditions:
    """`takers`: call-takers, None for as many as there are calls. Each turn of duty has one break in its middle,
    begun when the unit is free, at its post. A unit breaks down at random moments and is out for `repair_s`."""

    takers: int | None = None
    break_s: float = 0.0
    breakdowns_per_day: float = 0.0
    repair_s: float = 7200.0


RELAY, MOVE_UP = "relay", "move_up"


@dataclass(frozen=True)
class Variant:
    """What is compared: a dispatch policy by its name, with or without the relay step and relocation."""

    policy: str
    relay: bool = False
    move_up: bool = False

    @classmethod
    def parse(cls, text: str) -> "Variant":
        """`balanced`, `own_station_first+relay`, `nearest_by_road+move_up`. Raises Invalid for another addition."""
        policy, *additions = text.split("+")
        for one in additions:
            if one not in (RELAY, MOVE_UP):
                raise Invalid("sim_addition", policy=text, addition=one)
        return cls(policy, RELAY in additions, MOVE_UP in additions)

    def __str__(self) -> str:
        return "+".join([self.policy, *([RELAY] if self.relay else []), *([MOVE_UP] if self.move_up else [])])


# --- what came out -------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Outcome:
    """One replication of one variant. An element for each call, NaN where it never came so far.

    `answered_s` … `on_scene_s` are moments; offered, en route and on scene are those of the unit that arrived first,
    `unit` its place in the fleet, -1 for none. `waited`: no unit was free when one was wanted. `duty_s` and `busy_s`
    have an element for each unit: seconds on duty, and bound to incidents.
    """

    received_s: Floats
    answered_s: Floats
    opened_s: Floats
    offered_s: Floats
    en_route_s: Floats
    on_scene_s: Floats
    unit: Ints
    level: Ints
    lat: Floats
    lon: Floats
    area: Ints  # index into the pack's areas, -1 outside all
    waited: NDArray[np.bool_]
    duty_s: Floats
    busy_s: Floats
    events: int
    seconds: float
    moves: int = 0  # units sent to another post by move-up
    road_s: float = 0.0  # all seconds on the road, to incidents, home and to other posts
