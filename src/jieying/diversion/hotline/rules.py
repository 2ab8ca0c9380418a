"""When to try again, what a message of the hotline means, what it is told. Pure. Times in seconds."""

import re
from collections.abc import Mapping
from datetime import timedelta

from jieying.citypack.model import Category, HotlineSettings
from jieying.diversion.hotline.model import TRANSITIONS, HotlineState

# After a try that failed: longer than a message can be under way, then less and less often, never given up.
FIRST_AGAIN_S, LAST_AGAIN_S = 60, 600
TELL_AFTER = 4  # tries that failed, some seven minutes: then a person is told
# While a request is there: asked about at a tenth of its age, for most take days.
ASK_SOONEST_S, ASK_LATEST_S = 60, 6 * 3600
TAKE_WITHIN = timedelta(hours=24)  # then a person is told that nobody there has taken it

DESCRIPTION_MAX = 4000  # characters, as GeoReport v2 has it
NOTES_MAX = 500

# GeoReport knows only open and closed. What is in use beside them, in the words of those who extended it.
_TAKEN = ("open", "acknowledged", "accepted", "assigned", "in_progress", "action_scheduled", "investigating")
_DONE = ("closed", "resolved", "completed", "fixed", "done", "archived")
_REFUSED = ("refused", "rejected", "declined", "returned", "not_councils_responsibility")
STATUSES: dict[str, HotlineState] = {
    **dict.fromkeys(_TAKEN, HotlineState.TAKEN),
    **dict.fromkeys(_DONE, HotlineState.DONE),
    **dict.fromkeys(_REFUSED, HotlineState.REFUSED),
}


def meant(status: str) -> HotlineState:
    """What a status says; one that we don't know says only that they have the request."""
    return STATUSES.get(re.sub(r"[\s-]+", "_", status.strip().lower()), HotlineState.SENT)


def step_to(current: HotlineState, status: str) -> HotlineState | None:
    """The state that a message leads to; None when it is late or repeated: nothing ever goes back."""
    target = meant(status)
    return target if target in TRANSITIONS[current] else None


def again_after_s(failures: int) -> int:
    """How long to wait after so many tries in a row that failed."""
    return int(min(FIRST_AGAIN_S * 2 ** min(failures - 1, 10), LAST_AGAIN_S))


def ask_after_s(age_s: float) -> float:
    """How long until the hotline is asked again about a request that it has had for so long."""
    return min(max(age_s / 10, ASK_SOONEST_S), ASK_LATEST_S)


def service_code(settings: HotlineSettings, categories: Mapping[str, Category], category: str | None) -> str:
    """The hotline's service for a category of ours, or for the one above it, or the general one."""
    known = categories.get(category or "")
    above = (known.code, known.parent) if known else ()
    return next((settings.services[code] for code in above if code in settings.services), settings.default)


def description(words: str, reference: str) -> str:
    """The words with our reference as their last line, by which the request is found there again."""
    room = DESCRIPTION_MAX - len(reference) - 3
    said = words.strip()
    return f"{said if len(said) <= room else said[: room - 1] + '…'}\n[{reference}]"


def telephone(contact: str) -> str:
    """The contact if it is a telephone number, else nothing: an account of a channel is no use to the hotline."""
    return contact if re.fullmatch(r"\+?[\d -]{5,20}", contact) else ""


def clean(text: str) -> str:
    """A note of theirs, fit to be kept and shown: no control characters, not too long."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:NOTES_MAX]
