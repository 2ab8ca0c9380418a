"""How well the search finds what is meant, on questions that it was not fitted to, beside a plain baseline."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import psutil

from jieying.kit.masking import mask
from jieying.knowledge.base import base_entries, labelled
from jieying.knowledge.search import Found, Search
from jieying.knowledge.text import Bm25, grams

OTHERS = ("off", "urgent")
WORST = 25


def evaluate() -> dict[str, Any]:
    """The figures on the two tests of evaluation/, a baseline beside each, and, apart, on the part that was tuned on.

    `ms`: processor time of one question. Of the tests' own hand the worst are shown, of the other hand's none."""
    process = psutil.Process()
    before = process.memory_info().rss
    start = time.process_time()
    search = Search(base_entries())
    loading = time.process_time() - start
    megabytes = (process.memory_info().rss - before) / 1e6
    questions = {name: labelled(f"evaluation/{name}.tsv") for name in ("test", "independent", "dev")}
    start = time.process_time()
    found = {name: [search.find(words, 5) for _, words in asked] for name, asked in questions.items()}
    milliseconds = (time.process_time() - start) * 1000 / sum(map(len, questions.values()))
    baseline = _bm25()
    return {
        **{name: _figures(asked, found[name]) for name, asked in questions.items()},
        "peers": {"bm25_characters": {name: _ranks(questions[name], baseline) for name in ("test", "independent")}},
        "ms": round(milliseconds, 2),
        "loading_s": round(loading, 1),
        "memory_mb": round(megabytes),
        "entries": len(search.entries),
        "worst": _worst(questions["test"], found["test"]),
    }


def _figures(questions: Sequence[tuple[str, str]], found: Sequence[Found]) -> dict[str, Any]:
    ours = [(label, one) for (label, _), one in zip(questions, found, strict=True) if label not in OTHERS]
    off = [one for (label, _), one in zip(questions, found, strict=True) if label == "off"]
    urgent = [one for (label, _), one in zip(questions, found, strict=True) if label == "urgent"]
    sure = [(label, one) for label, one in ours if one.sure]
    ranked = iter([[hit.entry.id for hit in one.hits] for _, one in ours])
    return {
        **_ranks([(label, "") for label, _ in ours], lambda _: next(ranked)),
        "known": _share([one.known for _, one in ours]),
        "known_and_in_first_3": _share([one.known and _rank(label, one) <= 3 for label, one in ours]),
        "sure": _share([one.sure for _, one in ours]),
        "sure_and_right": _share([_rank(label, one) == 1 for label, one in sure]),
        "off_topic": len(off) + len(urgent),
        "off_topic_unknown": _share([not one.known for one in off + urgent]),
        "off_topic_sure": sum(one.sure for one in off + urgent),
        "falsely_urgent": _share([one.urgent for one in [*(one for _, one in ours), *off]]),
        "urgent": len(urgent),
        "urgent_unknown": _share([not one.known for one in urgent]),
        "urgent_noticed": _share([one.urgent for one in urgent]),
    }


def _ranks(questions: Sequence[tuple[str, str]], ranked: Callable[[str], list[str]]) -> dict[str, Any]:
    ours = [(label, ranked(words)) for label, words in questions if label not in OTHERS]
    return {
        "questions": len(ours),
        "hit_at_1": _share([label in ids[:1] for label, ids in ours]),
        "hit_at_3": _share([label in ids[:3] for label, ids in ours]),
    }


def _share(values: Sequence[bool]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None


def _rank(label: str, found: Found) -> int:
    ids = [hit.entry.id for hit in found.hits]
    return ids.index(label) + 1 if label in ids else len(ids) + 1


def _bm25() -> Callable[[str], list[str]]:
    """Characters and pairs of them over question and wordings, without synonyms, vectors or spoken wordings."""
    entries = base_entries()
    index = Bm25(["。".join((entry.question, *entry.wordings)) for entry in entries])

    def ranked(words: str) -> list[str]:
        return [entries[i].id for i in np.argsort(-index.score(grams(words)), kind="stable")[:3]]

    return ranked


def _worst(questions: Sequence[tuple[str, str]], found: Sequence[Found]) -> list[dict[str, Any]]:
    """Questions whose entry is not among the first three, and others that were taken for ours."""
    wrong = [
        {
            "words": mask(words),
            "right": label,
            "found": [hit.entry.id for hit in one.hits[:3]],
            "certainty": one.certainty,
        }
        for (label, words), one in zip(questions, found, strict=True)
        if (one.known if label in OTHERS else _rank(label, one) > 3)
    ]
    return sorted(wrong, key=lambda one: -one["certainty"])[:WORST]  # type: ignore[operator]
