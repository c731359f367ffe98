"""The console for people who work at a desk, at /console: what the chat shows, from the same functions."""

from bot.console.routes import console_routes
from bot.console.settings import ConsoleSettings

__all__ = ["ConsoleSettings", "console_routes"]
