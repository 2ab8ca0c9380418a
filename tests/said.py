"""That a person can read why."""

from collections.abc import Iterable

from jieying.kit.reasons import Reason
from jieying.kit.texts import LANGUAGES, text


def unsaid(reasons: Iterable[Reason]) -> list[str]:
    """What cannot be read of these reasons: a missing text, or a placeholder that stays empty."""
    faults = []
    for reason in reasons:
        for language in LANGUAGES:
            key = f"reason.{reason.code}"
            words = text(key, language, **reason.params)
            if words == key or "{" in words:
                faults.append(f"{language}: {words}")
    return faults


def codes(reasons: Iterable[Reason]) -> set[str]:
    return {reason.code for reason in reasons}
