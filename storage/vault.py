"""Seals personal data before it is stored, and finds a person again by a keyed hash.

The keys live in a file outside the database (`storage.key_file`); without it the names and phones in a stolen
database or backup stay unreadable (care.md P11 in our words: the key is never in the file it protects).
"""

import base64
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_NONCE = 12  # bytes, as AES-GCM wants it


class Unreadable(Exception):
    """Sealed data that this key file cannot open: another key, another row, or changed bytes."""


class Vault:
    """Seals with the current key, opens with any key it holds. A key's id stands in front of what it sealed."""

    def __init__(self, keys: Mapping[int, bytes], current: int, lookup_key: bytes) -> None:
        self._ciphers = {number: AESGCM(key) for number, key in keys.items()}
        self._current = current
        self._lookup_key = lookup_key

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key file. Raises `OSError` or `ValueError` when it is missing or damaged."""
        kept = json.loads(path.read_text(encoding="ascii"))
        keys = {int(number): base64.b64decode(key, validate=True) for number, key in kept["keys"].items()}
        return cls(keys, kept["current"], base64.b64decode(kept["lookup"], validate=True))

    @staticmethod
    def fresh_key() -> str:
        """A new random key, as it stands in the key file."""
        return base64.b64encode(secrets.token_bytes(32)).decode()

    @classmethod
    def load_or_create(cls, path: Path) -> Self:
        """The vault of `path`; a new key file, readable by its owner alone, if there is none yet."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            fresh = {"current": 1, "keys": {"1": cls.fresh_key()}, "lookup": cls.fresh_key()}
            # O_EXCL: of two processes starting at once only one makes the key
            try:
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            except FileExistsError:
                return cls.load(path)
            with os.fdopen(handle, "w", encoding="ascii") as file:
                json.dump(fresh, file)
                file.flush()
                os.fsync(file.fileno())
        return cls.load(path)

    def seal(self, text: str, context: str) -> bytes:
        """Encrypt `text`, bound to its `context` (`table.column|row`): it cannot be read in another row."""
        return self.seal_bytes(text.encode(), context)

    def open(self, sealed: bytes, context: str) -> str:
        """Raises `Unreadable`."""
        return self.open_bytes(sealed, context).decode()

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        nonce = secrets.token_bytes(_NONCE)
        return bytes([self._current]) + nonce + self._ciphers[self._current].encrypt(nonce, content, context.encode())

    def open_bytes(self, sealed: bytes, context: str) -> bytes:
        """Raises `Unreadable`."""
        cipher = self._ciphers.get(sealed[0]) if sealed else None
        if cipher is None:
            raise Unreadable(f"no key for {context.partition('|')[0]}")
        try:
            return cipher.decrypt(sealed[1 : 1 + _NONCE], sealed[1 + _NONCE :], context.encode())
        except InvalidTag:
            raise Unreadable(context.partition("|")[0]) from None

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for another use, such as signing a cookie; the same as long as the key file is."""
        return hmac.digest(self._lookup_key, f"derived|{purpose}".encode(), hashlib.sha256)

    def lookup(self, purpose: str, text: str) -> bytes:
        """A keyed hash of 16 bytes: equal for equal text and purpose, and meaningless without the key."""
        return hmac.digest(self._lookup_key, f"{purpose}|{text}".encode(), hashlib.sha256)[:16]
