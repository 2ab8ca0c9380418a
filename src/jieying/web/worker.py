"""One web server process: `python -m jieying.web.worker`, started by serve.py with its listening socket."""

import gc
import os
import signal
import socket
import sys
import threading

import uvicorn

from jieying.bootstrap import Platform
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


def _end_with_parent() -> None:
    """The parent holds the other end of our standard input: when it ends, even killed, so do we."""
    # Not sys.stdin: a thread that waits in it makes Python abort when the process ends for another reason.
    os.read(sys.stdin.fileno(), 1)
    os.kill(os.getpid(), signal.SIGTERM)


def main() -> None:
    settings = Settings()
    set_up(settings.log_level)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    listening = socket.socket(fileno=int(os.environ[SOCKET_ENV]))
    pack, hotline = read_pack(settings.pack), None
    if settings.hotline_url:
        hotline = Hotline(settings.hotline_url, settings.hotline_key, pack.hotline.jurisdiction)
    database, clock = Database(settings.database_url), parse_clock(settings.clock)
    platform = Platform(database, clock, pack, settings.data_dir, hotline, settings.key_file)
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
    # What has been loaded stays: the collector need not look through the city again and again.
    gc.collect()
    gc.freeze()
    # While a thread works (suggestions, the search of the knowledge base), requests wait this long for their turn, each
    # time; Python's own 5 ms would hold up everybody.
    sys.setswitchinterval(SWITCH_S)
    uvicorn.Server(config).run(sockets=[listening])


if __name__ == "__main__":
    main()
