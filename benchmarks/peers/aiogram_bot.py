"""aiogram 3 with its FSM on SQLite: each write committed before its answer, an update delivered twice taken once, and
the webhook answered when the update is dealt with, for what is confirmed before that is lost with the process."""

import asyncio
import json
import sys
from typing import Any

import aiosqlite
from aiogram import Bot, Dispatcher, F, Router
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State, StatesGroup
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from aiogram.types import Message, Update
from aiogram.webhook.aiohttp_server import SimpleRequestHandler
from aiohttp import web

from benchmarks.peers.ptb_bot import open_database
from benchmarks.peers.script import QUESTIONS


class SqliteStorage(BaseStorage):
    """State and data of a chat in one row; a commit for each change, as a durable FSM needs."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self.database = database

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        value = state.state if isinstance(state, State) else state
        await self.database.execute(
            "INSERT INTO fsm (chat, state, data) VALUES (?, ?, '{}') ON CONFLICT (chat) DO UPDATE SET state = ?",
            (key.chat_id, value, value),
        )
        await self.database.commit()

    async def get_state(self, key: StorageKey) -> str | None:
        rows = list(await self.database.execute_fetchall("SELECT state FROM fsm WHERE chat = ?", (key.chat_id,)))
        return rows[0][0] if rows else None

    async def set_data(self, key: StorageKey, data: Any) -> None:
        kept = json.dumps(dict(data))
        await self.database.execute(
            "INSERT INTO fsm (chat, data) VALUES (?, ?) ON CONFLICT (chat) DO UPDATE SET data = ?",
            (key.chat_id, kept, kept),
        )
        await self.database.commit()

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        rows = list(await self.database.execute_fetchall("SELECT data FROM fsm WHERE chat = ?", (key.chat_id,)))
        return json.loads(rows[0][0]) if rows else {}

    async def close(self) -> None:
        await self.database.close()


class Talk(StatesGroup):
    answering = State()
    choosing = State()


class Once:
    """Notes each update; the handler's own commit keeps it together with its effect."""

    def __init__(self, database: aiosqlite.Connection) -> None:
        self.database = database

    async def __call__(self, handler: Any, update: Update, data: dict[str, Any]) -> Any:
        noted = await self.database.execute(
            "INSERT OR IGNORE INTO answers (update_id, key, value) VALUES (?, 'update', '')", (update.update_id,)
        )
        return await handler(update, data) if noted.rowcount else None


def routes(database: aiosqlite.Connection) -> Router:
    router = Router()

    @router.message(Command("register"))
    async def begin(message: Message, state: FSMContext) -> None:
        await state.set_state(Talk.answering)
        await state.set_data({})
        await message.answer(QUESTIONS[0][1])

    @router.message(Talk.answering, F.text)
    async def answer(message: Message, state: FSMContext) -> None:
        said = await state.get_data()
        said[QUESTIONS[len(said)][0]] = message.text
        if len(said) < len(QUESTIONS):
            await state.set_data(said)
            await message.answer(QUESTIONS[len(said)][1])
            return
        await database.execute(
            "INSERT INTO people (user, name, phone, community) VALUES (?, ?, ?, ?)",
            (message.chat.id, said["name"], said["phone"], said["community"]),
        )
        await state.clear()
        await message.answer("登记好了。")

    @router.message(Command("signup"))
    async def sign_up(message: Message, state: FSMContext) -> None:
        await state.set_state(Talk.choosing)
        await message.answer("报哪个活动？1 夕阳红私塾")

    @router.message(Talk.choosing, F.text)
    async def choose(message: Message, state: FSMContext) -> None:
        taken = list(await database.execute_fetchall("SELECT count(*) FROM sign_ups WHERE event = 1"))
        kept = "confirmed" if taken[0][0] < 10_000_000 else "waitlisted"
        await database.execute("INSERT INTO sign_ups (event, user, state) VALUES (1, ?, ?)", (message.chat.id, kept))
        await state.clear()
        await message.answer("报上了！")

    return router


async def main(path: str, api: str, token: str, port: int) -> None:
    database = await open_database(path)
    await database.execute("CREATE TABLE fsm (chat INTEGER PRIMARY KEY, state TEXT, data TEXT NOT NULL)")
    bot = Bot(token, session=AiohttpSession(api=TelegramAPIServer.from_base(api)))
    dispatcher = Dispatcher(storage=SqliteStorage(database))
    dispatcher.update.outer_middleware(Once(database))
    dispatcher.include_router(routes(database))
    app = web.Application()
    SimpleRequestHandler(dispatcher, bot, handle_in_background=False).register(app, path="/telegram/webhook")
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    path, api, token, port, _ = sys.argv[1:]
    asyncio.run(main(path, api, token, int(port)))
