"""A real web server for tests of what only comes over a WebSocket."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import uvicorn

from jieying.bootstrap import Platform
from jieying.kit.clock import ManualClock
from jieying.kit.db import Database
from jieying.settings import Settings
from jieying.web.app import make_app
from tests.minicity import mini_city


@pytest.fixture
async def server(platform: Platform, own_database_url: str, clock: ManualClock, tmp_path: Path) -> AsyncIterator[str]:
    """A web server with all its loops, on the database of `platform`; its clock stands still."""
    served = Platform(Database(own_database_url, pool=16), clock, mini_city(), tmp_path)
    app = make_app(served, Settings(data_dir=tmp_path))
    listening = socket.create_server(("127.0.0.1", 0))
    # Small buffers, so that a console that doesn't read is noticed soon.
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
    running = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    task = asyncio.create_task(running.serve(sockets=[listening]))
    while not running.started:
        assert not task.done(), "the server did not start"
        await asyncio.sleep(0.01)
    yield f"ws://127.0.0.1:{listening.getsockname()[1]}/api/live"
    running.should_exit = True
    await task
