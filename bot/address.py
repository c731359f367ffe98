"""Where people reach this program."""

from bot.config import Settings


def address(settings: Settings) -> str:
    """`bot.public_url` without a slash at its end, else this machine alone."""
    return settings.config.bot.public_url.rstrip("/") or f"http://127.0.0.1:{settings.config.web.port}"
