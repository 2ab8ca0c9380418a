"""What the commands share: the reader's language, printing, and the settings with what the command line changes."""

import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from jieying.kit.texts import Language, choose_language, text
from jieying.settings import Settings


def language() -> Language:
    """JIEYING_LANGUAGE, else the locale of the terminal, else Chinese."""
    names = ("JIEYING_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG")
    return choose_language(next((os.environ[name] for name in names if os.environ.get(name)), None))


LANGUAGE = language()
# Long lines stay whole: paths are copied from them.
out = Console(soft_wrap=True, highlight=False, markup=False)
errors = Console(soft_wrap=True, highlight=False, markup=False, stderr=True)


def words(key: str, **params: object) -> str:
    """The text of a key in the reader's language."""
    return text(key, LANGUAGE, **params)


def say(key: str, **params: object) -> None:
    out.print(words(key, **params))


def complain(what: str) -> None:
    """Print to stderr why the command did not do what was asked."""
    errors.print(what, style="red")


def write_json(file: Path | None, content: dict[str, Any]) -> None:
    """One JSON object for programs, where `--json` asks for it."""
    if file is not None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(content, ensure_ascii=False, indent=2, default=str) + "\n", encoding="utf-8")


def settings(**given: Any) -> Settings:
    """The settings of the environment, changed by the options that were given."""
    return Settings(**{name: value for name, value in given.items() if value is not None})


PackOption = Annotated[Path | None, typer.Option("--pack", help=words("help.pack_folder"))]
DataDirOption = Annotated[Path | None, typer.Option("--data-dir", help=words("help.data_dir"))]
PortOption = Annotated[int | None, typer.Option("--port", help=words("help.port"), min=0, max=65535)]
JsonOption = Annotated[Path | None, typer.Option("--json", help=words("help.json"))]
