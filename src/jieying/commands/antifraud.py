"""`jieying antifraud`: the exchange files, for who carries them between the desk and the banks' platform."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import typer
from rich.table import Table

from jieying.commands.terminal import (
    DataDirOption,
    JsonOption,
    PackOption,
    out,
    say,
    settings,
    words,
    write_json,
)
from jieying.diversion.antifraud.model import Format
from jieying.kit.errors import Invalid

if TYPE_CHECKING:  # loading the database library takes a second, which --help must not cost
    from jieying.diversion.antifraud.batches import Taken
    from jieying.journal.actions import Site

app = typer.Typer(no_args_is_help=True)
T = TypeVar("T")

As = Annotated[str, typer.Option("--as", help=words("help.antifraud.as"))]


@app.command(help=words("help.antifraud.export"))
def export(
    out_file: Annotated[Path, typer.Argument(metavar="FILE", help=words("help.antifraud.export.file"))],
    username: As,
    format: Annotated[Format, typer.Option("--format", help=words("help.antifraud.export.format"))] = Format.CSV,
    batch: Annotated[str | None, typer.Option("--batch", help=words("help.antifraud.export.batch"))] = None,
    json: JsonOption = None,
    pack: PackOption = None,
    data_dir: DataDirOption = None,
) -> int:
    from jieying.diversion.antifraud import batches
    from jieying.diversion.antifraud.exchange import render, sha256

    async def work(site: "Site", actor: str) -> tuple[str, int, bytes]:
        again = _uuid(batch) if batch else None
        row = await (batches.read_batch(site, again, actor) if again else batches.export(site, actor))
        return str(row.id), len(row.rows), render(row.rows, format)

    id_, count, content = _in_site(pack, data_dir, username, work)
    # The batch stands in the database whatever happens here: `--batch` writes its file again.
    out_file.touch(mode=0o600)
    out_file.write_bytes(content)
    write_json(json, {"batch": id_, "count": count, "sha256": sha256(content), "file": str(out_file)})
    say("cli.antifraud.exported", batch=id_, count=count, sha256=sha256(content))
    return 0


@app.command(help=words("help.antifraud.answers"))
def answers(
    file: Annotated[
        Path, typer.Argument(help=words("help.antifraud.answers.file"), exists=True, dir_okay=False, readable=True)
    ],
    username: As,
    json: JsonOption = None,
    pack: PackOption = None,
    data_dir: DataDirOption = None,
) -> int:
    from jieying.diversion.antifraud import batches

    content = file.read_bytes()

    async def work(site: "Site", actor: str) -> "Taken":
        return await batches.take_answers(site, content, actor)

    try:
        taken = _in_site(pack, data_dir, username, work)
    except Invalid as refused:
        rows = refused.params.get("rows")
        if isinstance(rows, list):
            write_json(json, {"rows": rows})
            table = Table(*(words(f"column.{column}") for column in ("line", "problem")))
            for row in rows:
                table.add_row(str(row["line"]), words(f"answer_fault.{row['code']}"))
            out.print(table)
        raise
    write_json(json, {"taken": taken.taken, "repeated": taken.repeated, "late": taken.late})
    say("cli.antifraud.taken", taken=taken.taken, repeated=taken.repeated, late=taken.late)
    return 0


def _uuid(given: str) -> UUID:
    try:
        return UUID(given)
    except ValueError as error:
        raise Invalid("no_such_batch") from error


def _in_site(pack: Path | None, data_dir: Path | None, username: str, work: Callable[["Site", str], Awaitable[T]]) -> T:
    """Do it as an account that may: the record names a person, not a machine. Raises NotFound, Forbidden."""
    from jieying.access.actions import account_named
    from jieying.access.rules import Permission
    from jieying.commands.database import database_url, open_site
    from jieying.diversion.antifraud.scope import need_city

    chosen = settings(pack=pack, data_dir=data_dir)

    async def run(url: str) -> T:
        async with open_site(chosen, url) as site:
            account = await account_named(site, username)
            account.need(Permission.FRAUD_DESK)
            need_city(site, account)
            return await work(site, account.actor)

    with database_url(chosen) as url:
        return asyncio.run(run(url))
