"""Training, from the labelled texts of a pack, in under a minute on one core; the same texts give the same model.

A linear SVC over n-grams and a logistic regression over sentence vectors are added up; how sure the sum is, is
measured on a third of the wordings, left out, and set by one temperature.
"""

import random
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from jieying.citypack.model import Category
from jieying.kit.errors import NotFound
from jieying.kit.normal import normalise
from jieying.triage import corpus
from jieying.triage.corpus import Labelled
from jieying.triage.encoder import encoder
from jieying.triage.features import Matrix, NGrams
from jieying.triage.models import FILE, Head, Model, Row, Vectors
from jieying.triage.text import model_text

FOLDER = "corpus"  # in the folder of the pack
FRAUD = "1009"  # telecom and online fraud
NGRAM_PART = 16.0  # of an SVC margin beside a log-probability of the vectors; chosen on left-out wordings
_PHRASE_WEIGHT = 2.0  # of a short phrase, of which there is one text, beside the several of a wording
_PHRASE = 8  # characters
_FOLDS = 3
_CALLS, _LONGEST_CALL = 400, 6  # texts of each side, lines of one
_SVC_C = 1.0
_REGRESSION_C = 30.0
_TEMPERATURES = np.geomspace(0.25, 8, 41)


def read_training(folder: Path, categories: Mapping[str, Category]) -> list[Labelled]:
    """Every text to learn from. Raises NotFound when the pack has none."""
    if not (folder / "train.txt").is_file():
        raise NotFound("no_corpus", folder=str(folder))
    speech = tomllib.loads((folder / "speech.toml").read_text(encoding="utf-8"))
    texts = corpus.expand(folder / "train.txt", speech, categories)
    number = 1 + max(one.wording for one in texts)
    for code, level, line in corpus.read_wordings(folder / "phrases.txt", categories):
        for phrase in line.split("/"):
            number += 1
            texts.append(Labelled(phrase, code, level, ours=categories[code].kind, wording=number))
    for category in categories.values():
        for word in category.words:
            number += 1
            ours = category.kind
            texts.append(Labelled(word, category.code, str(category.level), ours=ours, wording=number))
    return texts


def read_calls(folder: Path, categories: Mapping[str, Category]) -> list[Labelled]:
    """Texts of several lines that were said in calls, fraudulent (FRAUD) and harmless ones."""
    dice = random.Random(corpus.SEED)  # noqa: S311 -- dice for texts
    lines: dict[str, list[str]] = {}
    for code, _, line in corpus.read_wordings(folder / "calls.txt", categories):
        lines.setdefault(code, []).append(line)
    return [
        Labelled("，".join(dice.sample(said, dice.randint(1, _LONGEST_CALL))), code, wording=number)
        for code, said in lines.items()
        for number in range(_CALLS)
    ]


def train(pack: Path, categories: Mapping[str, Category]) -> Model:
    """Learn from the pack's corpus and write the model into the pack's folder."""
    folder = pack / FOLDER
    model = fit(read_training(folder, categories), read_calls(folder, categories), encoder())
    model.save(pack / FILE)
    return model


def fit(texts: Sequence[Labelled], calls: Sequence[Labelled], vectors: Vectors | None) -> Model:
    """`calls` only teach what fraud is: they are no reports, and have no category of their own."""
    said = [model_text(normalise(one.text)).text for one in (*texts, *calls)]
    ngrams = NGrams.learn(said)
    model = Model(ngrams, vectors, {})
    rows = [model.row(text, ngrams.find(text)) for text in said]
    category = np.array([one.category for one in (*texts, *calls)])
    every = _Examples(
        _sparse(rows, ngrams.size),
        None if vectors is None else np.vstack([row.vector for row in rows if row.vector is not None]),
        np.where(category == FRAUD, "yes", "no"),
        np.array([_PHRASE_WEIGHT if len(text) <= _PHRASE else 1.0 for text in said]),
        np.array([one.wording for one in (*texts, *calls)]),
    )
    reports = replace(every, labels=category).part(np.arange(len(texts)))
    model.heads = {"category": _head(reports), "fraud": _head(every)}
    return model


@dataclass(frozen=True)
class _Examples:
    """Texts as numbers, with their labels, weights, and the wording each is made of."""

    rows: csr_matrix
    dense: Matrix | None
    labels: NDArray[Any]
    weights: NDArray[np.float64]
    wordings: NDArray[Any]

    def part(self, chosen: NDArray[Any]) -> "_Examples":
        dense = None if self.dense is None else self.dense[chosen]
        return _Examples(self.rows[chosen], dense, self.labels[chosen], self.weights[chosen], self.wordings[chosen])


def _sparse(rows: Sequence[Row], columns: int) -> csr_matrix:
    ends = np.cumsum([0] + [len(row.columns) for row in rows])
    values, at = np.concatenate([row.values for row in rows]), np.concatenate([row.columns for row in rows])
    return csr_matrix((values, at, ends), (len(rows), columns))


def _head(examples: _Examples) -> Head:
    names, weights, bias = _solve(examples)
    return Head(names, weights, bias, _temperature(examples))


def _solve(examples: _Examples) -> tuple[tuple[str, ...], Matrix, Matrix]:
    """Labels in order, weights (columns of both kinds, labels), bias."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    labels, count = examples.labels, examples.weights
    svc = LinearSVC(C=_SVC_C, random_state=0).fit(examples.rows, labels, sample_weight=count)
    weights, bias = (_both_ways(part) * NGRAM_PART for part in (svc.coef_.T, svc.intercept_[None, :]))
    if examples.dense is not None:
        other = LogisticRegression(C=_REGRESSION_C, max_iter=60, tol=1e-3)
        other.fit(examples.dense, labels, sample_weight=count)
        weights = np.vstack([weights, _both_ways(other.coef_.T)])
        bias = bias + _both_ways(other.intercept_[None, :])
    return tuple(str(name) for name in svc.classes_), weights.astype(np.float32), bias[0].astype(np.float32)


def _both_ways(part: NDArray[Any]) -> NDArray[Any]:
    """Two labels have one column of scores: half of it for the second, half against the first."""
    return np.hstack([-part / 2, part / 2]) if part.shape[1] == 1 else part


def _temperature(examples: _Examples) -> float:
    """The one that makes the labels of a left-out third of the wordings most likely."""
    left_out = examples.wordings % _FOLDS == 0
    names, weights, bias = _solve(examples.part(np.flatnonzero(~left_out)))
    asked = examples.part(np.flatnonzero(left_out))
    columns = asked.rows.shape[1]
    scores = asked.rows @ weights[:columns] + bias
    if asked.dense is not None:
        scores = scores + asked.dense @ weights[columns:]
    known = {name: i for i, name in enumerate(names)}
    right = np.array([known[label] for label in asked.labels])
    return float(min(_TEMPERATURES, key=lambda one: _surprise(scores / one, right)))


def _surprise(scores: NDArray[Any], right: NDArray[Any]) -> float:
    from scipy.special import logsumexp

    return float(np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(right)), right]))
