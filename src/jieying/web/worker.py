"""One server: `python -m jieying.web.worker`, started by serve.py with its listening socket. It is two processes.

The one serves requests; its child, forked when the city is loaded, so that both have it in memory once, walks the
loops (bootstrap.py). A pipe tells the child what a request made due; it breaks when the parent ends, and then the child
ends too. When the child ends by itself, so does the parent, and serve.py starts both again.
"""

import asyncio
import gc
import os
import signal
import socket
import sys
import threading
from contextlib import suppress

import uvicorn
import uvloop

from jieying.bootstrap import Due, Platform, Share
from jieying.citypack.read import read_pack
from jieying.diversion.hotline.client import Hotline
from jieying.kit.clock import parse_clock
from jieying.kit.db import Database
from jieying.kit.logs import set_up
from jieying.settings import Settings
from jieying.web.app import make_app

SOCKET_ENV = "JIEYING_SOCKET_FD"
# Reports are bounded to 1 MB, messages of the live feed go out only: nobody needs to send more.
WEBSOCKET_MAX = 1024**2
SWITCH_S = 0.0005
END_S = 6  # the loops may take so long to end
CONNECTIONS = 14  # of each of the two processes


def _end_with_parent() -> None:
    """The parent holds the other end of our standard input: when it ends, even killed, so do we."""
    # Not sys.stdin: a thread that waits in it makes Python abort when the process ends for another reason.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


def _end_with(child: int) -> None:
    try:
        os.waitpid(child, 0)
    finally:
        os.kill(os.getpid(), signal.SIGTERM)


async def _walk_loops(platform: Platform, told: int) -> None:
    """Until the parent closes its end of the pipe."""
    ended = asyncio.Event()

    def hear() -> None:
        if news := os.read(told, 4096):
            platform.hear(news)
            return
        asyncio.get_running_loop().remove_reader(told)
        signal.alarm(END_S)  # the database may be gone by then
        ended.set()

    asyncio.get_running_loop().add_reader(told, hear)
    async with platform:
        await ended.wait()


def _serve(platform: Platform, settings: Settings, listening: socket.socket, tells: int) -> None:
    def tell(due: Due) -> None:
        with suppress(BlockingIOError, BrokenPipeError):  # full of such news; or the loops just ended, and so do we
            os.write(tells, due.value)

    os.set_blocking(tells, False)
    platform.share, platform.tell_loops = Share.REQUESTS, tell
    config = uvicorn.Config(
        make_app(platform, settings),
        log_level="warning",
        log_config=None,  # its messages go the way of ours, masked
        access_log=False,  # addresses and paths of reporters are personal data
        loop="uvloop",
        http="httptools",
        ws_max_size=WEBSOCKET_MAX,
        ws_per_message_deflate=False,  # each console would have each message compressed anew: most of the work
        timeout_graceful_shutdown=5,
        server_header=False,
    )
    # While a thread works (suggestions, the search of the knowledge base), requests wait this long for their turn, each
    # time; Python's own 5 ms would hold up everybody.
    sys.setswitchinterval(SWITCH_S)
    uvicorn.Server(config).run(sockets=[listening])


def main() -> None:
    settings = Settings()
    set_up(settings.log_level)
    listening = socket.socket(fileno=int(os.environ[SOCKET_ENV]))
    pack, hotline = read_pack(settings.pack), None
    if settings.hotline_url:
        hotline = Hotline(settings.hotline_url, settings.hotline_key, pack.hotline.jurisdiction)
    database, clock = Database(settings.database_url, CONNECTIONS), parse_clock(settings.clock)
    platform = Platform(database, clock, pack, settings.data_dir, hotline, settings.key_file)
    # What has been loaded stays: the collector need not look through the city again and again, nor write into pages
    # that the two processes share.
    gc.collect()
    gc.freeze()
    told, tells = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us, in order
        listening.close()
        os.close(tells)
        platform.share = Share.LOOPS
        uvloop.run(_walk_loops(platform, told))
        return
    os.close(told)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    watcher = threading.Thread(target=_end_with, args=(child,), daemon=True)
    watcher.start()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # also by uvicorn, at its end
    try:
        _serve(platform, settings, listening, tells)
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.close(tells)
        watcher.join(END_S)


if __name__ == "__main__":
    main()
