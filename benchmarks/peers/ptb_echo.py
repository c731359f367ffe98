"""python-telegram-bot that says back what it hears and keeps nothing: its own HTTP backend, updates all at once."""

import asyncio
import sys

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from telegram import Update
from telegram.ext import Application, MessageHandler, filters


async def echo(update: Update, _context: object) -> None:
    if update.message is not None and update.message.text is not None:
        await update.message.reply_text(update.message.text)


async def main(api: str, token: str, port: int) -> None:
    builder = Application.builder().token(token).base_url(f"{api}/bot").updater(None)
    application = builder.concurrent_updates(True).connection_pool_size(256).build()
    application.add_handler(MessageHandler(filters.TEXT, echo))

    async def webhook(request: Request) -> Response:
        await application.update_queue.put(Update.de_json(await request.json(), application.bot))
        return Response()

    app = Starlette(routes=[Route("/telegram/webhook", webhook, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, port=port, log_level="critical", access_log=False))
    async with application:
        await application.start()
        await server.serve()


if __name__ == "__main__":
    _, api, token, port, _ = sys.argv[1:]
    asyncio.run(main(api, token, int(port)))
