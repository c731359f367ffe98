"""What will not work with the bot as it is set up, and how to mend it: for `hongyan check`."""

import re
from collections.abc import Callable
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp

from bot.config import TelegramSection

_PORTS = (443, 80, 88, 8443)  # that Telegram calls; Bot API, setWebhook
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_MOST_A_SECOND = 30
_PATIENCE = aiohttp.ClientTimeout(total=15)
_SKEW = 60  # seconds


async def problems(section: TelegramSection, public_url: str, *, clock: Callable[[], datetime]) -> list[str]:
    """One line for each, in English, for the administrator. Telegram is asked who the bot is."""
    found = _as_set(section, public_url)
    base = section.api_base_url.rstrip("/")
    try:
        async with (
            aiohttp.ClientSession(timeout=_PATIENCE) as session,
            session.get(f"{base}/bot{section.token}/getMe", proxy=section.proxy_url or None) as answer,
        ):
            status, date = answer.status, answer.headers.get("Date", "")
    except aiohttp.ClientConnectorDNSError:
        found.append(
            f"telegram: the name of {base} cannot be looked up; see /etc/resolv.conf, or set telegram.proxy_url"
        )
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as fault:
        # The text of the fault may hold the address, and with it the token.
        found.append(
            f"telegram: {base} cannot be reached ({type(fault).__name__}); see the network and telegram.proxy_url"
        )
    else:
        if status in (401, 404):
            found.append("telegram.token: Telegram does not know it; BotFather shows the one that counts")
        elif status != 200:
            found.append(f"telegram: {base} answers {status}; it does not speak the Bot API, or is being mended")
        found += _clock_is_off(date, clock())
    return found


def _as_set(section: TelegramSection, public_url: str) -> list[str]:
    found = []
    if section.mode == "webhook":
        address = urlsplit(public_url)
        if address.scheme != "https":
            found.append('bot.public_url: Telegram calls https only; get a certificate, or telegram.mode = "polling"')
        elif (address.port or 443) not in _PORTS:
            found.append(f"bot.public_url: Telegram calls the ports {', '.join(map(str, _PORTS))} only")
        if section.webhook_secret and not _SECRET.fullmatch(section.webhook_secret):
            found.append("telegram.webhook_secret: 1 to 256 of A-Z a-z 0-9 _ -")
    if not 0 < section.messages_per_second <= _MOST_A_SECOND:
        found.append(
            f"telegram.messages_per_second: more than 0, and at most the {_MOST_A_SECOND} that Telegram allows"
        )
    return found


def _clock_is_off(date: str, now: datetime) -> list[str]:
    try:
        off = (now - parsedate_to_datetime(date)).total_seconds()
    except (TypeError, ValueError):
        return []  # the answer has no date, or one without a zone
    if abs(off) <= _SKEW:
        return []
    way = "ahead of" if off > 0 else "behind"
    return [f"the clock of this machine is {abs(off):.0f} seconds {way} Telegram's; start chrony or systemd-timesyncd"]
