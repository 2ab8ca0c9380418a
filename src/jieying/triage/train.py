"""Training, from the labelled texts of a pack, in a minute or two on one core; the same texts give the same model.

A linear SVC over n-grams and a logistic regression over sentence vectors are added up; how sure the sum is, is
measured on a third of the wordings, left out, and set by one temperature.
"""

import random
import tomllib
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from jieying.citypack.model import AlarmWord, Category, CityPack, Level
from jieying.kit.encoder import encoder
from jieying.kit.errors import NotFound
from jieying.kit.normal import normalise
from jieying.triage import corpus
from jieying.triage.alarms import GAP, harmless_phrases
from jieying.triage.corpus import Labelled
from jieying.triage.features import Matrix, NGrams
from jieying.triage.models import FILE, Head, Model, Row, Vectors
from jieying.triage.text import model_text

FOLDER = "corpus"  # in the folder of the pack
FRAUD = "1009"  # telecom and online fraud
PHRASES, CALLS = "phrases.txt", "calls.txt"  # any other *.txt has wordings
SPLIT = "_hand.txt"  # of the wordings of such files a fifth is not learnt
SEEN = ("alarms_seen", "lookalikes_seen")
_OF_HANDS = 1  # text made from each wording of those files: there are many
# What an SVC margin counts beside a log-probability of the vectors; chosen on left-out wordings.
NGRAM_PART = {"category": 32.0, "fraud": 16.0, "alarm": 32.0}
_DANGER = ("alarms", "lookalikes")  # files of which a day has few: more than half of all wordings, so
_DANGER_WEIGHT = 0.25  # that is what they count for category and fraud
_PHRASE_WEIGHT = 2.0  # of a short phrase, of which there is one text, beside the several of a wording
_PHRASE = 8  # characters
_FOLDS = 3
_CALLS, _LONGEST_CALL = 1200, 6  # texts of each side, lines of one
_SVC_C = 1.0
_SVC_TOLERANCE = 0.05  # decides what 0.0001 decides, in half the time
_REGRESSION_C = 0.01
_TEMPERATURES = np.geomspace(0.25, 8, 41)


def read_training(folder: Path, categories: Mapping[str, Category]) -> list[Labelled]:
    """Every text to learn from, most with a category. Raises NotFound when the pack has none."""
    if not (folder / "train.txt").is_file():
        raise NotFound("no_corpus", folder=str(folder))
    texts: list[Labelled] = []
    for file in sorted(folder.glob("*.txt")):
        if file.name not in (PHRASES, CALLS):
            of_each, wanted = (_OF_HANDS, _is_learnt) if file.name.endswith(SPLIT) else (corpus.VARIANTS, _every)
            made = corpus.expand(file, _speech(folder), categories, of_each, wanted)
            weight = _DANGER_WEIGHT if file.name.startswith(_DANGER) else 1.0
            texts += _renumbered([replace(one, weight=weight) for one in made], texts)
    short = [
        (code, level, phrase)
        for code, level, line in corpus.read_wordings(folder / PHRASES, categories)
        for phrase in line.split("/")
    ] + [(one.code, str(one.level), word) for one in categories.values() for word in one.words]
    phrases = [
        Labelled(phrase, code, level, ours=categories[code].kind, wording=number)
        for number, (code, level, phrase) in enumerate(short)
    ]
    return texts + _renumbered(phrases, texts)


def read_held_out(folder: Path, categories: Mapping[str, Category]) -> list[Labelled]:
    """One text of each wording of the hands that is not learnt; none if the pack has no such files."""
    texts: list[Labelled] = []
    for file in sorted(folder.glob(f"*{SPLIT}")):
        made = corpus.expand(file, _speech(folder), categories, variants=1, wanted=corpus.is_held_out)
        texts += _renumbered(made, texts)
    return texts


def _is_learnt(wording: str) -> bool:
    return not corpus.is_held_out(wording)


def _every(wording: str) -> bool:
    return True


def read_alarming(folder: Path, words: Iterable[AlarmWord]) -> list[Labelled]:
    """Texts of no category that teach what is an alarm: the pack's alarm words, phrases that only contain one, and
    alarms and look-alikes that the words were tuned on."""
    lexicon = [Labelled(word.word.replace(GAP, ""), alarms=(word.word,)) for word in words]
    lexicon += [Labelled(phrase.replace(GAP, ""), alarms=()) for phrase in harmless_phrases()]
    for name in SEEN:
        file = folder / f"{name}.jsonl"
        lexicon += corpus.read_jsonl(file) if file.is_file() else []
    return [replace(one, wording=number) for number, one in enumerate(lexicon)]


def _renumbered(made: Sequence[Labelled], after: Sequence[Labelled]) -> list[Labelled]:
    """Numbers of wordings that none of those before has."""
    first = 1 + max((one.wording for one in after), default=-1)
    return [replace(one, wording=first + one.wording) for one in made]


def _speech(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "speech.toml").read_text(encoding="utf-8"))


def read_calls(folder: Path, categories: Mapping[str, Category]) -> list[Labelled]:
    """Texts of several lines that were said in calls, fraudulent (FRAUD) and harmless ones."""
    dice = random.Random(corpus.SEED)  # noqa: S311 -- dice for texts
    lines: dict[str, list[str]] = {}
    for code, _, line in corpus.read_wordings(folder / CALLS, categories):
        lines.setdefault(code, []).append(line)
    return [
        Labelled("，".join(dice.sample(said, dice.randint(1, _LONGEST_CALL))), code, wording=number)
        for code, said in lines.items()
        for number in range(_CALLS)
    ]


def train(pack: CityPack) -> Model:
    """Learn from the pack's corpus and write the model into the pack's folder."""
    folder = pack.folder / FOLDER
    texts = read_training(folder, pack.categories)
    calls, alarming = read_calls(folder, pack.categories), read_alarming(folder, pack.alarm_words)
    model = fit(texts, calls, alarming, encoder())
    model.save(pack.folder / FILE)
    return model


def fit(
    texts: Sequence[Labelled], calls: Sequence[Labelled], alarming: Sequence[Labelled], vectors: Vectors | None
) -> Model:
    """`calls` only teach what fraud is, `alarming` only what an alarm is: they have no category."""
    every = _renumbered_all(texts, calls, alarming)
    said = [model_text(normalise(one.text)).text for one in every]
    ngrams = NGrams.learn(said)
    model = Model(ngrams, vectors, {}, vectors.commonest(said[: len(texts)]) if vectors else ())
    rows = [model.row(text, ngrams.find(text)) for text in said]
    examples = _Examples(
        _sparse(rows, ngrams.size),
        None if vectors is None else np.vstack([row.vector for row in rows if row.vector is not None]),
        np.array([one.category or "" for one in every]),
        np.array([_PHRASE_WEIGHT if len(text) <= _PHRASE else 1.0 for text in said]),
        np.array([one.wording for one in every]),
    )
    kind = np.repeat(np.arange(3), [len(texts), len(calls), len(alarming)])
    fraud = np.array([_is_fraud(one) for one in every])
    alarm = np.array([is_alarm(one) for one in every])
    day = replace(examples, weights=examples.weights * [one.weight for one in every])
    parts = {
        "category": day.part((kind == 0) & (examples.labels != "")),
        "fraud": replace(day, labels=fraud).part((kind < 2) & (fraud != "")),
        "alarm": replace(examples, labels=alarm).part((kind != 1) & (alarm != "")),
    }
    model.heads = {task: _head(part, NGRAM_PART[task]) for task, part in parts.items() if len(set(part.labels)) > 1}
    return model


def _is_fraud(one: Labelled) -> str:
    """Money goes now. A fraud long over, or one that failed, may be either, and teaches nothing."""
    if one.category != FRAUD:
        return "no"
    return "yes" if one.level in (None, Level.ORANGE, Level.RED) else ""


def is_alarm(one: Labelled) -> str:
    """Somebody is in danger now: so marked, or red. Orange without a mark may be either, and teaches nothing."""
    if one.alarms or one.level == Level.RED:
        return "yes"
    return "" if one.level == Level.ORANGE or (one.level is None and one.alarms is None) else "no"


def _renumbered_all(*parts: Sequence[Labelled]) -> list[Labelled]:
    every: list[Labelled] = []
    for part in parts:
        every += _renumbered(part, every)
    return every


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


def _head(examples: _Examples, ngram_part: float) -> Head:
    names, weights, bias = _solve(examples, ngram_part)
    ngrams = examples.rows.shape[1]
    temperature = _temperature(examples, ngram_part)
    return Head(names, weights[:ngrams].astype(np.float16), weights[ngrams:], bias, temperature)


def _solve(examples: _Examples, ngram_part: float) -> tuple[tuple[str, ...], Matrix, Matrix]:
    """Labels in order, weights (columns of both kinds, labels), bias."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    labels, count = examples.labels, examples.weights
    svc = LinearSVC(C=_SVC_C, tol=_SVC_TOLERANCE, random_state=0).fit(examples.rows, labels, sample_weight=count)
    weights, bias = (_both_ways(part) * ngram_part for part in (svc.coef_.T, svc.intercept_[None, :]))
    if examples.dense is not None:
        middle, spread = examples.dense.mean(axis=0), examples.dense.std(axis=0) + 1e-6  # else it takes 60 rounds
        other = LogisticRegression(C=_REGRESSION_C, max_iter=20, tol=1e-3)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # twenty rounds are enough
            other.fit((examples.dense - middle) / spread, labels, sample_weight=count)
        of_vector = _both_ways(other.coef_.T) / spread[:, None]
        weights = np.vstack([weights, of_vector])
        bias = bias + _both_ways(other.intercept_[None, :]) - middle @ of_vector
    return tuple(str(name) for name in svc.classes_), weights.astype(np.float32), bias[0].astype(np.float32)


def _both_ways(part: NDArray[Any]) -> NDArray[Any]:
    """Two labels have one column of scores: half of it for the second, half against the first."""
    return np.hstack([-part / 2, part / 2]) if part.shape[1] == 1 else part


def _temperature(examples: _Examples, ngram_part: float) -> float:
    """The one that makes the labels of a left-out third of the wordings most likely."""
    left_out = examples.wordings % _FOLDS == 0
    if set(examples.labels[~left_out]) != set(examples.labels):
        return 1.0  # too few wordings to tell
    names, weights, bias = _solve(examples.part(np.flatnonzero(~left_out)), ngram_part)
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
