"""`jieying user`: the accounts, from the machine itself; the first one can be made in no other way."""

import asyncio
import sys
from collections.abc import Awaitable, Callable
from getpass import getpass
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from jieying.access.rules import Role
from jieying.commands.terminal import DataDirOption, PackOption, out, say, settings, words
from jieying.kit.errors import Invalid
from jieying.settings import Settings

if TYPE_CHECKING:  # loading the database library takes a second, which --help must not cost
    from jieying.journal.actions import Site

app = typer.Typer(no_args_is_help=True)
T = TypeVar("T")

Username = Annotated[str, typer.Argument(help=words("help.user.username"))]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help=words("help.user.password_stdin"))]


@app.command(help=words("help.user.add"))
def add(
    username: Username,
    name: Annotated[str, typer.Option(help=words("help.user.name"))],
    role: Annotated[Role, typer.Option(metavar="<role>", help=f"{words('help.user.role')}: {', '.join(Role)}")],
    org: Annotated[str, typer.Option(help=words("help.user.org"))],
    unit: Annotated[str | None, typer.Option(help=words("help.user.unit"))] = None,
    password_stdin: PasswordStdin = False,
    pack: PackOption = None,
    data_dir: DataDirOption = None,
) -> None:
    from jieying.access import actions

    password = _password(password_stdin)
    _act(
        settings(pack=pack, data_dir=data_dir),
        lambda site: actions.add_account(
            site, username=username, name=name, password=password, role=role, org=org, unit=unit
        ),
    )
    say("cli.user.added", username=username)


@app.command(help=words("help.user.password"))
def password(
    username: Username,
    password_stdin: PasswordStdin = False,
    pack: PackOption = None,
    data_dir: DataDirOption = None,
) -> None:
    from jieying.access import actions

    new = _password(password_stdin)
    _act(settings(pack=pack, data_dir=data_dir), lambda site: actions.set_password(site, username, new))
    say("cli.user.password_set", username=username)


@app.command(help=words("help.user.disable"))
def disable(username: Username, pack: PackOption = None, data_dir: DataDirOption = None) -> None:
    from jieying.access import actions

    _act(settings(pack=pack, data_dir=data_dir), lambda site: actions.disable_account(site, username))
    say("cli.user.disabled", username=username)


@app.command("list", help=words("help.user.list"))
def show(pack: PackOption = None, data_dir: DataDirOption = None) -> None:
    from jieying.access import store

    async def read(site: "Site") -> None:
        table = Table(*(words(f"column.{column}") for column in ("username", "name", "role", "org", "unit", "account")))
        async with site.db.transaction() as connection:
            for row in await store.list_accounts(connection, site.region):
                state = words("cli.user.off" if row.disabled else "cli.user.on")
                table.add_row(row.username, row.name, words(f"role.{row.role}"), row.org, row.unit, state)
        out.print(table)

    _act(settings(pack=pack, data_dir=data_dir), read)


def _act(chosen: Settings, action: "Callable[[Site], Awaitable[T]]") -> T:
    from jieying.commands.database import database_url, open_site

    async def run(url: str) -> T:
        async with open_site(chosen, url) as site:
            return await action(site)

    with database_url(chosen) as url:
        return asyncio.run(run(url))


def _password(from_stdin: bool) -> str:
    """Asked twice without echo, or the first line of standard input."""
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    if not sys.stdin.isatty():
        raise Invalid("no_terminal")
    first = getpass(words("cli.user.password"))
    if getpass(words("cli.user.password_again")) != first:
        raise Invalid("passwords_differ")
    return first
