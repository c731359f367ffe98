"""The same broadcast to people in WeChat who wrote within two days; staff write it in Telegram.

The platform stumbles at a tenth of all calls (its -1), does not let through what is for those who left (45015), and
resets the connection after a message arrived.
"""

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import insert

from dialogue.message import Address
from storage.schema.wechat import wechat_followers, wechat_windows
from tests.torture.broadcast import STAFF, WORDS, Broadcast
from tests.torture.weather import RESETS, TRAVEL, WAITS, Attempt
from tests.wechat.api import Api
from tests.wechat.server import FakeWechat

SEND = "/cgi-bin/message/custom/send"
BUSY = -1


class FarApi(Api):
    """A message takes a while to get there, and meets what the weather has for it."""

    def __init__(self, server, chance):
        super().__init__(server)
        self.chance = chance
        self.attempts = {}  # by openid

    async def answer(self, request):
        if request.path != SEND:
            return await super().answer(request)
        await asyncio.sleep(TRAVEL)
        openid = json.loads(await request.read())["touser"]
        person = self.server.followers[openid]
        draw, read = self.chance.random(), len(person.screen)
        trouble = BUSY if draw < WAITS else "reset after executing" if draw < WAITS + RESETS * (1 - WAITS) else None
        self.trouble[SEND] = [trouble]
        answer = await super().answer(request)
        arrived = str(len(person.screen)) if len(person.screen) > read else None
        self.attempts.setdefault(openid, []).append(Attempt(trouble == BUSY, not isinstance(trouble, str), arrived))
        return answer


class WechatBroadcast(Broadcast):
    """Who left has no end before the day is over: the message waits for them to write, and staff are told so."""

    is_over = (
        "SELECT all_planned AND NOT EXISTS (SELECT 1 FROM outbox WHERE broadcast_id = 1 "
        "AND state IN ('planned', 'sending')) FROM broadcasts"
    )
    in_the_end = "正在发"
    missed_by_blocked = "waiting"

    @asynccontextmanager
    async def _beside(self):
        self.wechat = FakeWechat(lambda: datetime.now(UTC))
        self.wechat.api = FarApi(self.wechat, self.chance)
        await self.wechat.up()
        self.settings = self.wechat.settings()
        try:
            yield
        finally:
            await self.wechat.down()
        self.result.lost += [f"a mistake towards WeChat: {fault}" for fault in self.wechat.faults]

    def _blocks(self, number):
        self.wechat.follower(_openid(number)).blocks = True

    def _address(self, number):
        return super()._address(number) if number <= STAFF else Address("wechat", _openid(number))

    def _populate(self, tx, now):
        super()._populate(tx, now)
        theirs = [_openid(number) for number in range(STAFF + 1, self.recipients + 1)]
        for openid in theirs:
            self.wechat.follower(openid)
            self.wechat.ledger.opened(openid, "message")
        tx.execute(insert(wechat_followers), [{"user": openid, "heard_at": now} for openid in theirs])
        window = {"kind": "message", "messages": 5, "ends_at": now + timedelta(hours=47)}
        tx.execute(insert(wechat_windows), [{"user": openid, **window} for openid in theirs])

    def _worsens(self):
        """The line of Telegram is left alone: staff alone are at it."""

    def _attempts(self):
        mine = {int(openid.removeprefix("o_")): made for openid, made in self.wechat.api.attempts.items()}
        return super()._attempts() | mine

    def _read_by(self, number):
        if number <= STAFF:
            return super()._read_by(number)
        return sum(fields.get("content") == WORDS for _, fields in self.wechat.follower(_openid(number)).screen)

    def _is_the_one(self, platform_id, arrived):
        """WeChat gives customer messages no number."""
        return len(arrived) == 1 if platform_id.startswith("custom:") else super()._is_the_one(platform_id, arrived)


def _openid(number):
    return f"o_{number}"
