"""python-telegram-bot that says back what it hears and keeps nothing: its own HTTP backend, updates all at once."""

import asyncio
import sys

from telegram import Update
from telegram.ext import Application, MessageHandler, filters

from benchmarks.peers.ptb_bot import serve


async def echo(update: Update, _context: object) -> None:
    if update.message is not None and update.message.text is not None:
        await update.message.reply_text(update.message.text)


async def main(api: str, token: str, port: int) -> None:
    builder = Application.builder().token(token).base_url(f"{api}/bot").updater(None)
    application = builder.concurrent_updates(True).connection_pool_size(256).build()
    application.add_handler(MessageHandler(filters.TEXT, echo))
    await serve(application, port)


if __name__ == "__main__":
    _, api, token, port, _ = sys.argv[1:]
    asyncio.run(main(api, token, int(port)))
