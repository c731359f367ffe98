"""Those of a run who talk through WeChat: the platform between them and the program, and what they were shown.

The platform pushes three times when it is not answered within five seconds; then it tells the person that the account
is broken, and here they go away.
"""

import asyncio
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime

import httpx

from dialogue.message import Address
from storage.schema.people import accounts
from storage.schema.talks import inbox, outbox
from tests.wechat.people import words
from tests.wechat.server import FakeWechat

PEOPLE = 3  # at the same time
_TEMPLATE = "template-of-reminders"
_TROUBLES = ["reset", "502", "reset after executing", -1]
_SENDS = ["/cgi-bin/message/template/send", "/cgi-bin/message/custom/send"]
_BROKEN = "服务故障"
_TOLD_ONCE = ("登记好了", "报上了")


@asynccontextmanager
async def followers(url, push_wait):
    """`push_wait`: seconds after which a push that got no answer is repeated; later while the program is not up, for on
    a busy machine it starts more slowly than the platform gives up.
    """
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:

        async def sleep(_seconds):
            await asyncio.sleep(push_wait)
            while not await _is_up(http):  # noqa: ASYNC110 - another process tells nobody
                await asyncio.sleep(0.1)

        async with FakeWechat.open(lambda: datetime.now(UTC), sleep=sleep) as wechat:
            yield Followers(wechat, url)


async def _is_up(http):
    with suppress(httpx.TransportError):
        return (await http.get("/healthz")).status_code == 200
    return False


class Followers:
    def __init__(self, wechat, url):
        self.wechat = wechat
        self.confirmed = []  # numbers of messages that were answered, or whose answer was promised
        self.gave_up = 0
        wechat.push_to = f"{url}/wechat"
        wechat.api.templates[_TEMPLATE] = ["thing1", "time2"]

    def add_settings(self, file):
        with file.open("a", encoding="utf-8") as settings:
            settings.write(f'{self.wechat.settings()}reminder_template_id = "{_TEMPLATE}"\n')

    def address(self, openid):
        """Of somebody who follows and has not written."""
        return Address("wechat", self.wechat.follower(openid).openid)

    async def talks(self, resident, was_acknowledged):
        """Says everything in turn. A promised answer is waited for; when it does not come, the next thing is said."""
        resident.user = f"o_{resident.phone}"
        person = self.wechat.follower(resident.user)
        await person.follows()
        for text in (*resident.words, f"报名{resident.lesson}"):
            number, before = self.wechat.message_id(), len(person.screen)
            answered = await person.says(text, MsgId=number)
            if answered is None and person.screen[before:] and person.last[0] == "fault":
                self.gave_up += 1
                return
            self.confirmed.append(number)
            was_acknowledged()
            if answered is None:
                with suppress(TimeoutError):
                    await person.until_seen(before + 1)
        resident.finished = True

    def trouble(self, chance):
        self.wechat.api.trouble.setdefault(chance.choice(_SENDS), []).append(chance.choice(_TROUBLES))

    def compare(self, tx, residents):
        """What is lost or doubled, one line for each."""
        yield from (f"a mistake towards WeChat: {one}" for one in self.wechat.faults if not one.startswith(_BROKEN))
        kept = {row.message for row in tx.execute(inbox.select().where(inbox.c.channel == "wechat"))}
        yield from (f"the WeChat message {number} is lost" for number in self.confirmed if number not in kept)
        for resident in residents:
            if resident.channel == "wechat" and resident.user:
                shown = [words(*one) for one in self.wechat.follower(resident.user).screen]
                for text in shown:
                    resident.was_told(text)
                for told in _TOLD_ONCE:
                    if (times := sum(text.count(told) for text in shown)) > 1:
                        yield f"{resident.user} was told {times} times: {told}"
        for account in tx.execute(accounts.select().where(accounts.c.channel == "wechat")).all():
            yield from self._reminders_of(tx, account)

    def _reminders_of(self, tx, account):
        reminders = outbox.select().where(outbox.c.account_id == account.id, outbox.c.kind == "reminder")
        rows = [row.state for row in tx.execute(reminders)]
        shown = [one for one in self.wechat.follower(account.user).screen if one[0] == "template"]
        if len(shown) > rows.count("delivered") + rows.count("unknown"):
            yield f"{account.user} reads {len(shown)} reminders, and {rows} explain them"
        if len(shown) < rows.count("delivered"):
            yield f"{account.user} misses a delivered reminder"
