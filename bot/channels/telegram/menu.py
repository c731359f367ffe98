"""The list of commands behind the menu button: one for everyone, and longer ones for those with an office."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from telegram import BotCommand, BotCommandScopeAllPrivateChats, BotCommandScopeChat, MenuButtonCommands
from telegram.error import BadRequest, Forbidden, TelegramError

from bot.channels.telegram.client import Client
from bot.channels.telegram.memory import Memory


class Command(NamedTuple):
    """`/name` in the menu, shown with `description`, stands for saying `words`."""

    name: str  # 1 to 32 of a-z, 0-9 and _
    words: str
    description: str


class Menu:
    """Tells Telegram what changed since it was last told, and nothing else."""

    def __init__(self, client: Client, memory: Memory) -> None:
        self._client = client
        self._memory = memory

    async def publish(self, everyone: Sequence[Command]) -> None:
        """The list that all private chats show. Raises `TelegramError`; then it is told again next time."""
        fingerprint = self._fingerprint(everyone)
        if await self._memory.recall("telegram.menu") == fingerprint:
            return
        bot = self._client.bot
        # No language: a list for the person's own language would win over this one.
        await bot.set_my_commands(_commands(everyone), scope=BotCommandScopeAllPrivateChats())
        await bot.set_chat_menu_button(menu_button=MenuButtonCommands())
        await self._memory.remember("telegram.menu", fingerprint)

    async def publish_for(self, people: Mapping[str, Sequence[Command]]) -> None:
        """Lists for single people, by their Telegram id; an empty one gives them the common list again.

        Who has blocked the bot is passed over. Raises `TelegramError`; who came before it is done.
        """
        for user, commands in people.items():
            name = f"telegram.menu.{user}"
            fingerprint = self._fingerprint(commands)
            if (await self._memory.recall(name) or self._fingerprint(())) == fingerprint:
                continue
            scope = BotCommandScopeChat(int(user))
            try:
                if commands:
                    await self._client.bot.set_my_commands(_commands(commands), scope=scope)
                else:
                    await self._client.bot.delete_my_commands(scope=scope)
            except (BadRequest, Forbidden):
                continue
            await self._memory.remember(name, fingerprint)

    async def try_for(self, people: Mapping[str, Sequence[Command]]) -> bool:
        """The same; False when Telegram did not take all of it, and it should be told again later."""
        try:
            await self.publish_for(people)
        except TelegramError:
            return False
        return True

    def _fingerprint(self, commands: Sequence[Command]) -> str:
        told = "\n".join(f"{command.name} {command.description}" for command in commands)
        return hashlib.sha256(f"{self._client.bot_id}\n{told}".encode()).hexdigest()[:16]


def _commands(commands: Sequence[Command]) -> list[BotCommand]:
    return [BotCommand(command.name, command.description) for command in commands]
