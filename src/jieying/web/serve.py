"""Runs the system: the database server if it is ours, the schema, the web processes; starts again what dies.

`Service` owns them all. Ending it, or its process being killed, ends the web processes; a database server that lost
its owner is taken over by the next start.
"""

import asyncio
import logging
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from types import TracebackType
from typing import BinaryIO, Self

import httpx

from jieying.kit.db import Database
from jieying.kit.errors import Conflict, Refused, Unavailable
from jieying.kit.postgres import EmbeddedPostgres
from jieying.migrations import upgrade
from jieying.settings import Settings
from jieying.web.worker import SOCKET_ENV

log = logging.getLogger(__name__)

WATCH_S = 0.2
STOP_S = 14.0  # five for requests that are running, then END_S of worker.py for the loops
# A web process that dies at once again and again is started at most this often.
RESTART_S = 1.0


class Service:
    """The running system of one machine. `say` is told, in order, what is being started.

    `output` takes what the web processes log; without it that goes where our own messages go.
    """

    def __init__(
        self, settings: Settings, say: Callable[[str], None] = lambda _: None, output: BinaryIO | None = None
    ) -> None:
        self.settings = settings
        self._say = say
        self._output = output
        self.postgres = (
            None if settings.database_url else EmbeddedPostgres(settings.data_dir, progress=self._recovering)
        )
        self.database_url = settings.database_url
        self._workers: list[subprocess.Popen[bytes]] = []
        self._socket: socket.socket | None = None
        self._started = 0.0

    @property
    def url(self) -> str:
        """Where the console is."""
        port = self._socket.getsockname()[1] if self._socket else self.settings.port
        return f"http://{self.settings.host}:{port}"

    @property
    def worker_pids(self) -> list[int]:
        return [worker.pid for worker in self._workers]

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start everything and wait until it answers. Raises Refused: the port is taken, the database can't run."""
        self.settings.data_dir.mkdir(parents=True, exist_ok=True)
        self._socket = self._listen()
        if self.postgres is not None:
            self._say("start.database")
            self.database_url = self.postgres.start()
        self._say("start.schema")
        asyncio.run(self._upgrade())
        self._say("start.web")
        self._workers = [self._spawn() for _ in range(self.settings.workers)]
        self._wait_ready()

    def _listen(self) -> socket.socket:
        try:
            return socket.create_server((self.settings.host, self.settings.port), backlog=1024)
        except OSError as error:
            raise Conflict("port_taken", port=self.settings.port, reason=str(error.strerror)) from error

    async def _upgrade(self) -> None:
        db = Database(self.database_url)
        try:
            await upgrade(db)
        except OSError as error:
            raise Unavailable("database_down") from error
        finally:
            await db.close()

    def _spawn(self) -> "subprocess.Popen[bytes]":
        assert self._socket is not None
        fd = self._socket.fileno()
        settings = {f"JIEYING_{name.upper()}": str(value) for name, value in self.settings.model_dump().items()} | {
            "JIEYING_DATABASE_URL": self.database_url,
            SOCKET_ENV: str(fd),
            # Our products are small: a second thread in each would only take the core from another process.
            "OPENBLAS_NUM_THREADS": "1",
            # What was large and is freed goes back to the system: the C library would keep up to 32 MB at a time.
            "MALLOC_MMAP_THRESHOLD_": "1048576",
            "MALLOC_ARENA_MAX": "2",
            "PYPINYIN_NO_PHRASES": "1",  # 10 MB of readings of phrases; we ask for those of characters
        }
        self._started = time.monotonic()
        return subprocess.Popen(
            [sys.executable, "-m", "jieying.web.worker"],
            stdin=subprocess.PIPE,
            stdout=self._output,
            stderr=self._output,
            pass_fds=[fd],
            env=os.environ | settings,
            start_new_session=True,  # Ctrl-C reaches us, and we end them in order
        )

    def _wait_ready(self) -> None:
        while True:
            for worker in self._workers:
                if worker.poll() is not None:
                    raise Unavailable("web_ended", status=worker.returncode)
            try:
                if httpx.get(f"{self.url}/api/health", timeout=2, trust_env=False).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)

    def watch(self, until: Callable[[], bool]) -> None:
        """Start again whatever dies, until told to end."""
        while not until():
            self.watch_once()
            time.sleep(WATCH_S)

    def watch_once(self) -> None:
        try:
            if self.postgres is not None and self.postgres.ensure():
                log.warning("the database server had ended and was started again")
        except Refused as refused:
            log.error("the database server does not start: %s", refused)
        for index, worker in enumerate(self._workers):
            if worker.poll() is not None and time.monotonic() - self._started > RESTART_S:
                log.warning("a web process had ended (%s) and is started again", worker.returncode)
                if worker.stdin:
                    worker.stdin.close()
                self._workers[index] = self._spawn()

    def stop(self) -> None:
        """End everything, in order; what was accepted is in the database."""
        for worker in self._workers:
            worker.terminate()
        for worker in self._workers:
            try:
                worker.wait(STOP_S)
            except subprocess.TimeoutExpired:
                worker.kill()
                worker.wait()
            if worker.stdin:
                worker.stdin.close()
        self._workers = []
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self.postgres is not None:
            self.postgres.stop()

    def _recovering(self, waited: float, line: str) -> None:
        log.info("the database server is getting ready (%.0f s): %s", waited, line)
