"""`python -m jieying.knowledge.learn` fits the weights of the search and prints them, to be written into search.py.

Run it again after writing WEIGHTS: the certainty builds on them. It sees learn/ and evaluation/dev.tsv, never
evaluation/test.tsv. One half of the spoken wordings is asked of a search that knows the other half, and so are the
rivals: what is asked is never among what is searched.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from jieying.knowledge.base import base_entries, labelled
from jieying.knowledge.search import SURE, WEIGHTS, Search, clues
from jieying.knowledge.text import Scores

OTHERS = ("off", "urgent")


def _weights(views: Sequence[Scores], right: Sequence[int]) -> Scores:
    """The weights that make the right entries most likely (softmax over the entries)."""
    stacked, rows = np.array(views), np.arange(len(right))

    def loss(weights: Scores) -> tuple[float, Scores]:
        scores = stacked @ weights
        likely = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
        slope = np.einsum("qe,qev->v", likely, stacked) - stacked[rows, right].sum(axis=0)
        return -float(np.log(likely[rows, right]).mean()), slope / len(right)

    fitted: Scores = minimize(loss, np.full(2, 5.0), jac=True, method="L-BFGS-B", bounds=[(0, None)] * 2).x
    return fitted


def _certainty(rows: Scores, meant: NDArray[np.bool_], decay: float = 0.01) -> Scores:
    """Logistic regression; each kind counts the same in all, whatever its number."""
    balance = np.where(meant, 0.5 / meant.sum(), 0.5 / (~meant).sum())

    def loss(weights: NDArray[np.float64]) -> float:
        z = rows @ weights
        return (
            float(balance @ np.logaddexp(0, np.where(meant, -z, z))) + decay * float(weights[:-1] @ weights[:-1]) / 100
        )

    fitted: Scores = minimize(loss, np.zeros(rows.shape[1]), method="L-BFGS-B").x
    return fitted


def main() -> None:
    entries = base_entries()
    index = {entry.id: i for i, entry in enumerate(entries)}
    spoken, rivals = labelled("learn/spoken.tsv"), labelled("learn/others.tsv")
    searches = [Search(entries, spoken[half::2], rivals[half::2]) for half in (0, 1)]
    dev = labelled("evaluation/dev.tsv")
    asked = [(searches[1 - i % 2], one) for i, one in enumerate(spoken)] + [(searches[0], one) for one in dev]
    questions = [(search, id_, words) for search, (id_, words) in asked if id_ not in OTHERS]
    seen = [search.views(words) for search, _, words in questions]
    right = [index[id_] for _, id_, _ in questions]
    weights = _weights([views for views, _ in seen], right)
    print("WEIGHTS", np.round(weights, 2))

    rows = [clues(views, against) for views, against in seen]
    meant = [int(np.argmax(views @ WEIGHTS)) == one for (views, _), one in zip(seen, right, strict=True)]
    lead = [float(np.diff(np.sort(views @ WEIGHTS)[-2:])[0]) for views, _ in seen]
    foreign = [(searches[1 - i % 2], words) for i, (_, words) in enumerate(rivals)]
    foreign += [(searches[0], words) for label, words in dev if label in OTHERS]
    for search, words in foreign:
        views, against = search.views(words)
        rows.append(clues(views, against))
        meant.append(False)
        lead.append(float(np.diff(np.sort(views @ WEIGHTS)[-2:])[0]))
    is_ours = np.array([True] * len(questions) + [False] * len(foreign))
    fitted = _certainty(np.array(rows), is_ours)
    print("CERTAINTY", np.round(fitted, 2))
    certainty = 1 / (1 + np.exp(-(np.array(rows) @ fitted)))
    correct = np.array(meant)
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        told = certainty >= threshold
        known, good = told[is_ours].mean(), correct[told & is_ours].mean()
        print(
            f"from {threshold:.2f}: known {known:.3f}, right {good:.3f}, others unknown {1 - told[~is_ours].mean():.3f}"
        )
    for least in (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 4.0):
        told = (certainty >= SURE) & (np.array(lead) >= least)
        print(
            f"sure with a lead of {least:.2f}: {told[is_ours].mean():.3f}, of these right "
            f"{correct[told & is_ours].mean():.3f}, of others {told[~is_ours].mean():.3f}"
        )


if __name__ == "__main__":
    main()
