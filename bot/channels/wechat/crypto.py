"""The platform's encryption of pushes and replies (AES-256-CBC with a padding of its own)."""

import base64
import binascii
import re
import secrets
from collections.abc import Callable, Sequence

from cryptography.hazmat.primitives.ciphers import Cipher as BlockCipher
from cryptography.hazmat.primitives.ciphers import algorithms, modes

from bot.channels.wechat.signature import BadPush

_RANDOM = 16  # bytes of chance before the length
_HEAD = _RANDOM + 4
_PAD_TO = 32  # the platform pads to 32 bytes, twice the block of AES; unpadders for 16 refuse its pads of 17 to 32
_KEY = re.compile(r"[A-Za-z0-9]{43}", re.ASCII)


def is_aes_key(text: str) -> bool:
    """Whether `text` has the form of an EncodingAESKey: 43 letters and digits."""
    return _KEY.fullmatch(text) is not None


class Cipher:
    """One EncodingAESKey of one account."""

    def __init__(
        self, encoding_aes_key: str, app_id: str, chance: Callable[[int], bytes] = secrets.token_bytes
    ) -> None:
        """Raises `ValueError` when the key is not 43 letters and digits. `chance` gives that many random bytes."""
        if not is_aes_key(encoding_aes_key):
            raise ValueError("an EncodingAESKey is 43 letters and digits")
        # The last character may carry spare bits that are not zero: the decoder must not insist on canonical base64.
        key = base64.b64decode(encoding_aes_key + "=")
        self._cipher = BlockCipher(algorithms.AES256(key), modes.CBC(key[:16]))
        self._app_id = app_id.encode()
        self._chance = chance

    def encrypt(self, message: bytes) -> str:
        """`message` as base64, unreadable."""
        full = self._chance(_RANDOM) + len(message).to_bytes(4, "big") + message + self._app_id
        pad = _PAD_TO - len(full) % _PAD_TO
        encryptor = self._cipher.encryptor()
        return base64.b64encode(encryptor.update(full + bytes([pad]) * pad) + encryptor.finalize()).decode()

    def decrypt(self, encrypted: str) -> bytes:
        """The message inside. Raises `BadPush` for whatever was not encrypted with this key for this account."""
        try:
            data = base64.b64decode(encrypted, validate=True)
        except (binascii.Error, ValueError):
            raise BadPush("not base64") from None
        if len(data) < _PAD_TO or len(data) % 16:
            raise BadPush("not whole blocks")
        decryptor = self._cipher.decryptor()
        full = decryptor.update(data) + decryptor.finalize()
        pad = full[-1]
        if not 1 <= pad <= _PAD_TO or full[-pad:] != bytes([pad]) * pad:
            raise BadPush("wrong padding")
        full = full[:-pad]
        size = int.from_bytes(full[_RANDOM:_HEAD], "big")
        if len(full) < _HEAD or size > len(full) - _HEAD:
            raise BadPush("wrong length")
        if full[_HEAD + size :] != self._app_id:
            raise BadPush("for another account")
        return full[_HEAD : _HEAD + size]


class Keyring:
    """The current key and, while the platform is still changing over, the previous one."""

    def __init__(self, ciphers: Sequence[Cipher]) -> None:
        self._ciphers = tuple(ciphers)

    def decrypt(self, encrypted: str) -> tuple[bytes, Cipher]:
        """The message, and the cipher that opened it: the reply must be sealed with the same one."""
        fault = BadPush("no key")
        for cipher in self._ciphers:
            try:
                return cipher.decrypt(encrypted), cipher
            except BadPush as wrong:
                fault = wrong
        raise fault
