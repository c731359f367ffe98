"""The chat page at /chat: no account, no installation, the same conversations."""

from bot.channels.web.channel import WebChannel
from bot.channels.web.routes import web_routes
from bot.channels.web.settings import WebSettings

__all__ = ["WebChannel", "WebSettings", "web_routes"]
