"""`jieying db`: schema, backup and restore."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from jieying.commands.terminal import DataDirOption, say, settings, words

app = typer.Typer(no_args_is_help=True)


@app.command(help=words("help.db.upgrade"))
def upgrade(data_dir: DataDirOption = None) -> None:
    from jieying.commands.database import database_url, open_database

    async def run(url: str) -> None:
        async with open_database(url):
            pass

    with database_url(settings(data_dir=data_dir)) as url:
        asyncio.run(run(url))
    say("cli.db.upgraded")


@app.command(help=words("help.db.backup"))
def backup(
    file: Annotated[Path, typer.Argument(help=words("help.db.backup.file"))], data_dir: DataDirOption = None
) -> None:
    from jieying.commands.database import database_url
    from jieying.kit.backup import backup as write

    with database_url(settings(data_dir=data_dir)) as url:
        write(url, file)
    say("cli.db.backed_up", file=file, kb=file.stat().st_size // 1024)


@app.command(help=words("help.db.restore"))
def restore(
    file: Annotated[Path, typer.Argument(help=words("help.db.restore.file"))],
    force: Annotated[bool, typer.Option("--force", help=words("help.db.restore.force"))] = False,
    data_dir: DataDirOption = None,
) -> None:
    from jieying.commands.database import database_url, open_database
    from jieying.journal.store import begin_epoch
    from jieying.kit.backup import restore as read

    async def go_on(url: str) -> None:
        async with open_database(url) as db, db.transaction() as connection:
            await begin_epoch(connection)

    with database_url(settings(data_dir=data_dir), alone=True) as url:
        read(url, file, force=force)
        asyncio.run(go_on(url))
    say("cli.db.restored", file=file)
