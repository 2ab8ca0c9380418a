"""How many units to stand at which site so that the fewest calls are reached late: expected covering, solved exactly.

The maximum expected covering location problem: Daskin, A maximum expected covering location model: formulation,
properties and heuristic solution, Transportation Science 17 (1983) 48–70. A unit is busy with probability q, whatever
the others do; a call that n units could reach in time finds one of them free with probability 1 − qⁿ.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

import highspy
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array, eye_array, hstack, kron, vstack

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]

# Units beyond so many that all but this share of calls find one free make the program larger and no better.
TAIL = 1e-6
# The solver's tolerances are absolute: late arrivals are counted out of so many calls.
CALLS = 1e4


@dataclass(frozen=True, eq=False)
class Covering:
    """The problem. `weight[i]` calls of kind i, at least one above zero; `reach[i, j]`: from site j they are reached
    in time; `units` to stand somewhere, any number at one site; each busy for the share `busy` (0 ≤ busy < 1) of
    the time."""

    weight: Floats
    reach: Bools
    units: int
    busy: float

    def late_share(self, counts: Ints) -> float:
        """The share of calls that no free unit reaches in time when `counts[j]` units stand at site j."""
        return float(self.weight @ self.busy ** (self.reach @ counts) / self.weight.sum())


@dataclass(frozen=True, eq=False)
class Solution:
    """`late_share` with `counts[j]` units at site j. No posting has less than `late_bound`: that is the proof.

    `gap` is how much of late_share might still be saved at best; `optimal` when it is within the solver's 0.01 %.
    """

    counts: Ints
    late_share: float
    late_bound: float
    optimal: bool
    seconds: float
    nodes: int

    @property
    def gap(self) -> float:
        return 1 - self.late_bound / self.late_share if self.late_share > 0 else 0.0


# Called now and then with the seconds so far, the least late share found and the bound below it.
Progress = Callable[[float, float, float], None]


def greedy(problem: Covering) -> Ints:
    """One unit after the other to where it helps most. At least 63 % of the cover that is possible, because every
    further unit adds less (Nemhauser, Wolsey, Fisher, Mathematical Programming 14 (1978) 265–294)."""
    counts = np.zeros(problem.reach.shape[1], np.int64)
    late = problem.weight.astype(np.float64)
    reach = problem.reach.astype(np.float64)
    for _ in range(problem.units):
        best = int(np.argmax(late @ reach))
        counts[best] += 1
        late = np.where(problem.reach[:, best], late * problem.busy, late)
    return counts


def solve(problem: Covering, limit_s: float, progress: Progress) -> Solution:
    """The best posting, or the best found within `limit_s` seconds; never worse than `greedy`."""
    began = time.perf_counter()
    merged = _merged(problem)
    model, depth = _program(merged)
    start = greedy(merged)
    solver = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("log_to_console", False)  # without its log it would not tell how far it is
    solver.setOptionValue("time_limit", float(limit_s))
    solver.passModel(model)
    solver.setSolution(_as_solution(merged, start, depth))
    solver.cbMipLogging.subscribe(
        lambda event: progress(
            time.perf_counter() - began,
            event.data_out.mip_primal_bound / CALLS,
            max(0.0, event.data_out.mip_dual_bound / CALLS),
        )
    )
    solver.run()
    info = solver.getInfo()
    sites = problem.reach.shape[1]
    found = np.rint(np.array(solver.getSolution().col_value[:sites])).astype(np.int64)
    counts = found if found.sum() == problem.units else start
    late = problem.late_share(counts)
    # Beyond `depth` units the program counts nothing: what it leaves out is at most busy^depth of the calls.
    tail = problem.busy**depth if depth < problem.units else 0.0
    bound = max(0.0, info.mip_dual_bound / CALLS - tail)
    return Solution(
        counts=counts,
        late_share=late,
        late_bound=min(bound, late),
        optimal=solver.getModelStatus() == highspy.HighsModelStatus.kOptimal,
        seconds=time.perf_counter() - began,
        nodes=int(info.mip_node_count),
    )


def _merged(problem: Covering) -> Covering:
    """The same problem with one row for all calls that the same sites reach."""
    reach, row = np.unique(problem.reach, axis=0, return_inverse=True)
    weight = np.bincount(row.ravel(), problem.weight, minlength=len(reach))
    return Covering(weight.astype(np.float64), reach, problem.units, problem.busy)


def _program(problem: Covering) -> tuple[highspy.HighsLp, int]:
    """Daskin's program: x[j] units at site j, y[i, k] = 1 when at least k units reach row i; as few late as possible.

    The k-th unit of a row saves (1 − q) q^(k−1) of its calls: always less than the one before, so y fills up in the
    order of k by itself, and needs no integrality.
    """
    rows, sites = problem.reach.shape
    depth = 1
    while depth < problem.units and problem.busy**depth > TAIL:
        depth += 1
    share = problem.weight / problem.weight.sum() * CALLS
    saved = (1 - problem.busy) * problem.busy ** np.arange(depth)
    steps = kron(eye_array(rows), np.ones((1, depth)))
    all_units = csr_array(([1.0] * sites, ([0] * sites, range(sites))), shape=(1, sites + rows * depth))
    matrix = csr_array(vstack([hstack([csr_array(-problem.reach.astype(float)), steps]), all_units]))
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = sites + rows * depth, rows + 1
    model.offset_ = CALLS
    model.col_cost_ = np.concatenate([np.zeros(sites), -np.outer(share, saved).ravel()])
    model.col_lower_ = np.zeros(model.num_col_)
    model.col_upper_ = np.concatenate([np.full(sites, float(problem.units)), np.ones(rows * depth)])
    model.row_lower_ = np.append(np.full(rows, -highspy.kHighsInf), problem.units)
    model.row_upper_ = np.append(np.zeros(rows), problem.units)
    model.integrality_ = [highspy.HighsVarType.kInteger] * sites + [highspy.HighsVarType.kContinuous] * (rows * depth)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_, model.a_matrix_.index_, model.a_matrix_.value_ = matrix.indptr, matrix.indices, matrix.data
    return model, depth


def _as_solution(problem: Covering, counts: Ints, depth: int) -> highspy.HighsSolution:
    reached = problem.reach @ counts
    solution = highspy.HighsSolution()
    filled = (np.arange(depth) < reached[:, None]).astype(np.float64)
    solution.col_value = np.concatenate([counts.astype(np.float64), filled.ravel()])
    return solution
