"""`jieying journal`: whether the journal is as it was written."""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict

import typer
from rich.table import Table

from jieying.commands.terminal import DataDirOption, JsonOption, out, say, settings, words, write_json
from jieying.journal.model import Fault

app = typer.Typer(no_args_is_help=True)


@app.callback()
def journal() -> None:
    """Keeps `verify` a command of its own although it is the only one."""


@app.command(help=words("help.journal.verify"))
def verify(json: JsonOption = None, data_dir: DataDirOption = None) -> int:
    from jieying.commands.database import database_url, open_database
    from jieying.journal import store

    async def run(url: str) -> tuple[int, Sequence[Fault]]:
        async with open_database(url) as db, db.transaction() as connection:
            return await store.verify(connection)

    with database_url(settings(data_dir=data_dir)) as url:
        entries, faults = asyncio.run(run(url))
    write_json(json, {"entries": entries, "faults": [asdict(fault) for fault in faults]})
    if faults:
        table = Table(*(words(f"column.{column}") for column in ("region", "subject", "number", "problem")))
        for f in faults:
            table.add_row(f.region, f"{f.subject_kind} {f.subject}", str(f.number), words(f"journal_fault.{f.problem}"))
        out.print(table)
    say("cli.journal.faults" if faults else "cli.journal.sound", entries=entries, count=len(faults))
    return 1 if faults else 0
