"""`jieying knowledge`: ask the base that comes with the platform, and measure its search; both without a database."""

import time
from typing import Annotated, Any

import typer
from rich.table import Table

from jieying.commands.terminal import JsonOption, out, say, words, write_json

app = typer.Typer(no_args_is_help=True)

MEASURES = (
    "cli.knowledge.hit_at_1",
    "cli.knowledge.hit_at_3",
    "cli.knowledge.known",
    "cli.knowledge.sure",
    "cli.knowledge.sure_and_right",
    "cli.knowledge.off_topic_unknown",
    "cli.knowledge.urgent_unknown",
    "cli.knowledge.urgent_noticed",
    "cli.knowledge.falsely_urgent",
)


@app.command(help=words("help.knowledge.ask"))
def ask(
    question: Annotated[str, typer.Argument(help=words("help.knowledge.ask.question"))], json: JsonOption = None
) -> int:
    from jieying.knowledge.base import base_entries
    from jieying.knowledge.search import Search

    search = Search(base_entries())
    start = time.perf_counter()
    found = search.find(question)
    seconds = time.perf_counter() - start
    hits = [
        {
            "id": hit.entry.id, "class": str(hit.entry.class_), "question": hit.entry.question,
            "answer": hit.entry.answer, "source": hit.entry.source, "scope": str(hit.entry.scope),
            "valid_until": hit.entry.valid_until, "score": hit.score,
        }
        for hit in found.hits
    ]  # fmt: skip
    content: dict[str, Any] = {
        "known": found.known, "sure": found.sure, "urgent": found.urgent, "certainty": found.certainty,
        "answers": hits if found.known else [], "nearest": hits, "search_ms": round(seconds * 1000, 2),
    }  # fmt: skip
    write_json(json, content)
    if not found.known:
        say("cli.knowledge.urgent" if found.urgent else "cli.knowledge.unknown")
        return 0
    for number, hit in enumerate(found.hits, 1):
        out.print(f"{number}. {hit.entry.question}", style="bold")
        out.print(hit.entry.answer)
        say("cli.knowledge.source", source=hit.entry.source, until=hit.entry.valid_until.isoformat())
    say("cli.knowledge.none_of_these")
    return 0


@app.command(help=words("help.knowledge.evaluate"))
def evaluate(json: JsonOption = None) -> int:
    from jieying.knowledge.evaluate import evaluate as measure

    result = measure()
    write_json(json, result)
    columns = ("figure", "test", "baseline", "other_hand", "baseline")
    table = Table(*(words(f"column.{column}") for column in columns))
    for label in MEASURES:
        name, row = label.rpartition(".")[2], []
        for test in ("test", "independent"):
            row += [result[test][name], result["peers"]["bm25_characters"][test].get(name)]
        table.add_row(words(label), *("" if figure is None else f"{figure:.3f}" for figure in row))
    out.print(table)
    say(
        "cli.knowledge.measured", questions=sum(result[test]["questions"] for test in ("test", "independent")),
        others=sum(result[test]["off_topic"] for test in ("test", "independent")), ms=f"{result['ms']:.1f}",
        mb=result["memory_mb"],
    )  # fmt: skip
    return 0
