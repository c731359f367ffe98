"""The second line against secrets in logs: what slips through all the same is struck out."""

import logging
import re
import traceback
from collections.abc import Iterable

_TOKEN = re.compile(r"(?<!\d)\d{6,12}:[A-Za-z0-9_-]{30,}")
_STRUCK_OUT = "[…]"


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
            record.exc_text = "".join(traceback.format_exception(*record.exc_info)).rstrip("\n")
        if record.exc_text:
            record.exc_text = self.redact(record.exc_text)
        return True

    def redact(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, _STRUCK_OUT)
        return _TOKEN.sub(_STRUCK_OUT, text)
