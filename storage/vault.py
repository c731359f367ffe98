"""Seals personal data before it is stored, and finds a person again by a keyed hash.

The keys live in a file outside the database (`storage.key_file`); without it the names and phones in a stolen
database or backup stay unreadable. Each key has its cipher, AES-256-GCM or SM4-GCM (docs/decisions/0031-ciphers.md).
"""

import base64
import os
import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, Protocol, Self

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as keyed
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM

CipherName = Literal["aes-256-gcm", "sm4-gcm"]
NONCE = 12  # bytes, as GCM wants it
_TAG = 16  # bytes


class Unreadable(Exception):
    """Sealed data that this key file cannot open: another key, another row, or changed bytes."""


class Aead(Protocol):
    """What seals: the ciphertext ends with its tag. `decrypt` raises `InvalidTag`."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes: ...


class Sm4Gcm:
    """SM4 in GCM with a key of 16 bytes, in the shape of the library's `AESGCM`, which has no SM4."""

    def __init__(self, key: bytes) -> None:
        self._key = SM4(key)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        seals = Cipher(self._key, GCM(nonce)).encryptor()
        seals.authenticate_additional_data(associated_data)
        return seals.update(data) + seals.finalize() + seals.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes) -> bytes:
        if len(data) < _TAG:
            raise InvalidTag
        opens = Cipher(self._key, GCM(nonce, data[-_TAG:])).decryptor()
        opens.authenticate_additional_data(associated_data)
        return opens.update(data[:-_TAG]) + opens.finalize()


def aead(cipher: CipherName, key: bytes) -> Aead:
    """The cipher with a key of 32 bytes; SM4 takes the first 16 of them."""
    return AESGCM(key) if cipher == "aes-256-gcm" else Sm4Gcm(key[:16])


HashName = Literal["sha-256", "sm3"]


class HashKey(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A key of keyed hashes; `since` is the day from which on a newer one is used."""

    key: str
    hash: HashName
    since: str = ""


class KeyFile(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """What stands in the file. Keys are base64 of 32 bytes."""

    current: int
    keys: dict[int, str]
    lookup: str  # of one-time links and codes, which are random and short-lived: this one is never changed
    ciphers: dict[int, CipherName] = {}  # a key not named here is for AES-256-GCM
    hash: HashName = "sha-256"  # of `lookup`
    people: HashKey | None = None  # by which people are found; as long as there is none `lookup` is
    people_before: list[HashKey] = []  # the newest first: rows and backups may still need them
    retired: dict[int, str] = {}  # keys that seal nothing any more, and since which day

    @classmethod
    def fresh(cls, cipher: CipherName) -> Self:
        lookup, people = fresh_hash_key(cipher), fresh_hash_key(cipher)
        first = {1: fresh_key()}
        return cls(current=1, keys=first, lookup=lookup.key, ciphers={1: cipher}, hash=lookup.hash, people=people)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Raises `OSError` or `ValueError`."""
        kept = msgspec.json.decode(path.read_bytes(), type=cls)
        if kept.current not in kept.keys:
            raise ValueError("the current key is not among the keys")
        return kept

    def finds_people(self) -> list[HashKey]:
        """The key by which people are found, then the earlier ones."""
        return [self.people or HashKey(key=self.lookup, hash=self.hash), *self.people_before]

    def write(self, path: Path) -> None:
        """In place of the old one, readable by its owner alone; whole or not at all."""
        unfinished = path.with_name(path.name + ".part")
        unfinished.unlink(missing_ok=True)
        _create(unfinished, msgspec.json.encode(self))
        unfinished.replace(path)


def fresh_key() -> str:
    """A new random key, as it stands in the key file."""
    return base64.b64encode(secrets.token_bytes(32)).decode()


def fresh_hash_key(cipher: CipherName) -> HashKey:
    """A new one, by the hash that goes with the cipher."""
    return HashKey(key=fresh_key(), hash="sm3" if cipher == "sm4-gcm" else "sha-256")


def _create(path: Path, content: bytes) -> None:
    # O_EXCL: of two processes starting at once only one makes the file
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


class Vault:
    """Seals with the current key, opens with any key it holds. A key's id stands in front of what it sealed."""

    def __init__(
        self,
        keys: Mapping[int, bytes],
        current: int,
        lookup_key: bytes,
        ciphers: Mapping[int, CipherName] | None = None,
        *,
        with_sm3: bool = False,
        people: Sequence[HashKey] = (),
        file: Path | None = None,
    ) -> None:
        self._file = file
        self._stamp = _stamp(file)
        self._lookup = _hashing(lookup_key, with_sm3=with_sm3)
        self._use(keys, current, ciphers or {}, people)

    def _use(
        self,
        keys: Mapping[int, bytes],
        current: int,
        ciphers: Mapping[int, CipherName],
        people: Sequence[HashKey],
    ) -> None:
        self._ciphers = {number: aead(ciphers.get(number, "aes-256-gcm"), key) for number, key in keys.items()}
        self._people = tuple(_hashing(_bytes(one.key), with_sm3=one.hash == "sm3") for one in people) or (self._lookup,)
        self.current = current

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the key file. Raises `OSError` or `ValueError` when it is missing or damaged."""
        stamp = _stamp(path)  # before it is read: a change after that must not be missed
        kept = KeyFile.read(path)
        with_sm3, people = kept.hash == "sm3", kept.finds_people()
        lookup = _bytes(kept.lookup)
        vault = cls(_keys(kept), kept.current, lookup, kept.ciphers, with_sm3=with_sm3, people=people, file=path)
        vault._stamp = stamp
        return vault

    @classmethod
    def load_or_create(cls, path: Path, cipher: CipherName = "aes-256-gcm") -> Self:
        """The vault of `path`; a new key file, readable by its owner alone, if there is none yet."""
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _create(path, msgspec.json.encode(KeyFile.fresh(cipher)))
            except FileExistsError:
                return cls.load(path)
        return cls.load(path)

    def seal(self, text: str, context: str) -> bytes:
        """Encrypt `text`, bound to its `context` (`table.column|row`): it cannot be read in another row."""
        return self.seal_bytes(text.encode(), context)

    def open(self, sealed: bytes, context: str) -> str:
        """Raises `Unreadable`."""
        return self.open_bytes(sealed, context).decode()

    def seal_bytes(self, content: bytes, context: str) -> bytes:
        nonce = secrets.token_bytes(NONCE)
        current = self.current
        return bytes([current]) + nonce + self._ciphers[current].encrypt(nonce, content, context.encode())

    def open_bytes(self, sealed: bytes, context: str) -> bytes:
        """Raises `Unreadable`."""
        cipher = self._ciphers.get(sealed[0]) or self._new_key(sealed[0]) if sealed else None
        if cipher is None:
            raise Unreadable(f"no key for {context.partition('|')[0]}")
        try:
            return cipher.decrypt(sealed[1 : 1 + NONCE], sealed[1 + NONCE :], context.encode())
        except (InvalidTag, ValueError):  # ValueError: too short to hold a nonce
            raise Unreadable(context.partition("|")[0]) from None

    def _new_key(self, number: int) -> Aead | None:
        self._look_again()
        return self._ciphers.get(number)

    def _look_again(self) -> None:
        """A command beside this process may have changed the keys (`storage.resealing`)."""
        stamp = _stamp(self._file)
        if self._file is None or stamp is None or stamp == self._stamp:
            return
        try:
            kept = KeyFile.read(self._file)
        except (OSError, ValueError):
            return
        self._use(_keys(kept), kept.current, kept.ciphers, kept.finds_people())
        self._stamp = stamp

    def derived(self, purpose: str) -> tuple[bytes, ...]:
        """Keys of 32 bytes for another use, such as signing a cookie: the first from now on, others from before."""
        return tuple(_keyed_hash(hashing, f"derived|{purpose}") for hashing in self._people)

    def lookup(self, purpose: str, text: str) -> bytes:
        """A keyed hash of 16 bytes: equal for equal text and purpose, and meaningless without the key."""
        return _keyed_hash(self._lookup, f"{purpose}|{text}")[:16]

    def person_keys(self, kind: str, word: str) -> tuple[bytes, ...]:
        """Keyed hashes of 16 bytes by which a person is found: the first is to be kept, others were kept before.

        Looks each time whether there is a new key: a row kept by it must be found, and none kept by an old one.
        """
        self._look_again()
        return tuple(_keyed_hash(hashing, f"{kind}|{word}")[:16] for hashing in self._people)


def _hashing(key: bytes, *, with_sm3: bool) -> keyed.HMAC:
    return keyed.HMAC(key, hashes.SM3() if with_sm3 else hashes.SHA256())


def _keyed_hash(prepared: keyed.HMAC, text: str) -> bytes:
    hashing = prepared.copy()
    hashing.update(text.encode())
    return hashing.finalize()


def _stamp(path: Path | None) -> tuple[int, int] | None:
    """Another one when the file was replaced."""
    try:
        found = path.stat() if path is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_ino, found.st_mtime_ns)


def _bytes(key: str) -> bytes:
    return base64.b64decode(key, validate=True)


def _keys(kept: KeyFile) -> dict[int, bytes]:
    return {number: _bytes(key) for number, key in kept.keys.items()}
