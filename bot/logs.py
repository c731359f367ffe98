"""Where the program logs to, in which form, and for how long; no secret of the settings gets there."""

import asyncio
import json
import logging
import sys
import threading
from datetime import UTC, datetime, time
from logging.handlers import TimedRotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Any

from bot.channels.telegram.redaction import Redacting
from bot.config import Settings

_log = logging.getLogger(__name__)

_TEXT = "%(asctime)s %(levelname)s %(name)s %(message)s"


class AsJson(logging.Formatter):
    """One object a line: `at` (UTC), `level`, `from`, `says`, and `fault` with where it happened."""

    def format(self, record: logging.LogRecord) -> str:
        written = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "from": record.name,
            "says": record.getMessage(),
        }
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        if record.exc_text:
            written["fault"] = record.exc_text
        return json.dumps(written, ensure_ascii=False)


def begin(settings: Settings) -> None:
    """Log to standard error, and to the file of the settings: a new one at midnight UTC, the oldest removed."""
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    path = settings.log_file
    if path is not None:
        handlers.append(_to_file(path, settings.config.logs.days))
    telegram, wechat = settings.config.telegram, settings.config.wechat
    secrets = [
        telegram.token,
        telegram.webhook_secret,
        telegram.proxy_url,
        wechat.app_secret,
        wechat.token,
        wechat.encoding_aes_key,
        wechat.previous_encoding_aes_key,
    ]
    redacting = Redacting(secrets)
    form = AsJson() if settings.config.logs.format == "json" else logging.Formatter(_TEXT)
    for handler in handlers:
        handler.setFormatter(form)
        handler.addFilter(redacting)
    logging.basicConfig(level=logging.INFO, handlers=handlers)
    # A job still at work when its next second comes is warned of each time: `job_silence_seconds` says if it matters.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)
    sys.excepthook = _log_crash
    threading.excepthook = lambda crash: _log.critical("a thread ended", exc_info=crash.exc_value)


def _log_crash(_kind: type[BaseException], crash: BaseException, _traceback: TracebackType | None) -> None:
    # Python's own would print the text of the exception, and with it perhaps what a person said.
    _log.critical("the program ended", exc_info=crash)


def of_the_loop(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """For `set_exception_handler`: asyncio's own shows the task, whose exception may quote a person."""
    _log.error("asyncio: %s", context["message"], exc_info=context.get("exception"))


def _to_file(path: Path, days: int) -> logging.Handler:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.touch(mode=0o600)
    return TimedRotatingFileHandler(
        path, when="midnight", backupCount=days, encoding="utf-8", utc=True, atTime=time(), delay=True
    )
