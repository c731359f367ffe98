"""The platform's signatures, and the one fault that the wire layer knows."""

import hashlib
import hmac


class BadPush(Exception):
    """What arrived is not a push of the platform for our account. `reason` holds nothing of what arrived."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def sign(*parts: str) -> str:
    """Lower-case hex SHA-1 of the parts, sorted as strings and joined without a separator."""
    joined = "".join(sorted(parts))
    # SHA-1 is the platform's choice: it takes no other.
    return hashlib.sha1(joined.encode("utf-8", "replace"), usedforsecurity=False).hexdigest()


def check(signature: str, *parts: str) -> None:
    """Raises `BadPush` unless `signature` is that of `parts`; takes equally long for every wrong one."""
    if not hmac.compare_digest(signature.encode("utf-8", "replace"), sign(*parts).encode()):
        raise BadPush("wrong signature")
