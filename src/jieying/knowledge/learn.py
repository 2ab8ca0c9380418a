"""`python -m jieying.knowledge.learn` fits the weights of the search and prints them, to be written into search.py.

Run it again after writing WEIGHTS: the rest builds on them. It sees learn/ and evaluation/dev.tsv, never the tests of
evaluation/. A quarter of the spoken wordings and of the rivals is asked of a search that knows the other three: what is
asked is never among what is searched.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from jieying.knowledge.base import base_entries, labelled
from jieying.knowledge.search import RIVALS, SURE, WEIGHTS, Search, Views, alarms, clues, spoken_wordings
from jieying.knowledge.text import Scores, is_cry

OTHERS = ("off", "urgent")
PARTS = 4


def _weights(views: Sequence[Scores], right: Sequence[int]) -> Scores:
    """The weights that make the right entries most likely (softmax over the entries)."""
    stacked, rows = np.array(views), np.arange(len(right))

    def loss(weights: Scores) -> tuple[float, Scores]:
        scores = stacked @ weights
        likely = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
        slope = np.einsum("qe,qev->v", likely, stacked) - stacked[rows, right].sum(axis=0)
        return -float(np.log(likely[rows, right]).mean()), slope / len(right)

    count = stacked.shape[2]
    fitted: Scores = minimize(loss, np.full(count, 5.0), jac=True, method="L-BFGS-B", bounds=[(0, None)] * count).x
    return fitted


def _logistic(rows: Scores, true: NDArray[np.bool_], decay: float = 1e-4) -> Scores:
    """Logistic regression; each kind counts the same in all, whatever its number."""
    balance = np.where(true, 0.5 / true.sum(), 0.5 / (~true).sum())

    def loss(weights: NDArray[np.float64]) -> float:
        z = rows @ weights
        return float(balance @ np.logaddexp(0, np.where(true, -z, z))) + decay * float(weights[:-1] @ weights[:-1])

    fitted: Scores = minimize(loss, np.zeros(rows.shape[1]), method="L-BFGS-B").x
    return fitted


def _asked() -> list[tuple[str, str, Views, NDArray[np.bool_]]]:
    """(label, words, what a search that does not know them sees, which of its rivals are urgent)."""
    entries, spoken, rivals = base_entries(), spoken_wordings(), labelled(RIVALS)
    asked = []
    for part in range(PARTS):
        known = [[one for i, one in enumerate(rows) if i % PARTS != part] for rows in (spoken, rivals)]
        search = Search(entries, *known)
        questions = [*spoken[part::PARTS], *rivals[part::PARTS], *labelled("evaluation/dev.tsv")[part::PARTS]]
        asked += [(label, words, search.views(words), search.urgent) for label, words in questions]
    return asked


def main() -> None:
    index = {entry.id: i for i, entry in enumerate(base_entries())}
    asked = _asked()
    ours = [(seen, index[label]) for label, _, seen, _ in asked if label not in OTHERS]
    print("WEIGHTS", np.round(_weights([seen.entries for seen, _ in ours], [right for _, right in ours]), 2))

    labels = np.array([label for label, *_ in asked])
    is_ours, is_urgent = ~np.isin(labels, OTHERS), labels == "urgent"
    order = [np.argsort(-(seen.entries @ WEIGHTS)) for _, _, seen, _ in asked]
    ranked = [(first[:3].tolist(), index.get(label)) for first, label in zip(order, labels, strict=True)]
    correct = np.array([first[0] == right for first, right in ranked])
    among = np.array([right in first for first, right in ranked])
    print(f"right first {correct[is_ours].mean():.3f}, among three {among[is_ours].mean():.3f}")

    cried = np.array([is_cry(words) for _, words, _, _ in asked])
    rows = np.array([alarms(seen, urgent) for _, _, seen, urgent in asked])
    fitted = _logistic(rows, is_urgent)
    print("URGENCY", np.round(fitted, 2).tolist())
    urgency = 1 / (1 + np.exp(-(rows @ fitted)))
    for threshold in (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8):
        told = cried | (urgency >= threshold)
        false = f"of ours {told[is_ours].mean():.3f}, of others {told[~is_ours & ~is_urgent].mean():.3f}"
        print(f"urgent from {threshold}: cries {told[is_urgent].mean():.3f}, falsely {false}")

    rows = np.array([clues(seen) for _, _, seen, _ in asked])
    fitted = _logistic(rows, is_ours)
    print("CERTAINTY", np.round(fitted, 2).tolist())
    certainty = 1 / (1 + np.exp(-(rows @ fitted)))
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        told = certainty >= threshold
        known, good = told[is_ours].mean(), correct[told & is_ours].mean()
        print(f"known from {threshold}: {known:.3f}, right {good:.3f}, others unknown {1 - told[~is_ours].mean():.3f}")
    lead = np.array([np.diff(np.sort(seen.entries @ WEIGHTS)[-2:])[0] for _, _, seen, _ in asked])
    for least in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0):
        told = (certainty >= SURE) & (lead >= least)
        good = f"of these right {correct[told & is_ours].mean():.3f}, of others {told[~is_ours].mean():.3f}"
        print(f"sure with a lead of {least}: {told[is_ours].mean():.3f}, {good}")


if __name__ == "__main__":
    main()
