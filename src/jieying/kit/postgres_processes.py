"""The processes of a PostgreSQL server: found whoever started them, and ended without harm to the data."""

import signal
import time
from collections.abc import Sequence
from contextlib import suppress

import psutil

_FAST_STOP_S = 60.0
_PATIENCE_S = 5.0


def marked_processes(mark: str) -> list[psutil.Process]:
    """The server and its children whose process title holds this mark."""
    return [
        process
        for process in psutil.process_iter(["name", "cmdline"])
        if process.info["name"] == "postgres" and mark in " ".join(process.info["cmdline"] or ())
    ]


def ended(process: psutil.Process) -> bool:
    """Whether the process runs no more; one that nobody has waited for has ended too."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def is_postgres(pid: int) -> bool:
    """Whether the process of this id is a PostgreSQL, ours or not."""
    try:
        return psutil.Process(pid).name() == "postgres"
    except psutil.NoSuchProcess:
        return False


def end_server(server: psutil.Process, *, fast: bool) -> None:
    """Fast shutdown, or at once when `fast` is False, and by force when it does not listen.

    A server that is not ready must be ended at once: PostgreSQL 18 hangs when asked for a fast shutdown in
    the middle of crash recovery. Nothing committed is lost either way; the next start recovers it.
    """
    steps = [(signal.SIGINT, _FAST_STOP_S)] if fast else []
    for number, seconds in [*steps, (signal.SIGQUIT, _PATIENCE_S), (signal.SIGKILL, _PATIENCE_S)]:
        try:
            server.send_signal(number)
            server.wait(seconds)
            return
        except psutil.NoSuchProcess:
            return
        except psutil.TimeoutExpired:
            continue


def end_children(processes: Sequence[psutil.Process]) -> None:
    """Wait for processes whose server is gone; then make them end.

    They hold the shared memory, and no server may start on the folder before they are gone.
    """
    left = _still_running(processes)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        left = _still_running(left)


def _still_running(processes: Sequence[psutil.Process]) -> list[psutil.Process]:
    """Those that have not ended within our patience; unlike psutil.wait_procs, a zombie counts as ended."""
    deadline = time.monotonic() + _PATIENCE_S
    while (left := [process for process in processes if not ended(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left
