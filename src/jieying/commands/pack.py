"""`jieying pack`: make, build and check city packs."""

import shutil
from pathlib import Path
from typing import Annotated

import typer

from jieying.commands.terminal import LANGUAGE, JsonOption, complain, out, say, words, write_json

app = typer.Typer(no_args_is_help=True)


@app.command(help=words("help.pack.new"))
def new(
    folder: Annotated[Path, typer.Argument(help=words("help.pack.new.folder"))],
    region: Annotated[str, typer.Option(help=words("help.pack.new.region"))],
) -> None:
    from jieying.citypack.new import new_pack

    new_pack(folder, region)
    say("cli.pack.new", folder=folder)


@app.command(help=words("help.pack.build"))
def build(
    recipe: Annotated[Path, typer.Argument(help=words("help.pack.build.recipe"))] = Path("packs/yunzhou"),
    out_folder: Annotated[Path | None, typer.Option("--out", help=words("help.pack.build.out"))] = None,
    source: Annotated[Path | None, typer.Option("--from", help=words("help.pack.build.from"))] = None,
) -> None:
    from jieying.citypack.build import build_pack

    folder = out_folder or Path("var/packs") / recipe.resolve().name
    build_pack(recipe, folder, source, lambda done: out.print(f"  {done}"))
    _learn(recipe, folder)
    say("cli.pack.built", folder=folder)


def _learn(recipe: Path, folder: Path) -> None:
    """Take the recipe's labelled texts along, if it has any, and train the model of the pack on them."""
    from jieying.citypack.read import read_pack
    from jieying.triage.models import FILE
    from jieying.triage.train import FOLDER, train

    if (recipe / FOLDER).is_dir():
        shutil.copytree(recipe / FOLDER, folder / FOLDER)
        train(read_pack(folder))
        out.print(f"  {FILE}")


@app.command(help=words("help.pack.validate"))
def validate(
    folder: Annotated[Path, typer.Argument(help=words("help.pack_folder"))],
    json: JsonOption = None,
) -> int:
    from jieying.citypack.check import validate_pack

    faults = validate_pack(folder)
    for fault in faults:
        complain(f"{folder}/{fault.text(LANGUAGE)}")
    rows = [{"file": f.file, "line": f.line, "code": f.code, "reason": f.text(LANGUAGE)} for f in faults]
    write_json(json, {"faults": rows})
    say("cli.pack.faults" if faults else "cli.pack.valid", folder=folder, count=len(faults))
    return 1 if faults else 0


@app.command(help=words("help.pack.roads"))
def roads(
    source: Annotated[Path, typer.Argument(help=words("help.pack.roads.source"))],
    folder: Annotated[Path, typer.Option("--out", help=words("help.pack.roads.out"))],
    json: JsonOption = None,
    route: Annotated[tuple[str, str] | None, typer.Option(help=words("help.pack.roads.route"))] = None,
) -> None:
    from jieying.commands.pack_roads import run

    run(source, folder, json, route)
