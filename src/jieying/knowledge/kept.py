"""What was computed once, kept in a file for the next process that would compute the same."""

import fcntl
import hashlib
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
_KEY = "key"
PATIENCE_S = 30.0
_LOOK_S = 0.1

log = logging.getLogger(__name__)


def kept(file: Path | None, made_from: Any, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of the file if they were made from just that (anything JSON can say; the way of making belongs to
    it), else made now and kept there.

    Of several processes that start together one makes them and the others wait, at most PATIENCE_S. A damaged file
    counts for none, and one that can't be written only costs the next start its time.
    """
    if file is None:
        return make()
    key = hashlib.sha256(orjson.dumps(made_from)).hexdigest()
    arrays = _read(file, key)
    if arrays is None:
        with _alone(file.with_suffix(".lock")):
            arrays = _read(file, key)
            if arrays is None:
                arrays = make()
                _write(file, key, arrays)
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


def _read(file: Path, key: str) -> Arrays | None:
    try:
        with np.load(file, allow_pickle=False) as held:
            if str(held[_KEY]) != key:
                return None
            return {name: held[name] for name in held.files if name != _KEY}
    except FileNotFoundError:
        return None
    except Exception as error:  # whatever a damaged archive makes of itself
        log.warning("%s is damaged and is made anew: %s", file, error)
        return None


def _write(file: Path, key: str, arrays: Arrays) -> None:
    part = file.with_suffix(".part")
    content: dict[str, Any] = {_KEY: np.array(key), **arrays}
    try:
        with part.open("wb") as out:
            np.savez(out, **content)
        part.replace(file)
    except OSError as error:
        log.warning("%s cannot be written: %s", file, error.strerror)
        part.unlink(missing_ok=True)
