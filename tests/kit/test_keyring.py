"""The key file of the vault: made once, for the service alone, and what is said when it isn't as it was."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jieying.kit.errors import Unavailable
from jieying.kit.keyring import Keyring


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    made = Keyring(tmp_path / "secrets" / "vault.key")
    assert made.make()
    return made


def test_it_is_made_once_and_closed_to_others(keyring: Keyring) -> None:
    before = keyring.file.read_bytes()
    assert not keyring.make()
    assert keyring.file.read_bytes() == before
    assert keyring.file.stat().st_mode & 0o777 == 0o600
    assert keyring.file.parent.stat().st_mode & 0o777 == 0o700


@given(words=st.text(st.characters(exclude_categories=())))
def test_what_is_locked_up_opens_as_it_was(tmp_path_factory: pytest.TempPathFactory, words: str) -> None:
    keyring = Keyring(tmp_path_factory.getbasetemp() / "vault.key")
    keyring.make()
    assert keyring.open(keyring.lock(words, "here"), "here") == words


def test_it_does_not_open_elsewhere_nor_changed(keyring: Keyring) -> None:
    locked = keyring.lock("words", "here")
    changed = replace(locked, ciphertext=locked.ciphertext[:-1] + bytes([locked.ciphertext[-1] ^ 1]))
    for one, about in ((locked, "there"), (changed, "here")):
        with pytest.raises(Unavailable, match="vault_changed"):
            keyring.open(one, about)


def test_without_the_file_it_says_which_one_is_missing(keyring: Keyring) -> None:
    locked = keyring.lock("words", "here")
    keyring.file.unlink()
    with pytest.raises(Unavailable, match="vault_key_missing") as refused:
        keyring.open(locked, "here")
    assert refused.value.params["file"] == str(keyring.file)


def test_a_file_that_holds_no_key_is_told(keyring: Keyring) -> None:
    for content in ("", "no key\n", "c2hvcnQ=\n", "钥匙"):
        keyring.file.write_text(content, encoding="utf-8")
        with pytest.raises(Unavailable, match="vault_key_bad"):
            keyring.lock("words", "here")


def test_a_new_key_locks_and_an_old_one_below_it_still_opens(keyring: Keyring) -> None:
    old, locked = keyring.file.read_text(), keyring.lock("words", "here")
    keyring.file.unlink()
    keyring.make()
    with pytest.raises(Unavailable, match="vault_key_other"):
        keyring.open(locked, "here")
    keyring.file.write_text(keyring.file.read_text() + old)
    assert keyring.open(locked, "here") == "words"
    assert keyring.lock("words", "here").key_id != locked.key_id
