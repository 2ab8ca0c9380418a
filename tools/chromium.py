"""A Chromium for the browser tests and the pictures: `find` prints its path, `install` gets one first if need be.

Order: JIEYING_CHROMIUM, the machine's own, the one fetched earlier; then Debian's by apt-get when we are root, else
the one inside the npm package below, unpacked into var/chromium with the libraries it needs.
"""

import io
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

PACKAGE = "@sparticuz/chromium@153.0.0"
HOME = Path(__file__).parents[1] / "var" / "chromium"
FETCHED = HOME / "run"
NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
# Chromium finds its libraries and fonts where it was unpacked.
START = """#!/bin/sh
export LD_LIBRARY_PATH="{home}/libraries/lib:$LD_LIBRARY_PATH"
exec "{home}/chromium" "$@"
"""


def find() -> str | None:
    """The path of a Chromium that starts, None when there is none."""
    candidates = [os.environ.get("JIEYING_CHROMIUM"), *map(shutil.which, NAMES), str(FETCHED)]
    return next((path for path in candidates if path and _starts(path)), None)


def _starts(path: str) -> bool:
    """Whether it is more than a name: Ubuntu's, for one, only says where to get it."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def install() -> str:
    """Get a Chromium; raises SystemExit with what to do when neither way works."""
    if os.geteuid() == 0 and shutil.which("apt-get"):
        apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
        quiet = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        packages = ["chromium", "fonts-noto-cjk"]
        subprocess.run([*apt, "update"], env=quiet, check=False)
        subprocess.run([*apt, "install", "--no-install-recommends", "-y", *packages], env=quiet, check=False)
        if path := find():
            return path
    _fetch()
    if path := find():
        return path
    raise SystemExit("No Chromium could be had. Install one, or set JIEYING_CHROMIUM to the path of one.")


def _fetch() -> None:
    HOME.mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--silent", "--no-save", "--prefix", str(HOME), PACKAGE], check=True)
    packed = HOME / "node_modules" / "@sparticuz" / "chromium" / "bin"
    program = HOME / "chromium"
    program.write_bytes(_unpacked(packed / "chromium.br"))
    program.chmod(0o755)
    for name, folder in {"swiftshader": HOME, "fonts": HOME, "al2023": HOME / "libraries"}.items():
        with tarfile.open(fileobj=io.BytesIO(_unpacked(packed / f"{name}.tar.br"))) as archive:
            archive.extractall(folder, filter="data")
    FETCHED.write_text(START.format(home=HOME), encoding="utf-8")
    FETCHED.chmod(0o755)
    shutil.rmtree(HOME / "node_modules")


def _unpacked(file: Path) -> bytes:
    """Python reads no Brotli; Node, which is there for npm, does."""
    script = "process.stdout.write(require('zlib').brotliDecompressSync(require('fs').readFileSync(process.argv[1])))"
    return subprocess.run(["node", "-e", script, str(file)], capture_output=True, check=True).stdout


if __name__ == "__main__":
    if sys.argv[1:] not in (["find"], ["install"]):
        raise SystemExit(__doc__)
    found = find() or (install() if sys.argv[1] == "install" else None)
    if found is None:
        raise SystemExit("There is no Chromium on this machine. Run: python tools/chromium.py install")
    print(found)
