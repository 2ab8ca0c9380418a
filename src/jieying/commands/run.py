"""`jieying demo` and `jieying replay`: the real platform with invented or recorded calls."""

from pathlib import Path
from typing import Annotated

import typer

from jieying.commands.terminal import LANGUAGE, JsonOption, PackOption, PortOption, settings, words


def demo(
    headless: Annotated[bool, typer.Option("--headless", help=words("help.demo.headless"))] = False,
    minutes: Annotated[float | None, typer.Option(help=words("help.demo.minutes"), min=0.1)] = None,
    speed: Annotated[float | None, typer.Option(help=words("help.demo.speed"), min=0.1)] = None,
    json: JsonOption = None,
    port: PortOption = None,
    pack: PackOption = None,
    seed: Annotated[int, typer.Option(help=words("help.demo.seed"))] = 1,
    data_dir: Annotated[Path, typer.Option("--data-dir", help=words("help.demo.data_dir"))] = Path("var/demo"),
) -> int:
    from jieying.demo import DemoOptions, run

    chosen = settings(port=port, pack=pack)
    return run(
        DemoOptions(
            headless=headless,
            minutes=minutes,
            speed=speed,
            json=json,
            port=chosen.port,
            pack=chosen.pack,
            seed=seed,
            data_dir=data_dir,
            language=LANGUAGE,
        )
    )


def replay(
    calls: Annotated[Path, typer.Argument(help=words("help.replay.calls"))],
    pack: PackOption = None,
    json: JsonOption = None,
    days: Annotated[int | None, typer.Option(help=words("help.replay.days"), min=1)] = None,
    limit: Annotated[int | None, typer.Option(help=words("help.replay.limit"), min=1)] = None,
) -> int:
    from jieying.replay import ReplayOptions, run

    return run(ReplayOptions(calls=calls, pack=settings(pack=pack).pack, json=json, days=days, limit=limit))
