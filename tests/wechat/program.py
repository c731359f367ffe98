"""The program around the channel: a real HTTP server whose inside can be started anew at any moment."""

import asyncio
import socket
from contextlib import AsyncExitStack

import uvicorn
from starlette.applications import Starlette

from bot.channels.wechat.channel import WechatChannel
from bot.channels.wechat.settings import Settings
from tests.wechat.server import FakeWechat

BUTTONS = {"办事": ("找服务点", "活动", "说难处"), "我的事": ()}


def settings_for(wechat: FakeWechat, **changed):
    given = {
        "app_id": wechat.app_id,
        "app_secret": wechat.app_secret,
        "token": wechat.token,
        "encoding_aes_key": wechat.aes_key or "",
        "account_kind": wechat.kind,
        "api_base_url": wechat.base_url,
        "push_attempts": wechat.attempts,
        "reminder_template_id": next(iter(wechat.api.templates), ""),
        "subscription_template_id": wechat.api.subscription_template,
    }
    return Settings(**{**given, **changed})


class Program:
    """`receive` answers messages; everything else is the real thing."""

    def __init__(
        self,
        wechat,
        database,
        receive,
        *,
        sleep=asyncio.sleep,
        public_url="https://hy.example",
        alarm=None,
        **settings,
    ):
        self.wechat = wechat
        self.database = database
        self.receive = receive
        self.sleep = sleep
        self.public_url = public_url
        self.settings = settings
        self.alarms = []
        self.alarm = alarm or (lambda alarm: self.alarms.append(alarm.fact))
        self.channel = None
        self._app = None
        self._open = AsyncExitStack()
        self._socket = socket.socket()
        self._socket.bind(("127.0.0.1", 0))
        self._socket.listen(2048)  # so that nobody is turned away before the server accepts
        self._http = None

    async def __aenter__(self):
        self._http = uvicorn.Server(
            uvicorn.Config(
                self._inside,
                interface="asgi3",
                lifespan="off",
                log_config=None,
                access_log=False,
                timeout_graceful_shutdown=1,
            )
        )
        # Without its main loop, which only watches for the end, ten times a second.
        self._http.config.load()
        self._http.lifespan = self._http.config.lifespan_class(self._http.config)
        await self._http.startup(sockets=[self._socket])
        self.wechat.push_to = f"http://127.0.0.1:{self._socket.getsockname()[1]}/wechat"
        await self.start()
        return self

    async def __aexit__(self, *_):
        await self.stop()
        await self._http.shutdown(sockets=[self._socket])
        self._socket.close()

    async def _inside(self, scope, receive, send):
        await self._app(scope, receive, send)

    async def start(self):
        opening = WechatChannel.open(
            settings_for(self.wechat, **self.settings),
            self.database,
            self.receive,
            public_url=self.public_url,
            clock=self.wechat.clock,
            sleep=self.sleep,
            alarm=self.alarm,
        )
        self.channel = await self._open.enter_async_context(opening)
        self._app = Starlette(routes=self.channel.routes())
        await self.channel.start(BUTTONS)

    async def stop(self):
        await self._open.aclose()

    async def restart(self):
        await self.stop()
        await self.start()
