"""The command `jieying` as a person starts it: real processes on a folder of their own, with the starter pack."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx
import psutil

from jieying.citypack.new import new_pack
from jieying.kit.postgres_cluster import binary

JIEYING = [sys.executable, "-c", "from jieying.cli import main; main()"]
PATIENCE_S = 120  # no test is about speed; only a command that hangs takes so long
PASSWORD = "a-good-password"


class Machine:
    """A data folder and a city pack. Not in a folder of pytest's, which are closed to other users."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data_dir = folder / "data"
        self.pack = folder / "pack"
        if not self.pack.exists():
            new_pack(self.pack, "test")
        kept = {name: value for name, value in os.environ.items() if not name.startswith("JIEYING_")}
        self.environment = kept | {
            "JIEYING_DATA_DIR": str(self.data_dir),
            "JIEYING_PACK": str(self.pack),
            "JIEYING_LANGUAGE": "en",
            "COLUMNS": "200",
        }

    def run(self, *words: str, given: str = "", **changed: str) -> subprocess.CompletedProcess[str]:
        """Run a command to its end; `given` is its standard input, `changed` its environment."""
        return subprocess.run(
            [*JIEYING, *words],
            env=self.environment | changed,
            input=given,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def done(self, *words: str, given: str = "") -> str:
        """Run a command that must succeed; what it printed."""
        ended = self.run(*words, given=given)
        assert ended.returncode == 0, ended.stderr
        return ended.stdout

    def add_user(self, username: str, role: str, org: str = "C") -> None:
        names = ("user", "add", username, "--name", username.title(), "--role", role, "--org", org)
        self.done(*names, "--password-stdin", given=f"{PASSWORD}\n")

    def sql(self, *statements: str) -> None:
        """Run statements as the superuser of the database, past the program; the service must run."""
        socket = self.data_dir / "postgres" / "socket"
        command = [binary("psql"), "-Xq", "--set=ON_ERROR_STOP=1", "-h", str(socket), "-U", "postgres", "jieying"]
        each = [word for statement in statements for word in ("-c", statement)]
        subprocess.run([*command, *each], check=True, capture_output=True)

    @contextmanager
    def serving(self) -> Iterator["Serving"]:
        """`jieying serve` on a free port while the block runs; whatever it leaves behind is ended."""
        process = psutil.Popen(
            [*JIEYING, "serve", "--port", "0"], env=self.environment, stdout=subprocess.PIPE, text=True
        )
        try:
            yield Serving(process)
        finally:
            family = [process, *_below(process)]
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGTERM)
            _, left = psutil.wait_procs(family, PATIENCE_S)
            for one in left:
                one.kill()

    def processes(self) -> list[str]:
        """Command lines of everything that runs on the data folder."""
        found = []
        for process in psutil.process_iter(["cmdline"]):
            words = " ".join(process.info["cmdline"] or ())
            if str(self.data_dir) in words:
                found.append(words)
        return found


class Serving:
    """A running service; it has said where the console is."""

    def __init__(self, process: psutil.Popen) -> None:
        self.process = process
        self.said: list[str] = []
        for line in process.stdout:
            self.said.append(line)
            if "console is at" in line:
                break
        else:
            raise AssertionError(f"the service ended with {process.wait()}: {''.join(self.said)}")
        self.url = self.said[-1].split()[-1]
        self.family = [process, *_below(process)]

    @property
    def port(self) -> str:
        return self.url.rpartition(":")[2]

    @contextmanager
    def client(self, username: str, password: str = PASSWORD) -> Iterator[httpx.Client]:
        """Signed in."""
        with httpx.Client(base_url=self.url, trust_env=False, timeout=30) as client:
            answer = client.post("/api/session", json={"username": username, "password": password})
            assert answer.status_code == 200, answer.text
            client.cookies.clear()
            client.headers["Authorization"] = f"Bearer {answer.json()['token']}"
            yield client

    def end(self, number: signal.Signals) -> int:
        """End it by a signal; its exit code."""
        self.process.send_signal(number)
        code: int = self.process.wait(PATIENCE_S)
        return code


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return list(process.children(recursive=True))
    except psutil.NoSuchProcess:
        return []


def eventually(look: Callable[[], Any]) -> Any:
    """What `look` gives as soon as it gives something."""
    until = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < until, "it never came"
        time.sleep(0.1)
    return found


@contextmanager
def machine() -> Iterator[Machine]:
    folder = Path(tempfile.mkdtemp(prefix="jieying-cli-"))
    folder.chmod(0o755)
    try:
        yield Machine(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
