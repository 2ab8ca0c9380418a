"""What a process logs: names and numbers of people are masked in it, in messages, arguments and tracebacks alike."""

import logging
import sys
from types import TracebackType

from jieying.kit.masking import mask

FORMAT = "%(asctime)s %(levelname)s %(name)s %(message)s"
_QUIET = ("alembic", "httpx")


class Masking(logging.Formatter):
    """The line as it would be written, masked: whatever came into it, by whichever way."""

    def format(self, record: logging.LogRecord) -> str:
        return mask(super().format(record))


def set_up(level: str) -> None:
    """Every logger of the process writes to standard error, masked; what nobody catches too."""
    handler = logging.StreamHandler()
    handler.setFormatter(Masking(FORMAT))
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    sys.excepthook = _uncaught


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, trace)
        return
    logging.getLogger("jieying").critical("ended by an error", exc_info=(kind, error, trace))
