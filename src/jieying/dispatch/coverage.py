"""Who would be in time for the next call: expected coverage, what a departure costs it, which move raises it. Pure.

A unit covers what it reaches by road within `cover_s` (pack.toml, [dispatch]). Each unit is taken to be busy with
probability q, independently of the others, so a place within reach of k idle ones is covered with 1 - q^k: MEXCLP,
Daskin: A maximum expected covering location model, Transportation Science 17 (1983) 48-70.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from jieying.dispatch.demand import Demand
from jieying.roads.graph import Bools, Floats, Ints

# A change of the coverage by less than a millionth of the city's calls is no ground for anything.
_DIGITS = 6


@dataclass(frozen=True)
class Coverage:
    """The coverage at one moment. `at`: the place of `demand` where each unit stands, or will in a moment; `idle`:
    those that wait for a call. Units that do not wait cover nothing.
    """

    demand: Demand
    at: Ints
    idle: Bools

    @cached_property
    def reach(self) -> Floats:
        """Units × places: 1 where the unit would be in time, else 0."""
        reach: Floats = self.demand.reach[self.at]
        return reach

    @cached_property
    def count(self) -> Floats:
        """How many idle units reach each place in time."""
        count: Floats = self.idle.astype(float) @ self.reach
        return count

    def expected(self) -> float:
        """The share of all calls that somebody idle would reach in time, 0 to 1."""
        return float(self.demand.weight @ (1 - self.demand.busy**self.count))

    def loss(self) -> Floats:
        """For each unit the share of all calls that is no longer covered when it leaves; 0 for one that is not idle.

        The marginal coverage of MEXCLP: weight × (1 - q) q^(k-1), summed over what the unit reaches.
        """
        q = self.demand.busy
        marginal = self.demand.weight * (1 - q) * q ** np.maximum(self.count - 1, 0)
        loss: Floats = np.round(self.idle * (self.reach @ marginal), _DIGITS)
        return loss

    def missed_most(self, unit: int) -> tuple[int, int]:
        """The place that misses the unit most when it leaves, and how many others still reach that place in time."""
        q = self.demand.busy
        missed = self.reach[unit] * self.demand.weight * q ** np.maximum(self.count - 1, 0)
        place = int(missed.argmax())
        return place, int(self.count[place] - (self.idle[unit] and self.reach[unit, place]))


@dataclass(frozen=True)
class Move:
    """A unit that should wait elsewhere: `gain` is the share of all calls that is covered in addition."""

    unit: int
    post: int  # a place of the demand
    gain: float
    seconds: float


def move_gains(coverage: Coverage, units: Ints) -> Floats:
    """Idle units × posts: the share of all calls that is covered in addition when the unit waits at the post."""
    demand, mine = coverage.demand, coverage.reach[units]
    # What one more unit is worth at each place once this one has left.
    worth = demand.weight * (1 - demand.busy) * demand.busy ** (coverage.count - mine)
    gains: Floats = worth @ demand.reach[demand.posts].T - (worth * mine).sum(axis=1, keepdims=True)
    return np.round(gains, _DIGITS)


def best_move(coverage: Coverage, movable: Bools, max_s: float) -> Move | None:
    """The move of one idle unit to a post that raises the expected coverage most; None when none raises it.

    A unit on its way counts as if it were there, and moves beyond `max_s` seconds are left out; of equal ones the
    shortest is taken. With one unit movable, the one that has just become free, it is the rule of DMEXCLP:
    Jagtenberg, Bhulai, van der Mei: An efficient heuristic for real-time ambulance redeployment, Operations Research
    for Health Care 4 (2015) 27-35.
    """
    posts, units = coverage.demand.posts, np.flatnonzero(coverage.idle & movable)
    if not len(units) or not len(posts):
        return None
    seconds = coverage.demand.times_s[np.ix_(coverage.at[units], posts)]
    gains = np.where(seconds <= max_s, move_gains(coverage, units), 0.0)
    row, column = np.unravel_index(np.lexsort((seconds.ravel(), -gains.ravel()))[0], gains.shape)
    if gains[row, column] <= 0:
        return None
    return Move(int(units[row]), int(posts[column]), float(gains[row, column]), float(seconds[row, column]))


# A move that wins less than one of a hundred calls or takes longer than a quarter of an hour is not worth the trouble.
WORTH_GAIN, WORTH_S = 0.01, 900.0


def worthwhile(coverage: Coverage, movable: Bools) -> Move | None:
    """The best move, if it is worth the trouble."""
    move = best_move(coverage, movable, WORTH_S)
    return move if move is not None and move.gain >= WORTH_GAIN else None


def review(coverage: Coverage, suggested: Mapping[int, int]) -> tuple[dict[int, str], Move | None]:
    """Which of the moves that were suggested (unit → post) are over, and why; and what to suggest now, if anything.

    A unit that was asked to move counts as if it had: one suggestion takes the next into account. Over is a move
    whose unit has arrived, is not free any more, or that would not raise the coverage any more (`overtaken`).
    """
    over = {unit: "not_free" for unit in suggested if not coverage.idle[unit]}
    over |= {unit: "arrived" for unit, post in suggested.items() if unit not in over and coverage.at[unit] == post}
    there = coverage.at.copy()
    for unit, post in suggested.items():
        if unit not in over:
            there[unit] = post
    for unit in sorted(suggested.keys() - over.keys()):
        stays = there.copy()
        stays[unit] = coverage.at[unit]
        if replace(coverage, at=there).expected() <= replace(coverage, at=stays).expected():
            over[unit], there = "overtaken", stays
    movable = np.array([unit not in suggested for unit in range(len(there))], bool)
    return over, worthwhile(replace(coverage, at=there), movable)
