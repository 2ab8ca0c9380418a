"""`python -m jieying.knowledge.learn` fits the weights of the search and prints them, to be written into search.py.

It sees learn/ and evaluation/dev.tsv, never evaluation/test.tsv. What is asked is left out of what is searched: the
spoken wordings and the dev questions are asked of the written wordings alone, the rivals of the other half of them.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from jieying.knowledge.base import base_entries, labelled
from jieying.knowledge.search import SURE, Search, clues
from jieying.knowledge.text import Scores

OTHERS = ("off", "urgent")


def _weights(views: list[Scores], right: list[int], decay: float = 0.02) -> Scores:
    """The weights that make the right entries most likely (softmax over the entries), the first set to 1."""

    def loss(weights: NDArray[np.float64]) -> float:
        total = 0.0
        for view, index in zip(views, right, strict=True):
            scores = view @ weights
            total += float(np.logaddexp.reduce(scores) - scores[index])
        return total / len(views) + decay * float(weights @ weights) / 100

    fitted: Scores = minimize(loss, np.full(4, 5.0), method="L-BFGS-B", bounds=[(0, None)] * 4).x
    return fitted / fitted[0]


def _certainty(rows: Scores, meant: NDArray[np.bool_], decay: float = 0.01) -> Scores:
    """Logistic regression; each kind counts the same in all, whatever its number."""
    balance = np.where(meant, 0.5 / meant.sum(), 0.5 / (~meant).sum())

    def loss(weights: NDArray[np.float64]) -> float:
        z = rows @ weights
        return float(balance @ np.logaddexp(0, np.where(meant, -z, z))) + decay * float(weights[:-1] @ weights[:-1]) / 100

    fitted: Scores = minimize(loss, np.zeros(rows.shape[1]), method="L-BFGS-B").x
    return fitted


def main() -> None:
    entries = base_entries()
    index = {entry.id: i for i, entry in enumerate(entries)}
    rivals = labelled("learn/others.tsv")
    halves = rivals[::2], rivals[1::2]
    searches = [Search(entries, spoken=(), rivals=half) for half in halves]
    dev = labelled("evaluation/dev.tsv")
    questions = [*labelled("learn/spoken.tsv"), *(one for one in dev if one[0] not in OTHERS)]
    seen = [searches[i % 2].views(words) for i, (_, words) in enumerate(questions)]
    right = [index[id_] for id_, _ in questions]
    weights = _weights([views for views, _ in seen], right)
    print("WEIGHTS", np.round(weights, 2))

    rows, meant = [], []
    for (views, against), one in zip(seen, right, strict=True):
        scores = views @ weights
        best = int(np.argmax(scores))
        rows.append(clues(views, best, scores, against))
        meant.append(best == one)
    foreign = [(searches[1], words) for _, words in halves[0]] + [(searches[0], words) for _, words in halves[1]]
    foreign += [(searches[0], words) for label, words in dev if label in OTHERS]
    for search, words in foreign:
        views, against = search.views(words)
        scores = views @ weights
        rows.append(clues(views, int(np.argmax(scores)), scores, against))
        meant.append(False)
    is_ours = np.array([True] * len(questions) + [False] * len(foreign))
    fitted = _certainty(np.array(rows), is_ours)
    print("CERTAINTY", np.round(fitted, 2))
    certainty = 1 / (1 + np.exp(-(np.array(rows) @ fitted)))
    correct = np.array(meant)
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95):
        told = certainty >= threshold
        print(
            f"from {threshold:.2f}: known {told[is_ours].mean():.3f}, of these right {correct[told & is_ours].mean():.3f}, "
            f"of others unknown {1 - told[~is_ours].mean():.3f}"
        )
    lead = np.array(rows)[:, -2]
    for least in (0.0, 0.05, 0.1, 0.15, 0.2, 0.3):
        told = (certainty >= SURE) & (lead >= least)
        print(
            f"sure with a lead of {least:.2f}: {told[is_ours].mean():.3f}, of these right "
            f"{correct[told & is_ours].mean():.3f}, of others {told[~is_ours].mean():.3f}"
        )


if __name__ == "__main__":
    main()
