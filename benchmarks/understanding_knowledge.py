"""The search of the knowledge base on held-back questions, beside BM25 on characters: a part of `understanding`."""

import time
from typing import Any

from benchmarks.common import spread
from jieying.knowledge.base import base_entries, labelled
from jieying.knowledge.evaluate import evaluate
from jieying.knowledge.search import Search

ROUNDS = 3


def run() -> dict[str, Any]:
    """The figures of `jieying knowledge evaluate`, and the processor time of a question in milliseconds."""
    figures = evaluate()  # first, so that it sees the models being loaded
    search = Search(base_entries())
    questions = [words for _, words in labelled("evaluation/test.tsv")]
    spent = []
    for _ in range(ROUNDS):
        start = time.process_time()
        for words in questions:
            search.find(words)
        spent.append((time.process_time() - start) * 1000 / len(questions))
    return figures | {"processor_ms": spread(spent)}
