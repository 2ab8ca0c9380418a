"""How `--help` looks. Typer's own cuts Chinese off at the edge, because it has no spaces to break lines at."""

from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from typer import rich_utils

from jieying.commands.terminal import words

_console = Console(highlight=False, markup=False)


def install() -> None:
    """Show all help of Typer's commands this way."""
    rich_utils.rich_format_help = _show


def _show(*, obj: Any, ctx: Any, markup_mode: Any) -> None:
    usage = " ".join([ctx.command_path, *obj.collect_usage_pieces(ctx)])
    _console.print(f"{words('help.title.usage')} {usage}\n")
    _console.print(Padding(obj.help or "", (0, 2)))
    shown = [param for param in obj.get_params(ctx) if param.get_help_record(ctx)]
    for kind, title in (("argument", "help.title.arguments"), ("option", "help.title.options")):
        rows = (_row(param.get_help_record(ctx)) for param in shown if param.param_type_name == kind)
        _section(words(title), rows)
    commands = getattr(obj, "commands", {})
    _section(words("help.title.commands"), ((name, command.help or "") for name, command in commands.items()))


def _row(record: tuple[str, str]) -> tuple[str, str]:
    name, said = record
    return name, words("help.help") if name == "--help" else said.strip()


def _section(title: str, rows: Iterable[tuple[str, str]]) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold", style="cyan")
    table.add_column(overflow="fold")
    for row in rows:
        table.add_row(*row)
    if table.row_count:
        _console.print(f"\n{title}", style="bold")
        _console.print(Padding(table, (0, 2)))
