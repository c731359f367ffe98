"""The second line against secrets and people's words in logs: what slips through all the same is struck out."""

import logging
import re
import traceback
from collections.abc import Iterable

_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")
_STRUCK_OUT = "[…]"


def where(fault: BaseException | None) -> str:
    """A traceback without the texts of the exceptions, which may quote what a person said: kinds and places alone."""
    parts = []
    seen: set[int] = set()
    while fault is not None and id(fault) not in seen:
        seen.add(id(fault))
        parts.append(
            f"{''.join(traceback.format_tb(fault.__traceback__))}{type(fault).__module__}.{type(fault).__name__}"
        )
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    return "\n\nbecause of:\n".join(parts)


class Redacting(logging.Filter):
    """Strikes `secrets`, and whatever looks like a bot token, out of every record. Put it on handlers, not loggers."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = tuple(secret for secret in secrets if secret)

    def filter(self, record: logging.LogRecord) -> bool:
        said = record.getMessage()
        clean = self.redact(said)
        if clean != said:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = where(record.exc_info[1])
        if record.exc_text:
            record.exc_text = self.redact(record.exc_text)
        return True

    def redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _STRUCK_OUT)
        return _TOKEN.sub(_STRUCK_OUT, text)
