"""The longer menu of commands that those with an office see in Telegram; it follows their roles within minutes."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from bot import words
from bot.channels.telegram.menu import Command, Menu
from storage import grants
from storage.database import Database


class StaffMenus:
    def __init__(self, database: Database, menu: Menu, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._menu = menu
        self._clock = clock
        self._shown: Mapping[str, Sequence[Command]] = {}

    async def publish(self) -> None:
        """Tell Telegram what changed since the last time; what it refuses is tried again at the next."""
        offices = await self._database.read(grants.offices, "telegram", self._clock())
        wanted = {user: words.commands_for(roles) for user, roles in offices.items()}
        gone = {user: () for user in self._shown if user not in wanted}
        if await self._menu.try_for({**wanted, **gone}):
            self._shown = wanted
