"""Addresses that open the chat with the bot and say where somebody comes from."""

from telegram.error import TelegramError
from telegram.helpers import create_deep_linked_url

from bot.channels import TryLater
from bot.channels.telegram.client import open_client


async def deep_link(token: str, api_base_url: str, proxy_url: str, payload: str) -> str:
    """The address for `payload` (1 to 64 letters, digits, - and _). Raises `TryLater` when Telegram does not answer."""
    async with open_client(token, api_base_url, proxy_url or None) as client:
        try:
            me = await client.bot.get_me()
        except TelegramError as error:
            raise TryLater(30, reason=type(error).__name__) from None
        return create_deep_linked_url(me.username or "", payload)
