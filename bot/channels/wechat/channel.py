"""The WeChat channel: the parts of it put together, and what the rest of the program may ask of it."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Self

from starlette.routing import Route

from bot.channels import Receive, Rejected, TryLater
from bot.channels.wechat import menu
from bot.channels.wechat.alarms import Alarm, Alarms, Raise
from bot.channels.wechat.api import Api, ApiRefusal, Json, NoAnswer, NotSent, Sleep
from bot.channels.wechat.display import Display
from bot.channels.wechat.endpoint import Endpoint
from bot.channels.wechat.ladder import Ladder
from bot.channels.wechat.line import Line
from bot.channels.wechat.settings import Settings
from bot.channels.wechat.standing import Standing, UploadGone
from bot.channels.wechat.turns import Turns
from bot.channels.wechat.verdicts import Verdict
from bot.channels.wechat.wire import Wire
from dialogue.message import Reply
from storage.database import Database, StorageFault

_log = logging.getLogger(__name__)

LONGEST_SCENE = timedelta(days=30)
_DRAIN = 10  # seconds for turns that still run when the program stops


class WechatChannel:
    """One official account."""

    name = "wechat"

    def __init__(
        self,
        settings: Settings,
        api: Api,
        database: Database,
        receive: Receive,
        *,
        public_url: str,
        clock: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        alarm: Raise | None = None,
    ) -> None:
        self.line = Line(api, clock)
        self._settings = settings
        self._api = api
        self._alarm = alarm or Alarms(database, clock)
        self._display = Display(settings, public_url, api, database, clock)
        self._ladder = Ladder(settings, Standing(settings.profile, clock, self._alarm), api, database, clock)
        self._turns = Turns(settings, database, receive, self._ladder, self._display, clock=clock, sleep=sleep)
        wire = Wire(settings.token, settings.ciphers(), replay_window=settings.replay_window)
        self._endpoint = Endpoint(wire, self._turns, database, clock)

    @classmethod
    @asynccontextmanager
    async def open(
        cls,
        settings: Settings,
        database: Database,
        receive: Receive,
        *,
        public_url: str,
        clock: Callable[[], datetime],
        sleep: Sleep = asyncio.sleep,
        alarm: Raise | None = None,
    ) -> AsyncIterator[Self]:
        """The channel with its connections. At the end, turns that run get some seconds to finish.

        Without an `alarm` of its own, the staff on duty are told what goes wrong.
        """
        async with Api.open(
            settings.api_base_url, settings.app_id, settings.app_secret, clock=clock, sleep=sleep
        ) as api:
            channel = cls(
                settings, api, database, receive, public_url=public_url, clock=clock, sleep=sleep, alarm=alarm
            )
            try:
                yield channel
            finally:
                try:
                    await asyncio.wait_for(channel._turns.drain(), _DRAIN)
                except TimeoutError:
                    _log.warning("wechat: stopped while turns were running; they are answered after the next start")

    @property
    def makes_codes(self) -> bool:
        """Whether the account may make QR codes that carry something."""
        return self._settings.profile.scene_codes

    def routes(self) -> list[Route]:
        return self._endpoint.routes()

    async def start(self, buttons: Mapping[str, Sequence[str]]) -> None:
        """Set the menu, and answer what was confirmed before the last stop. Needs the network; never raises for it."""
        if buttons and self._settings.profile.menu:
            try:
                await self._api.post("/cgi-bin/menu/create", menu.body(buttons), harmless=True)
            except ApiRefusal as refusal:
                seen = f"; the platform sees us as {refusal.address}" if refusal.address else ""
                self._alarm(Alarm("menu", f"the menu was not set: {refusal}{seen}", refusal.code))
            except (NotSent, NoAnswer) as fault:
                self._alarm(Alarm("menu", f"the menu was not set: {fault}"))
        await self._turns.resume()

    async def send(self, user: str, reply: Reply, *, urgent: bool = False) -> str:
        """As `Channel.send`. Without a consent, a template or an open window it is `NotNow`."""
        for _ in range(2):
            try:
                return await self._ladder.send(user, reply, await self._display.look([reply]), urgent=urgent)
            except UploadGone:
                continue  # it is uploaded afresh, once
            except StorageFault as fault:
                raise TryLater(10, reason=str(fault)) from None
        raise Rejected("the platform does not keep our picture")

    async def fetch(self, reference: str) -> tuple[bytes, str]:
        """The bytes and media type of what a person sent. The platform keeps them for three days.

        Raises `TryLater` when it may work later, `Rejected` when it never will.
        """
        if not self._settings.profile.media:
            raise Rejected("this account may not fetch media")
        try:
            return await self._api.download(reference)
        except ApiRefusal as refusal:
            if refusal.verdict in (Verdict.AGAIN, Verdict.NEXT_MINUTE, Verdict.TOMORROW, Verdict.NEW_TOKEN):
                raise TryLater(60, reason=str(refusal)) from None
            if refusal.verdict in (Verdict.SETTINGS, Verdict.PUNISHED):
                raise TryLater(600, reason=str(refusal)) from None
            raise Rejected(str(refusal)) from None
        except (NotSent, NoAnswer) as fault:
            raise TryLater(30, reason=str(fault)) from None

    async def scene_code(self, payload: str, lasts: timedelta | None) -> str:
        """The text for a QR code that follows the account and brings `payload` (1 to 64 letters, digits, - and _).

        `lasts` None is for ever; the platform allows 100,000 of those. Raises `Rejected` where the account may not,
        and `TryLater`.
        """
        if not self.makes_codes:
            raise Rejected("this account has no QR codes that carry something")
        scene = {"scene": {"scene_str": payload}}
        body: Json = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": scene}
        if lasts is not None:
            seconds = int(min(lasts, LONGEST_SCENE).total_seconds())
            body = {"action_name": "QR_STR_SCENE", "action_info": scene, "expire_seconds": seconds}
        try:
            answer = await self._api.post("/cgi-bin/qrcode/create", body, harmless=True)
        except ApiRefusal as refusal:
            if refusal.verdict in (Verdict.AGAIN, Verdict.NEXT_MINUTE, Verdict.TOMORROW):
                raise TryLater(60, reason=str(refusal)) from None
            raise Rejected(str(refusal)) from None
        except (NotSent, NoAnswer) as fault:
            raise TryLater(30, reason=str(fault)) from None
        url = answer.get("url")
        if not isinstance(url, str):
            raise Rejected("no address for the code")
        return url
