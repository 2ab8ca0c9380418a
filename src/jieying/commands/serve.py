"""`jieying serve`: everything is started, watched, and ended in order."""

import signal
from types import FrameType
from typing import Annotated

import typer

from jieying.commands.terminal import DataDirOption, PackOption, PortOption, say, settings, words


def serve(
    port: PortOption = None,
    host: Annotated[str | None, typer.Option(help=words("help.host"))] = None,
    workers: Annotated[int | None, typer.Option(help=words("help.workers"), min=1)] = None,
    pack: PackOption = None,
    data_dir: DataDirOption = None,
) -> None:
    from jieying.citypack.read import read_pack
    from jieying.commands.database import checked
    from jieying.kit.errors import Conflict
    from jieying.kit.logs import set_up
    from jieying.kit.postgres import owner
    from jieying.web.serve import Service

    chosen = settings(port=port, host=host, workers=workers, pack=pack, data_dir=data_dir)
    set_up(chosen.log_level)
    if chosen.database_url:
        checked(chosen.database_url)
    elif (pid := owner(chosen.data_dir)) is not None:
        raise Conflict("postgres_running", pid=pid, folder=str(chosen.data_dir.absolute()))
    say("start.pack", folder=chosen.pack)
    read_pack(chosen.pack)  # its faults are told here, with file and line, before anything runs
    end_in_order()
    try:
        with Service(chosen, say) as service:
            say("cli.serve.ready", url=service.url)
            service.watch(until=lambda: False)
    except KeyboardInterrupt:
        say("cli.serve.ended")


def end_in_order() -> None:
    """Let SIGTERM and a closed terminal end us like Ctrl-C, once: a second one must not cut the ending short."""
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

    def end(number: int, frame: FrameType | None) -> None:
        for number in numbers:
            signal.signal(number, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, end)
