"""What people read, in Chinese and English, from `locale/<language>.json`; keys everywhere else."""

import json
from functools import cache
from importlib.resources import files
from typing import Literal

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, ...] = ("zh", "en")

# Parameters that carry a code of ours, and the catalogue that has its words.
_CODED = {
    "state": "state",
    "current": "state",
    "target": "state",
    "status": "state",
    "level": "level",
    "stage": "stage",
    "role": "role",
    "channel": "channel",
    "asked": "asked_state",
    "wanted": "asked_state",
    "stop_now": "stop_state",
    "stop_then": "stop_state",
    "stop_case": "case_state",
    "stop_fields": "stop_field",
    "answer_fault": "answer_fault",
}


@cache
def catalogue(language: Language) -> dict[str, str]:
    """All texts of one language by key; placeholders are written `{name}`."""
    source = files("jieying") / "locale" / f"{language}.json"
    texts: dict[str, str] = json.loads(source.read_text(encoding="utf-8"))
    return texts


def text(key: str, /, language: Language, **params: object) -> str:
    """The text of a key with its parameters filled in; the key itself when there is none."""
    template = catalogue(language).get(key)
    if template is None:
        return key
    try:
        return template.format_map({k: _shown(k, v, language) for k, v in params.items()})
    except (KeyError, IndexError, ValueError):
        return template


def _shown(name: str, value: object, language: Language) -> str:
    if isinstance(value, list):
        return ("、" if language == "zh" else ", ").join(_shown(name, one, language) for one in value)
    if name in _CODED:
        return catalogue(language).get(f"{_CODED[name]}.{value}", str(value))
    return f"{value:.0f}" if isinstance(value, float) else str(value)


def choose_language(accept: str | None, default: Language = "zh") -> Language:
    """The first of our languages in an Accept-Language header or a POSIX locale name."""
    for part in (accept or "").lower().replace("_", "-").split(","):
        for language in LANGUAGES:
            if part.strip().startswith(language):
                return language
    return default
