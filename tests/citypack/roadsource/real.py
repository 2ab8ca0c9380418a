"""Where the real data is, or the test is left out."""

from pathlib import Path

import pytest

from jieying.settings import Settings


def shared(path: str) -> Path:
    found = Settings().shared_data / path
    if not found.exists():
        pytest.skip(f"no {found}: set JIEYING_SHARED_DATA to test on real roads")
    return found
