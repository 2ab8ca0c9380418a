"""Words under lock and key: AES-256-GCM with a key that lies in a file beside the database, not in it.

Each line of the file is a key in base64. The first one locks, all of them open: a new key goes on top, one that was
found again below. The file is made at the first start and belongs to the service alone (0600).
"""

import os
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from jieying.kit.errors import Refused, Unavailable

KEY_BYTES, NONCE_BYTES = 32, 12


@dataclass(frozen=True)
class Locked:
    """What stands in the database; `key_id` tells which key opens it, and nothing of that key."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class Keyring:
    """The keys of one file, read anew each time: a file that is put back works at once."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def make(self) -> bool:
        """Make the file with a new key unless there is one; of several processes one makes it. Raises OSError."""
        if self.file.exists():
            return False
        self.file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        part = self.file.with_name(f".{self.file.name}.{os.getpid()}.part")
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as new:
            new.write(b64encode(secrets.token_bytes(KEY_BYTES)) + b"\n")
            new.flush()
            os.fsync(new.fileno())
        try:
            os.link(part, self.file)  # whole or not at all, and never over another
        except FileExistsError:
            return False
        finally:
            part.unlink()
        return True

    def keys(self) -> dict[str, bytes]:
        """The keys by their id, the one that locks first. Raises Unavailable `vault_key_missing`, `vault_key_bad`."""
        try:
            lines = self.file.read_text(encoding="ascii").split()
            found = [b64decode(line, validate=True) for line in lines]
        except OSError as error:
            raise self._refusal("vault_key_missing", reason=error.strerror) from error
        except ValueError as error:
            raise self._refusal("vault_key_bad") from error
        if not found or any(len(key) != KEY_BYTES for key in found):
            raise self._refusal("vault_key_bad")
        return {sha256(key).hexdigest()[:8]: key for key in found}

    def lock(self, words: str, about: str) -> Locked:
        """Lock words up; they can only be opened as being `about` the same. Raises Unavailable."""
        key_id, key = next(iter(self.keys().items()))
        nonce = secrets.token_bytes(NONCE_BYTES)
        plain = words.encode(errors="surrogatepass")
        return Locked(key_id, nonce, AESGCM(key).encrypt(nonce, plain, about.encode()))

    def open(self, locked: Locked, about: str) -> str:
        """The words. Raises Unavailable when their key is not in the file, or when they were changed."""
        key = self.keys().get(locked.key_id)
        if key is None:
            raise self._refusal("vault_key_other", key_id=locked.key_id)
        try:
            plain = AESGCM(key).decrypt(locked.nonce, locked.ciphertext, about.encode())
        except InvalidTag as error:
            raise Unavailable("vault_changed") from error
        return plain.decode(errors="surrogatepass")

    def _refusal(self, code: str, **params: object) -> Refused:
        return Unavailable(code, file=str(self.file.absolute()), **params)
