"""Large files encrypted piece by piece, so that neither sealing nor opening needs the whole in memory.

A head (who wrote it, cipher, salt), then pieces of a mebibyte, each with its tag. A piece is bound to its place, and
the last one says that it is the last: pieces cannot be swapped, repeated or cut off unnoticed.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag

from storage.vault import Aead, CipherName, aead

_MAGIC = b"HONGYAN-SEALED-1"
_CIPHERS: dict[bytes, CipherName] = {b"A": "aes-256-gcm", b"S": "sm4-gcm"}
_SALT = 32  # bytes; the key of a file is made from it, so that counting pieces can be its nonce
_HEAD = len(_MAGIC) + 1 + _SALT
_PIECE = 1 << 20
_TAG = 16


class BadSeal(Exception):
    """It was sealed with another key, or is not as it was written, or not whole."""


def is_sealed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(len(_MAGIC)) == _MAGIC


def seal(plain: Path, to: Path, key: bytes, cipher: CipherName) -> None:
    """Write `plain`, sealed, to the new file `to`, readable by its owner alone and on disk at the end."""
    sign = next(sign for sign, name in _CIPHERS.items() if name == cipher)
    head = _MAGIC + sign + secrets.token_bytes(_SALT)
    cipher_of_file = _cipher(key, head)
    with plain.open("rb") as source, os.fdopen(_new(to), "wb") as target:
        target.write(head)
        for place, piece, is_last in _pieces(source, _PIECE):
            target.write(cipher_of_file.encrypt(_nonce(place, is_last), piece, head))
        target.flush()
        os.fsync(target.fileno())


def open_pieces(path: Path, key: bytes) -> Iterator[bytes]:
    """What is in it, piece by piece. Raises `BadSeal`, perhaps after some pieces were given already."""
    with path.open("rb") as source:
        head = source.read(_HEAD)
        if len(head) < _HEAD or not head.startswith(_MAGIC) or head[len(_MAGIC) : len(_MAGIC) + 1] not in _CIPHERS:
            raise BadSeal("its beginning is not ours")
        cipher = _cipher(key, head)
        for place, piece, is_last in _pieces(source, _PIECE + _TAG):
            try:
                yield cipher.decrypt(_nonce(place, is_last), piece, head)
            except InvalidTag:
                raise BadSeal("another key sealed it, or it was changed or cut off") from None


def open_to(path: Path, to: Path, key: bytes) -> None:
    """Write what is in it to the new file `to`, readable by its owner alone. Raises `BadSeal`; then `to` is gone."""
    try:
        with os.fdopen(_new(to), "wb") as target:
            for piece in open_pieces(path, key):
                target.write(piece)
            target.flush()
            os.fsync(target.fileno())
    except BadSeal:
        to.unlink(missing_ok=True)
        raise


def _new(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)


def _cipher(key: bytes, head: bytes) -> Aead:
    of_file = hmac.digest(key, head, hashlib.sha256)
    return aead(_CIPHERS[head[len(_MAGIC) : len(_MAGIC) + 1]], of_file)


def _nonce(place: int, is_last: bool) -> bytes:
    return place.to_bytes(11, "big") + bytes([is_last])


def _pieces(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes, bool]]:
    """Its pieces with their place, and whether each is the last; an empty file has one, empty."""
    place, piece = 0, file.read(size)
    while True:
        following = file.read(size)
        yield place, piece, not following
        if not following:
            return
        place, piece = place + 1, following
