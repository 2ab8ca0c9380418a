"""How long `make demo` takes until the console answers: from a new clone with nothing installed, and again after that.

Cold: a clone of this repository's last commit in a new folder, with empty caches of pip, uv and npm; counted from the
start of the clone. Warm: `make demo` again in that clone.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import httpx

from benchmarks.common import spread

ROOT = Path(__file__).parents[1]
HEALTH = "http://127.0.0.1:8110/api/health"
WARM_STARTS = 5
PATIENCE_S = 1800
# What would take the work of an earlier installation.
CACHES = ("UV_CACHE_DIR", "PIP_CACHE_DIR", "NPM_CONFIG_CACHE", "XDG_CACHE_HOME")
OURS = ("JIEYING_", "VIRTUAL_ENV", "UV_PROJECT")


def run() -> dict[str, Any]:
    if _answers():
        raise SystemExit("something answers on port 8110 already; end it first")
    folder = Path(tempfile.mkdtemp(prefix="jieying-start-"))
    folder.chmod(0o755)  # root starts the database as another user
    try:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
        environment = kept | {name: str(folder / "caches" / name.lower()) for name in CACHES}
        clone = folder / "jieying"
        began = time.perf_counter()
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        cold_s = _start(clone, environment, began)
        warm_s = [_start(clone, environment, time.perf_counter()) for _ in range(WARM_STARTS)]
    finally:
        shutil.rmtree(folder)
    return {"cold_s": round(cold_s, 1), "warm_starts": WARM_STARTS, "warm_s": spread(warm_s)}


def _start(clone: Path, environment: dict[str, str], began: float) -> float:
    """Seconds since `began` until the console answers; then the demo is ended as by Ctrl-C."""
    log = clone.parent / "demo.log"
    with log.open("wb") as output:
        demo = subprocess.Popen(
            ["make", "demo"], cwd=clone, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            while not _answers():
                if demo.poll() is not None or time.perf_counter() - began > PATIENCE_S:
                    raise SystemExit("make demo did not start:\n" + log.read_text(errors="replace")[-3000:])
                time.sleep(0.02)
            took = time.perf_counter() - began
        finally:
            os.killpg(demo.pid, signal.SIGINT)
            demo.wait(60)
    if _answers():
        raise SystemExit("the demo has ended, but something still answers on its port")
    return took


def _answers() -> bool:
    try:
        return httpx.get(HEALTH, timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False
