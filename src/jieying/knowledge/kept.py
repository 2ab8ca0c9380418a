"""What was computed once, kept in files for the next process that would compute the same.

Processes map the files instead of reading them: they have them in memory once.
"""

import fcntl
import hashlib
import logging
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from zlib import crc32

import numpy as np
import orjson
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
PATIENCE_S = 30.0
_LOOK_S = 0.1
_SUMS = "sums.json"

log = logging.getLogger(__name__)


def kept(folder: Path | None, made_from: Any, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of the folder if they were made from just that (anything JSON can say; the way of making belongs to
    it), else made now and kept there. They can't be written to.

    Of several processes that start together one makes them and the others wait, at most PATIENCE_S. What is damaged
    counts for nothing, and what can't be written only costs the next start its time.
    """
    if folder is None:
        return make()
    of_these = folder / hashlib.sha256(orjson.dumps(made_from)).hexdigest()[:16]
    arrays = _read(of_these)
    if arrays is None:
        with _alone(folder.with_suffix(".lock")):
            arrays = _read(of_these)
            if arrays is None:
                arrays = make()
                _write(of_these, arrays)
                arrays = _read(of_these) or arrays
    return arrays


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Hold the lock, or go on without it when it can't be had."""
    try:
        held = lock.open("w")
    except OSError as error:
        log.warning("%s cannot be opened: %s", lock, error.strerror)
        yield
        return
    with held:
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            try:
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                time.sleep(_LOOK_S)
        yield


def _read(folder: Path) -> Arrays | None:
    try:
        sums: dict[str, int] = orjson.loads((folder / _SUMS).read_bytes())
        if any(crc32((folder / name).read_bytes()) != of_file for name, of_file in sums.items()):
            raise ValueError("another checksum")
        return {name.removesuffix(".npy"): np.load(folder / name, mmap_mode="r") for name in sums}
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        log.warning("%s is damaged and is made anew: %s", folder, error)
        return None


def _write(folder: Path, arrays: Arrays) -> None:
    """All or nothing, in place of whatever was kept before."""
    part = folder.with_suffix(".part")
    try:
        shutil.rmtree(folder.parent, ignore_errors=True)
        part.mkdir(parents=True)
        sums = {}
        for name, array in arrays.items():
            file = part / f"{name}.npy"
            np.save(file, array)
            sums[file.name] = crc32(file.read_bytes())
        (part / _SUMS).write_bytes(orjson.dumps(sums))
        part.rename(folder)
    except OSError as error:
        log.warning("%s cannot be written: %s", folder, error.strerror)
        shutil.rmtree(part, ignore_errors=True)
