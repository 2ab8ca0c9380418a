"""Training, from the labelled texts of a pack, in under a minute on one core; the same texts give the same model.

A linear SVC over n-grams and a logistic regression over sentence vectors are added up; how sure the sum is, is
measured on wordings that were left out (3 folds by wording) and set by one temperature.
"""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from jieying.citypack.model import Category
from jieying.kit.errors import NotFound
from jieying.triage import corpus
from jieying.triage.corpus import Labelled
from jieying.triage.features import Matrix, NGrams, Vectors
from jieying.triage.models import FILE, Head, Model

FOLDER = "corpus"  # in the folder of the pack
FRAUD = "1009"  # telecom and online fraud
NGRAM_PART = 8.0  # of an SVC margin beside a log-probability of the vectors; chosen on left-out wordings
_PHRASE_TIMES = 2
_FOLDS = 3
_SVC_C = 1.0
_REGRESSION_C = 10.0
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
            texts += [Labelled(phrase, code, level, ours=categories[code].kind, wording=number)] * _PHRASE_TIMES
    for category in categories.values():
        for word in category.words:
            number += 1
            ours = category.kind
            texts.append(Labelled(word, category.code, str(category.level), ours=ours, wording=number))
    return texts


def train(pack: Path, categories: Mapping[str, Category]) -> Model:
    """Learn from the pack's corpus and write the model into the pack's folder."""
    model = fit(read_training(pack / FOLDER, categories), vectors=Vectors())
    model.save(pack / FILE)
    return model


def fit(texts: Sequence[Labelled], vectors: Vectors | None) -> Model:
    ngrams = NGrams.learn([one.text for one in texts])
    rows = rows_of([one.text for one in texts], ngrams)
    dense = vectors_of([one.text for one in texts], vectors)
    groups = np.array([one.wording for one in texts])
    labels = {
        "category": np.array([one.category for one in texts]),
        "level": np.array([one.level for one in texts]),
        "fraud": np.where(np.array([one.category for one in texts]) == FRAUD, "yes", "no"),
    }
    heads = {task: _head(rows, dense, given, groups) for task, given in labels.items()}
    return Model(ngrams, vectors, heads, threshold=0.5)


def rows_of(texts: Sequence[str], ngrams: NGrams) -> csr_matrix:
    rows = [ngrams.row(text) for text in texts]
    ends = np.cumsum([0] + [len(columns) for columns, _ in rows])
    columns, values = (np.concatenate([row[i] for row in rows]) for i in (0, 1))
    return csr_matrix((values, columns, ends), (len(rows), ngrams.size))


def vectors_of(texts: Sequence[str], vectors: Vectors | None) -> Matrix | None:
    return None if vectors is None else np.array([vectors.row(text)[1] for text in texts])


def _head(rows: csr_matrix, dense: Matrix | None, labels: NDArray[Any], groups: NDArray[Any]) -> Head:
    names, weights, bias = _solve(rows, dense, labels)
    return Head(names, weights, bias, _temperature(rows, dense, labels, groups))


def _solve(rows: csr_matrix, dense: Matrix | None, labels: NDArray[Any]) -> tuple[tuple[str, ...], Matrix, Matrix]:
    """Labels in order, weights (columns of both kinds, labels), bias."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    svc = LinearSVC(C=_SVC_C, random_state=0).fit(rows, labels)
    weights, bias = (_both_ways(part) * NGRAM_PART for part in (svc.coef_.T, svc.intercept_[None, :]))
    if dense is not None:
        other = LogisticRegression(C=_REGRESSION_C, max_iter=200).fit(dense, labels)
        weights = np.vstack([weights, _both_ways(other.coef_.T)])
        bias = bias + _both_ways(other.intercept_[None, :])
    return tuple(str(name) for name in svc.classes_), weights.astype(np.float32), bias[0].astype(np.float32)


def _both_ways(part: NDArray[Any]) -> NDArray[Any]:
    """Two labels have one column of scores: half of it for the second, half against the first."""
    return np.hstack([-part / 2, part / 2]) if part.shape[1] == 1 else part


def _temperature(rows: csr_matrix, dense: Matrix | None, labels: NDArray[Any], groups: NDArray[Any]) -> float:
    """The one that makes the left-out labels most likely."""
    fold = groups % _FOLDS
    scores, truth = [], []
    for left_out in range(_FOLDS):
        inside, outside = np.flatnonzero(fold != left_out), np.flatnonzero(fold == left_out)
        names, weights, bias = _solve(rows[inside], None if dense is None else dense[inside], labels[inside])
        found = rows[outside] @ weights[: rows.shape[1]] + bias
        if dense is not None:
            found = found + dense[outside] @ weights[rows.shape[1] :]
        known = {name: i for i, name in enumerate(names)}
        scores.append(found)
        truth += [known[label] for label in labels[outside]]
    every, right = np.vstack(scores), np.array(truth)
    return float(min(_TEMPERATURES, key=lambda one: _surprise(every / one, right)))


def _surprise(scores: NDArray[Any], right: NDArray[Any]) -> float:
    from scipy.special import logsumexp

    return float(np.mean(logsumexp(scores, axis=1) - scores[np.arange(len(right)), right]))
