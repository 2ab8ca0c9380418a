"""The demo from its start to its end: an emptied folder, the service, the people, the account, nothing left running."""

import asyncio
import json
import random
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.console import Console

from jieying.citypack.model import CityPack
from jieying.citypack.read import read_pack
from jieying.demo.drive import drive, words
from jieying.demo.hotline import Peer, account_of, clerks, served
from jieying.demo.options import DemoOptions
from jieying.demo.people import add_people
from jieying.demo.table import account_lines, intervals_table
from jieying.kit.clock import ScaledClock
from jieying.kit.errors import Conflict
from jieying.kit.postgres import EmbeddedPostgres
from jieying.kit.texts import text
from jieying.settings import Settings
from jieying.web.serve import Service

LIVELY_HOUR = (17, 30)
MARK = "demo.mark"
LONG_H = 24.0 * 365  # the city's hours pass quickly: nobody is signed out in the middle of a demo


def run(options: DemoOptions) -> int:
    """Run the demo; the exit code: 0 when every report is accounted for, or when a demo to look at was ended.

    Raises Refused when it cannot start: another demo runs, the port is taken, the pack is not there.
    """
    console = Console(highlight=False, markup=False)
    with _signals():
        try:
            account = _run(options, console)
        except KeyboardInterrupt:
            account = None
    if account is None:
        console.print(text("demo.ended", options.language))
        return 130 if options.headless else 0
    return _tell(account, options, console)


def _run(options: DemoOptions, console: Console) -> dict[str, Any] | None:
    """None when it was ended from outside."""
    pack = read_pack(options.pack)
    empty(options.data_dir)
    clock = ScaledClock(_lively_hour(pack), time.time(), options.pace)
    log = options.data_dir / "server.log"
    peer = Peer(clock.now, clerks(clock.now, random.Random(options.seed), words()["hotline_refuses"]))  # noqa: S311

    def say(key: str) -> None:
        console.print(text(key, options.language), style="dim")

    with log.open("ab") as output, served(peer.app) as hotline:
        settings = Settings(
            database_url="", data_dir=options.data_dir, pack=options.pack, host="127.0.0.1", port=options.port,
            workers=1, clock=str(clock), session_hours=LONG_H, log_level="warning", hotline_url=hotline,
        )  # fmt: skip
        with Service(settings, say, output) as service, _deaf_at_the_end():
            asyncio.run(add_people(service.database_url, clock, pack, options.language))
            account = asyncio.run(drive(options, service, clock, pack, console))
    if account is not None:
        account["hotline"] = account_of(peer)
    if log.stat().st_size:
        console.print(text("demo.server_log", options.language, file=str(log)))
    return account


def _tell(account: dict[str, Any], options: DemoOptions, console: Console) -> int:
    account |= {"speed": options.pace, "minutes": (options.seconds or 0) / 60, "seed": options.seed}
    console.print(intervals_table(account["intervals"], options.language))
    console.print(account_lines(account, options.language), soft_wrap=True)
    if options.json is not None:
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(json.dumps(account, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return 1 if account["unaccounted"] or account["journal"]["faults"] else 0


def empty(folder: Path) -> None:
    """Make the folder a new one for the demo. Raises Conflict when it holds anything but an earlier demo."""
    if folder.exists() and any(folder.iterdir()) and not (folder / MARK).exists():
        raise Conflict("demo_folder_taken", folder=str(folder))
    if (folder / "postgres" / "cluster" / "postmaster.pid").exists():
        with EmbeddedPostgres(folder):
            pass  # one that lost its owner is ended; one that has an owner is refused
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    (folder / MARK).touch()


def _lively_hour(pack: CityPack) -> datetime:
    hour, minute = LIVELY_HOUR
    return datetime.now(ZoneInfo(pack.timezone)).replace(hour=hour, minute=minute, second=0, microsecond=0)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


@contextmanager
def _signals() -> Iterator[None]:
    """Being asked to end is treated like Ctrl-C, as long as the block lasts."""
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _deaf_at_the_end() -> Iterator[None]:
    """After the block a second Ctrl-C changes nothing: what was begun to be ended is ended in order."""
    try:
        yield
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
