"""python-telegram-bot's ConversationHandler with aiosqlite, each write committed before its answer."""

import asyncio
import sys

import aiosqlite
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Update
from telegram.ext import Application, CommandHandler, ContextTypes, ConversationHandler, MessageHandler, filters

from benchmarks.peers.script import QUESTIONS

Context = ContextTypes.DEFAULT_TYPE
EVENT = len(QUESTIONS)


class Bot:
    def __init__(self, database: aiosqlite.Connection) -> None:
        self.database = database

    async def begin(self, update: Update, context: Context) -> int:
        assert update.message is not None
        await self._keep(update, "begun", "")
        await update.message.reply_text(QUESTIONS[0][1])
        return 0

    def answer_to(self, place: int):
        async def answer(update: Update, context: Context) -> int:
            assert update.message is not None
            assert update.message.text is not None
            key = QUESTIONS[place][0]
            context.user_data[key] = update.message.text
            if place + 1 < len(QUESTIONS):
                await self._keep(update, key, update.message.text)
                await update.message.reply_text(QUESTIONS[place + 1][1])
                return place + 1
            said = context.user_data
            await self.database.execute(
                "INSERT INTO people (user, name, phone, community) VALUES (?, ?, ?, ?)",
                (update.message.from_user.id, said["name"], said["phone"], said["community"]),
            )
            await self._keep(update, "done", "")
            await update.message.reply_text("登记好了。")
            return ConversationHandler.END

        return answer

    async def sign_up(self, update: Update, context: Context) -> int:
        assert update.message is not None
        await self._keep(update, "sign up", "")
        await update.message.reply_text("报哪个活动？1 夕阳红私塾")
        return EVENT

    async def choose(self, update: Update, context: Context) -> int:
        assert update.message is not None
        taken = await self.database.execute_fetchall("SELECT count(*) FROM sign_ups WHERE event = 1")
        state = "confirmed" if taken[0][0] < 10_000_000 else "waitlisted"
        await self.database.execute(
            "INSERT INTO sign_ups (event, user, state) VALUES (1, ?, ?)", (update.message.from_user.id, state)
        )
        await self._keep(update, "signed up", state)
        await update.message.reply_text("报上了！")
        return ConversationHandler.END

    async def _keep(self, update: Update, key: str, value: str) -> None:
        """The message is noted with its effect, so that one delivered twice could be told: one commit each."""
        await self.database.execute(
            "INSERT INTO answers (update_id, user, key, value) VALUES (?, ?, ?, ?)",
            (update.update_id, update.message.from_user.id, key, value),
        )
        await self.database.commit()


async def open_database(path: str) -> aiosqlite.Connection:
    database = await aiosqlite.connect(path)
    for statement in (
        "PRAGMA journal_mode=WAL",
        "PRAGMA synchronous=FULL",
        "CREATE TABLE people (user INTEGER, name TEXT, phone TEXT, community TEXT)",
        "CREATE TABLE answers (update_id INTEGER PRIMARY KEY, user INTEGER, key TEXT, value TEXT)",
        "CREATE TABLE sign_ups (id INTEGER PRIMARY KEY, event INTEGER, user INTEGER, state TEXT)",
        "CREATE INDEX by_event ON sign_ups (event)",
    ):
        await database.execute(statement)
    return database


async def main(path: str, api: str, token: str, port: int) -> None:
    database = await open_database(path)
    bot = Bot(database)
    application = Application.builder().token(token).base_url(f"{api}/bot").updater(None).build()
    text = filters.TEXT & ~filters.COMMAND
    states = {place: [MessageHandler(text, bot.answer_to(place))] for place in range(len(QUESTIONS))}
    states[EVENT] = [MessageHandler(text, bot.choose)]
    entries = [CommandHandler("register", bot.begin), CommandHandler("signup", bot.sign_up)]
    application.add_handler(ConversationHandler(entry_points=entries, states=states, fallbacks=[]))
    await serve(application, port)


async def serve(application: Application, port: int) -> None:
    """Takes updates by the webhook until it is stopped."""

    async def webhook(request: Request) -> Response:
        await application.update_queue.put(Update.de_json(await request.json(), application.bot))
        return Response()

    app = Starlette(routes=[Route("/telegram/webhook", webhook, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", access_log=False))
    async with application:
        await application.start()
        await server.serve()


if __name__ == "__main__":
    path, api, token, port, _ = sys.argv[1:]
    asyncio.run(main(path, api, token, int(port)))
