"""The web process as a process: how it ends."""

import os
import socket
import subprocess
import sys
from pathlib import Path

from jieying.web.worker import SOCKET_ENV


def test_without_a_database_it_ends_with_an_error_and_does_not_abort(yunzhou: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        settings = {
            "JIEYING_DATABASE_URL": f"postgresql+asyncpg://nobody@/nowhere?host={tmp_path}",
            "JIEYING_PACK": str(yunzhou),
            "JIEYING_DATA_DIR": str(tmp_path),
            SOCKET_ENV: str(listening.fileno()),
        }
        worker = subprocess.Popen(
            [sys.executable, "-m", "jieying.web.worker"],
            stdin=subprocess.PIPE,  # stays open: the parent lives
            stderr=subprocess.PIPE,
            pass_fds=[listening.fileno()],
            env=os.environ | settings,
        )
        assert worker.stderr is not None
        said = worker.stderr.read().decode()
        assert worker.wait() > 0, said  # below zero: ended by a signal
