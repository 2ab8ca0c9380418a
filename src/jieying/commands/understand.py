"""`jieying understand TEXT`: what the platform makes of words; `train` and `evaluate` its model. No database needed."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from typer.core import TyperGroup

from jieying.commands import terminal
from jieying.commands.terminal import LANGUAGE, JsonOption, PackOption, out, say, settings, words, write_json


class _TextOrCommand(TyperGroup):
    """What is no command is the text to understand."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        known = {*self.commands, "--help"}
        return super().parse_args(ctx, args if not args or args[0] in known else ["text", *args])


app = typer.Typer(cls=_TextOrCommand, no_args_is_help=True)


@app.command(help=words("help.understand.text"))
def text(
    given: Annotated[str, typer.Argument(metavar="TEXT", help=words("help.understand.text.given"))],
    position: Annotated[str | None, typer.Option(help=words("help.understand.text.position"))] = None,
    pack: PackOption = None,
    json: JsonOption = None,
) -> None:
    from jieying.citypack.read import read_pack
    from jieying.kit.errors import Invalid
    from jieying.kit.geo import Point, is_point
    from jieying.places.locate import Locator
    from jieying.roads.graph import from_pack
    from jieying.roads.names import crossings, named_lines
    from jieying.triage.rules import Understanding

    device = None
    if position is not None:
        try:
            lat, lon = (float(part) for part in position.split(","))
        except ValueError:
            lat = lon = float("nan")
        if not is_point(lat, lon):
            raise Invalid("bad_position", value=position)
        device = Point(lat, lon)
    spoken = sys.stdin.buffer.read().decode("utf-8", "replace") if given == "-" else given
    city = read_pack(settings(pack=pack).pack)
    graph = from_pack(city)
    found = Understanding(city).understand(spoken)
    places = Locator(city, crossings(graph), named_lines(graph)).locate(spoken, device)
    content = describe(spoken, found, places, city)
    write_json(json, content)
    _show(content)


def describe(spoken: str, found: Any, places: list[Any], city: Any) -> dict[str, Any]:
    """Everything that is made of the words, for programs."""
    from jieying.diversion.antifraud.rules import tells_of_fraud
    from jieying.intake.suggest import which_place
    from jieying.kit.texts import text as words_of
    from jieying.triage.fraud import read_payment
    from jieying.triage.questions import read_questions

    def said(code: str | None) -> str | None:
        return getattr(city.categories[code].name, LANGUAGE) if code in city.categories else None

    fraud = tells_of_fraud(city, found.category, found.fraud)
    payment = read_payment(spoken) if fraud else None
    fields = ("victim", "account", "counter_account", "bank", "amount", "time", "method")
    questions = read_questions(city.folder, city.categories).still_open(spoken, found.category, bool(places))
    return {
        "category": found.category,
        "category_name": said(found.category),
        "confidence": found.confidence,
        "others": [{"category": code, "name": said(code), "confidence": sure} for code, sure in found.others],
        "level": str(found.level),
        "ours": found.ours,
        "reasons": [
            one.as_json() | {"text": words_of(f"reason.{one.code}", LANGUAGE, **one.params)} for one in found.reasons
        ],
        "spans": [{"text": s.text, "start": s.start, "end": s.end, "weight": s.weight} for s in found.spans],
        "alarms": [{"word": a.word, "start": a.start, "end": a.end, "level": str(a.level)} for a in found.alarms],
        "fraud": {
            "likely": fraud,
            "confidence": round(found.fraud, 3),
            "fields": {
                name: {"value": value.value, "start": value.start, "end": value.end, "certain": value.certain}
                for name in fields
                if payment and (value := getattr(payment, name))
            },
            "missing": list(payment.missing) if payment else [],
        },
        "places": [
            {"name": p.name, "kind": p.kind, "lat": p.position.lat, "lon": p.position.lon, "confidence": p.confidence}
            for p in places
        ],
        "which_place": which_place(city, places).get(LANGUAGE),
        "questions": [
            {
                "code": one.code,
                "ask": getattr(one.ask, LANGUAGE),
                "answers": [
                    {
                        "say": getattr(a.say, LANGUAGE),
                        "category": a.category or None,
                        "level": str(a.level) if a.level else None,
                    }
                    for a in one.answers
                ],
            }
            for one in questions
        ],
    }


def _show(content: dict[str, Any]) -> None:
    level = words(f"level.{content['level']}")
    name = content["category_name"] or words("cli.understand.unknown")
    say("cli.understand.found", category=name, level=level, ours=words(f"ours.{content['ours']}"))
    for reason in content["reasons"]:
        out.print(f"  {reason['text']}")
    for place in content["places"][:3]:
        out.print(f"  {place['name']}  {place['lat']:.5f},{place['lon']:.5f}  {place['confidence']:.2f}")
    if content["which_place"]:
        out.print(f"  ? {content['which_place']}")
    for question in content["questions"]:
        out.print(f"  ? {question['ask']}")


@app.command(help=words("help.understand.train"))
def train(pack: PackOption = None) -> None:
    from jieying.citypack.read import read_pack
    from jieying.triage.models import FILE
    from jieying.triage.train import train as learn

    city = read_pack(settings(pack=pack).pack)
    learn(city)
    say("cli.understand.trained", file=city.folder / FILE)


@app.command(help=words("help.understand.evaluate"))
def evaluate(
    data: Annotated[Path | None, typer.Option(help=words("help.understand.evaluate.data"))] = None,
    pack: PackOption = None,
    json: JsonOption = None,
) -> None:
    from jieying.citypack.read import read_pack
    from jieying.triage.evaluate import compare

    city = read_pack(settings(pack=pack).pack)
    result = compare(city, data)
    if data is None:
        say("cli.understand.other_tasks")
        result |= _other_tasks(city)
    write_json(json, result)
    for name, figures in result.items():
        table = Table("", *figures, title=name)
        for task, value in ((task, value) for task, values in _SHOWN.items() for value in values):
            cells = [one.get(task, {}).get(value) for one in figures.values()]
            if any(cell is not None for cell in cells):
                table.add_row(f"{task}.{value}", *("" if cell is None else str(cell) for cell in cells))
        out.print(table)


_SHOWN = {
    "category": ("top1", "top3", "calibration_error"),
    "level": ("macro_f1",),
    "ours": ("macro_f1", "police_sent_away"),
    "alarms": ("raised", "false_alarms"),
    "ms": ("p99",),
    "places": ("top1", "top3", "calibration_error", "ms_p99"),
    "same_event": ("precision", "recall", "f1"),
    "knowledge": ("hit_at_1", "hit_at_3", "off_topic_unknown"),
}


def _other_tasks(city: Any) -> dict[str, dict[str, Any]]:
    """Set → (who decided → figures), as `compare` has them: places, same events, questions to the knowledge base."""
    from jieying.knowledge.evaluate import evaluate as ask_base
    from jieying.places.evaluate import evaluate as find_places
    from jieying.roads.graph import from_pack
    from jieying.roads.names import crossings, named_lines
    from jieying.triage.same_event_fit import evaluate as compare_events

    graph = from_pack(city)
    found = find_places(city, crossings(graph), named_lines(graph))
    plainly = {
        who: {"places": {name: found[f"{who}_{name}"] for name in ("top1", "top3")}}
        for who in ("exact_names", "character_pairs")
    }
    events = compare_events(city)
    asked = ask_base()
    baseline = asked["peers"]["bm25_characters"]
    return {
        "places": {"platform": {"places": found}, **plainly},
        "same_event": {who: {"same_event": events[who]} for who in ("platform", "space_time", "text")},
        **{
            f"knowledge_{name}": {
                "platform": {"knowledge": asked[name]},
                "bm25_characters": {"knowledge": baseline[name]},
            }
            for name in baseline
        },
    }


@app.command(help=words("help.understand.labels"))
def labels(
    out_file: Annotated[Path, typer.Option("--out", help=words("help.understand.labels.out"))],
    pack: PackOption = None,
    data_dir: terminal.DataDirOption = None,
) -> None:
    import asyncio
    import getpass

    import orjson

    from jieying.commands.database import database_url, open_site
    from jieying.intake.labels import export
    from jieying.triage.questions import read_questions

    given = settings(pack=pack, data_dir=data_dir)

    async def run(url: str) -> list[dict[str, Any]]:
        async with open_site(given, url) as site:
            questions = read_questions(site.pack.folder, site.pack.categories)
            return await export(site, questions, f"shell:{getpass.getuser()}")

    with database_url(given) as url:
        lines = asyncio.run(run(url))
    out_file.parent.mkdir(parents=True, exist_ok=True)
    out_file.touch(mode=0o600)  # masked, but still what people told the police
    out_file.write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines))
    say("cli.understand.labels", count=len(lines), file=out_file)
