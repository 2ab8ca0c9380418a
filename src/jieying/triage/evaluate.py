"""How well understanding does on labelled texts: per class and overall, beside plain baselines, the worst mistakes.

Whatever a text has no label for is not judged on it.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from jieying.citypack.model import Category, CityPack, Level
from jieying.kit.errors import NotFound
from jieying.kit.masking import mask
from jieying.kit.normal import normalise
from jieying.triage.corpus import Labelled, read_jsonl
from jieying.triage.models import Model
from jieying.triage.rules import Understanding, Understood
from jieying.triage.train import FOLDER, fit, read_held_out, read_training

Decide = Callable[[str], Understood]

RAISED = Level.ORANGE  # an alarm that asks for this level or a more urgent one is raised
_WORST = 15
_CONFUSED = 20
_BINS = 10


def evaluate(texts: Sequence[Labelled], decide: Decide, categories: Mapping[str, Category]) -> dict[str, Any]:
    """Figures for each task that the texts have labels for: category, level, ours, alarms; and the time it took."""
    answers, seconds = [], []
    for one in texts:
        began = time.perf_counter()
        answers.append(decide(one.text))
        seconds.append(time.perf_counter() - began)
    pairs = list(zip(texts, answers, strict=True))
    figures: dict[str, Any] = {"texts": len(texts)}
    if known := [(t, a) for t, a in pairs if t.category]:
        figures["category"] = _category(known, categories)
    if known := [(t, a) for t, a in pairs if t.level]:
        figures["level"] = _classes([str(t.level) for t, _ in known], [str(a.level) for _, a in known])
    if known := [(t, a) for t, a in pairs if t.ours]:
        figures["ours"] = _ours(known, categories)
    if known := [(t, a) for t, a in pairs if t.alarms is not None]:
        figures["alarms"] = _alarms(known)
    if seconds:
        p50, p99 = np.percentile(seconds, [50, 99]) * 1000
        figures["ms"] = {"p50": round(float(p50), 2), "p99": round(float(p99), 2)}
    return figures


def is_raised(found: Understood) -> bool:
    """Whether an alarm, by a word that is meant or by the model, raised the level to orange or red."""
    return any(hit.level.rank <= RAISED.rank for hit in found.alarms)


def is_urgent(level: str | None) -> bool:
    return level is not None and Level(level).rank <= RAISED.rank


def _category(known: list[tuple[Labelled, Understood]], categories: Mapping[str, Category]) -> dict[str, Any]:
    truth = [str(t.category) for t, _ in known]
    chosen = [a.category or "" for _, a in known]
    first3 = [{code for code, _ in a.others} or {a.category or ""} for _, a in known]
    parents = [(_top(t, categories), _top(c, categories)) for t, c in zip(truth, chosen, strict=True)]
    sure = np.array([a.confidence for _, a in known])
    right = np.array([t == c for t, c in zip(truth, chosen, strict=True)])
    wrong = sorted((one for one in known if one[0].category != one[1].category), key=lambda one: -one[1].confidence)
    return {
        "top1": _share(right),
        "top3": _share([t in three for t, three in zip(truth, first3, strict=True)]),
        "top1_of_first_tier": _share([a == b for a, b in parents]),
        "calibration_error": _calibration_error(sure, right),
        "handed_to_a_person": _share([a.ours == "unclear" for _, a in known]),
        "top1_of_the_rest": _share(
            [t.category == a.category for t, a in known if a.ours != "unclear"],
        ),
        **_classes(truth, chosen),
        "worst": [
            {"text": mask(t.text), "is": t.category, "taken_for": a.category, "confidence": a.confidence}
            for t, a in wrong[:_WORST]
        ],
    }


def _top(code: str, categories: Mapping[str, Category]) -> str:
    return (categories[code].parent or code) if code in categories else ""


def _classes(truth: list[str], chosen: list[str]) -> dict[str, Any]:
    """Precision, recall and F1 of each class of the truth, their mean, and what is confused most."""
    from sklearn.metrics import precision_recall_fscore_support

    labels = sorted(set(truth))
    precision, recall, f1, count = precision_recall_fscore_support(truth, chosen, labels=labels, zero_division=0.0)
    rows = zip(labels, precision, recall, f1, count, strict=True)
    confused = Counter((t, c) for t, c in zip(truth, chosen, strict=True) if t != c)
    return {
        "macro_f1": round(float(np.mean(f1)), 4),
        "classes": {
            label: dict(zip(("precision", "recall", "f1"), (round(float(x), 3) for x in (p, r, f)), strict=True))
            | {"texts": int(n)}
            for label, p, r, f, n in rows
        },
        "confusion": [{"is": t, "taken_for": c, "texts": n} for (t, c), n in confused.most_common(_CONFUSED)],
    }


def _ours(known: list[tuple[Labelled, Understood]], categories: Mapping[str, Category]) -> dict[str, Any]:
    """By the kind of the chosen category; what went to a person is told apart, and is not lost."""
    chosen = [categories.get(a.category or "") for _, a in known]
    kinds = [one.kind if one else "unclear" for one in chosen]
    police_sent_away = [a.ours in ("hotline", "enquiry") for t, a in known if t.ours == "police"]
    return {
        "handed_to_a_person": _share([a.ours == "unclear" for _, a in known]),
        "police_sent_away": _share(police_sent_away),
        **_classes([str(t.ours) for t, _ in known], kinds),
    }


def _alarms(known: list[tuple[Labelled, Understood]]) -> dict[str, Any]:
    """`raised`, `false_alarms`: by an alarm; `urgent`, `falsely_urgent`: orange or red, for whatever reason;
    `unnoticed`: taken for a matter that is not urgent, with no alarm at any level, and not for a person to judge.

    A text without an alarm whose own level is orange or red is neither: that it is raised is no mistake.
    """
    alarming = [(t, a) for t, a in known if t.alarms]
    harmless = [(t, a) for t, a in known if not t.alarms and not is_urgent(t.level)]
    return {
        "alarm_texts": len(alarming),
        "raised": _share([is_raised(a) for _, a in alarming]),
        "urgent": _share([is_urgent(a.level) for _, a in alarming]),
        "unnoticed": _share([not (a.alarms or is_urgent(a.level) or a.ours == "unclear") for _, a in alarming]),
        "harmless_texts": len(harmless),
        "false_alarms": _share([is_raised(a) for _, a in harmless]),
        "falsely_urgent": _share([is_urgent(a.level) for _, a in harmless]),
        "missed": [mask(t.text) for t, a in alarming if not is_raised(a)][:_WORST],
        "raised_falsely": [mask(t.text) for t, a in harmless if is_raised(a)][:_WORST],
    }


def _calibration_error(sure: np.ndarray[Any, Any], right: np.ndarray[Any, Any]) -> float:
    """Expected calibration error over ten equal bins (Guo et al. 2017)."""
    bins = np.minimum((sure * _BINS).astype(int), _BINS - 1)
    gaps = [
        (bins == b).mean() * abs(float(right[bins == b].mean()) - float(sure[bins == b].mean()))
        for b in range(_BINS)
        if (bins == b).any()
    ]
    return round(float(sum(gaps)), 4)


def _share(values: Any) -> float | None:
    return round(float(np.mean(values)), 4) if len(values) else None


def compare(pack: CityPack, data: Path | None) -> dict[str, dict[str, Any]]:
    """Set of texts → (who decided → figures): the platform beside the pack's words alone and TF-IDF with a SVC alone.

    `data`: anybody's JSONL; else the held-back texts of the pack. Raises NotFound when there are none.
    """
    folder = pack.folder / FOLDER
    sets = {"data": read_jsonl(data)} if data else _sets(folder, pack.categories)
    if not sets:
        raise NotFound("no_corpus", folder=str(folder))
    plain = fit(read_training(folder, pack.categories), (), (), None) if (folder / "train.txt").is_file() else None
    with_model = Understanding(pack)
    deciders: dict[str, Decide] = {
        "platform": with_model.understand,
        "words_only": Understanding(pack, with_model=False).understand,
    }
    if plain:
        deciders["tfidf_svc"] = lambda words: _plainly(plain, words, pack.categories)
    with_model.understand("")
    return {
        name: {who: evaluate(texts, decide, pack.categories) for who, decide in deciders.items()}
        for name, texts in sets.items()
    }


def _sets(folder: Path, categories: Mapping[str, Category]) -> dict[str, list[Labelled]]:
    sets = {file.stem: read_jsonl(file) for file in sorted(folder.glob("*.jsonl"))}
    held_out = read_held_out(folder, categories)
    return sets | ({"hands": held_out} if held_out else {})


def _plainly(model: Model, words: str, categories: Mapping[str, Category]) -> Understood:
    """The most likely category and its level, no rules."""
    ranked = model.propose(normalise(words)).categories
    code, sure = ranked[0]
    return Understood(code, categories[code].level, "unclear", (), (), sure, ranked[:3])
