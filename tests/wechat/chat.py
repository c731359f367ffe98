"""A person who talks through WeChat, over real HTTP, and can be used wherever a test talks to the bot."""

import hashlib
import re

import pytest

from bot.channels.plain import render
from bot.channels.wechat.links import escape
from bot.channels.wechat.paging import MORE
from bot.channels.wechat.xml import clean
from dialogue.message import Address
from dialogue.reception import Reception
from tests.conftest import Chat
from tests.wechat.people import words
from tests.wechat.program import Program


class WechatChat(Chat):
    """As `Chat`. What is answered is compared with what the phone shows, down to the last list entry."""

    def __init__(self, url, vault, wechat, **options):
        super().__init__(url, vault, **options)
        self.wechat = wechat
        self.program = None
        self.person = None
        self._answers = {}  # by the id a test gave a message

    @property
    def who(self):
        return self._who

    @who.setter
    def who(self, address):
        self._who = in_wechat(address)

    async def does(self, work, *args, **kwargs):
        return await super().does(work, *map(in_wechat, args), **{k: in_wechat(v) for k, v in kwargs.items()})

    async def open(self):
        database = await super().open()
        if self.program is None:

            async def receive(message):
                reception = Reception(database, self.menu, self.house, self.clock)  # a test may change the menu
                self.replies = await reception.receive(message)
                return self.replies

            self.wechat.clock = self.wechat.api.clock = self.wechat.ledger.clock = self.clock
            self.program = await self._open.enter_async_context(Program(self.wechat, database, receive))
        return database

    async def close(self):
        self.program = None
        await super().close()

    async def __call__(self, text="", **sent):
        if self.restarting:
            await self.close()
        await self.open()
        self.person = self.wechat.follower(self.who.user)
        begin = len(self.person.screen)
        self.replies = ()
        await self._send(text, sent)
        answered = self.replies
        if (name := sent.get("id")) is not None:  # a repeat is answered by the channel itself
            answered = self._answers.setdefault((self.who, name), answered)
        while self.person.screen[begin:] and self.person.read.endswith(MORE):
            await self.person.says("更多")
        self._remember_buttons(answered, begin)
        self._assert_shown(answered, begin)
        self.wechat.assert_content()
        return "\n".join(render(reply) for reply in answered)

    async def _send(self, text, sent):
        person = self.person
        if "tap" in sent:
            label, message = sent["tap"]
            await person.taps(label, of=message)
        elif sent.get("payload"):
            await person._event("SCAN", "scan", EventKey=sent["payload"], Ticket="T")
        elif (place := sent.get("place")) is not None:
            there = place.as_gcj02()
            await person.sends_place(there.latitude, there.longitude)
        elif (attachment := sent.get("attachment")) is not None:
            kinds = {"photo": person.sends_picture, "voice": person.sends_voice, "video": person.sends_video}
            if attachment.kind not in kinds:
                pytest.skip("WeChat has no files from people")
            await kinds[attachment.kind]()
        elif sent.get("contact") is not None:
            pytest.skip("WeChat shares no phone numbers")
        elif not sent.get("private", True):
            pytest.skip("official accounts have no groups")
        elif {"choice", "turn"} & set(sent):
            pytest.skip("a tap that no phone can make")
        elif text != clean(text):
            pytest.skip("no phone can send it")
        else:
            number = {} if "id" not in sent else {"MsgId": str(_number(sent["id"]))}
            await person.says(text, **number)

    def _remember_buttons(self, replies, begin):
        for reply in replies:
            if reply.choices:
                shown = self.person.screen[begin:]
                self.buttons = {
                    choice.label: {"tap": (choice.label, _holding(shown, choice))} for choice in reply.choices
                }

    def _assert_shown(self, replies, begin):
        seen = "\n".join(words(*message) for message in self.person.screen[begin:])
        flat = _flat(seen)
        for reply in replies:
            for line in reply.text.split("\n"):
                assert _flat(escape(line)) in flat, f"not shown: {line}"
            for choice in reply.choices:
                assert _flat(escape(choice.label)) in flat, f"not shown: {choice.label}"


def in_wechat(value):
    """Whoever a test names, here they have WeChat."""
    if not isinstance(value, Address) or value.channel == "wechat":
        return value
    return Address("wechat", f"o_{value.user.replace(' ', '_')}")


def _holding(shown, choice):
    """The message on the screen in which the choice can be tapped."""
    return next(message for message in reversed(shown) if _flat(escape(choice.label)) in _flat(words(*message)))


def _number(name):
    return int(hashlib.sha256(name.encode()).hexdigest()[:12], 16)


def _flat(text):
    return re.sub(r"\s", "", text.replace(MORE, ""))
