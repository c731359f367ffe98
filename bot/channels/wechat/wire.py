"""Pushes opened and replies sealed: nothing passes that the platform did not send to this account just now."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.channels.wechat import xml
from bot.channels.wechat.crypto import Cipher, Keyring
from bot.channels.wechat.signature import BadPush, check, sign

Query = Sequence[tuple[str, str]]

_SECONDS = re.compile(r"[0-9]{1,12}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Push:
    """One request of the platform, read and believed."""

    element: xml.Element
    nonce: str
    cipher: Cipher | None  # None in plain mode


class Wire:
    """The account's side of the wire. Without keys it speaks the plain mode: its signature does not cover the body."""

    def __init__(self, token: str, ciphers: Sequence[Cipher], *, replay_window: timedelta) -> None:
        self._token = token
        self._keys = Keyring(ciphers) if ciphers else None
        self._window = replay_window

    def echo(self, query: Query) -> str:
        """What to answer when the server address is verified: `echostr`, byte for byte. Raises `BadPush`."""
        self._vouched_for(query)
        return _one(query, "echostr")

    def admit(self, query: Query, now: datetime) -> None:
        """Raises `BadPush` unless the query of a push is signed and recent. Needs no body."""
        self._vouched_for(query)
        sent_at = _one(query, "timestamp")
        if not _SECONDS.fullmatch(sent_at) or abs(now.timestamp() - int(sent_at)) > self._window.total_seconds():
            raise BadPush("too old, or from the future")
        encrypted = dict(query).get("encrypt_type", "raw") == "aes"
        if encrypted != (self._keys is not None):
            raise BadPush("not in the mode that is set")

    def open(self, query: Query, body: bytes) -> Push:
        """The push inside a request that was admitted. Raises `BadPush`."""
        outer = xml.parse(body)
        nonce = _one(query, "nonce")
        if self._keys is None:
            return Push(outer, nonce, None)
        sealed = xml.only(outer, "Encrypt")
        if not sealed:
            raise BadPush("not encrypted")
        check(_one(query, "msg_signature"), self._token, _one(query, "timestamp"), nonce, sealed)
        # What else the outer element says is not covered by any signature: the inner one alone counts.
        inner, cipher = self._keys.decrypt(sealed)
        return Push(xml.parse(inner), nonce, cipher)

    def seal(self, reply: str, push: Push, now: datetime) -> str:
        """The body that answers `push` with the XML `reply`."""
        if push.cipher is None:
            return reply
        sealed = push.cipher.encrypt(reply.encode())
        at = int(now.timestamp())
        signature = sign(self._token, str(at), push.nonce, sealed)
        return xml.nest(
            "xml",
            [
                xml.tag("Encrypt", sealed),
                xml.tag("MsgSignature", signature),
                xml.number("TimeStamp", at),
                xml.tag("Nonce", push.nonce),
            ],
        )

    def _vouched_for(self, query: Query) -> None:
        check(_one(query, "signature"), self._token, _one(query, "timestamp"), _one(query, "nonce"))


def _one(query: Query, name: str) -> str:
    found = [value for key, value in query if key == name]
    if len(found) != 1 or not found[0]:
        raise BadPush(f"{name} missing or repeated")
    return found[0]
