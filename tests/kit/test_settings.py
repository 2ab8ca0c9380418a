"""An installation works with nothing set, and says at once when something is set wrongly."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from jieying.settings import Settings


def test_every_setting_says_what_it_is_for() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEYING_DATA_DIR", "/srv/接应")
    monkeypatch.setenv("JIEYING_PORT", "9000")
    settings = Settings()
    assert (settings.data_dir, settings.port) == (Path("/srv/接应"), 9000)


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "99999"), ("WORKERS", "0"), ("LANGUAGE", "fr"), ("SESSION_HOURS", "-1")]
)
def test_a_wrong_setting_is_refused(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"JIEYING_{name}", value)
    with pytest.raises(ValidationError, match=name.lower()):
        Settings()
