"""What staff must know of the account: logged for the administrator, said once a day to the staff of the district."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from dialogue.message import Reply, encoded
from storage import grants, outbox
from storage.database import Database, StorageFault, Transaction
from storage.times import local_date

_log = logging.getLogger(__name__)

Kind = Literal["settings", "punished", "quota", "right", "fault", "menu"]

_SENTENCES: dict[Kind, str] = {
    "settings": "公众号现在发不出消息：设置不对。我过十分钟再试，请管理员看一下。",
    "punished": "公众号被平台限制了，消息发不出去。请管理员登录公众号后台看通知。",
    "quota": "公众号今天能发的消息用完了，明天零点恢复。急事请打电话告诉居民。",
    "right": "公众号有一样功能用不了，我换别的办法发。请管理员看一下。",
    "fault": "公众号有一条消息平台不收。请管理员看一下，要紧的事先打电话告诉居民。",
    "menu": "公众号下面的菜单没有设上，打字照样能用。请管理员看一下。",
}


@dataclass(frozen=True, slots=True)
class Alarm:
    """`fact` is for the log: English, with the platform's number, and without anything of a person."""

    kind: Kind
    fact: str
    code: int = 0

    @property
    def sentence(self) -> str:
        number = f"（错误号 {self.code}）" if self.code else ""
        return f"【值班】{_SENTENCES[self.kind]}{number}"


Raise = Callable[[Alarm], None]


class Alarms:
    """Logs each alarm, and writes it to the staff on duty; the same one is said once a day."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._telling: set[asyncio.Task[None]] = set()

    def __call__(self, alarm: Alarm) -> None:
        _log.error("wechat: %s", alarm.fact)
        task = asyncio.create_task(self._tell(alarm))
        self._telling.add(task)
        task.add_done_callback(self._telling.discard)

    async def told(self) -> None:
        """Wait until everything raised so far is kept."""
        while self._telling:
            await asyncio.wait(self._telling)

    async def _tell(self, alarm: Alarm) -> None:
        try:
            await self._database.write(tell, alarm, self._clock())
        except StorageFault as fault:
            _log.error("wechat: staff could not be told: %s", fault)


def tell(tx: Transaction, alarm: Alarm, now: datetime) -> None:
    for staff_id in grants.on_duty(tx, None, now):
        key = f"wechat:{alarm.kind}:{alarm.code}:{local_date(now)}:{staff_id}"
        planned = outbox.Planned("alert", key, encoded(Reply(alarm.sentence)), now, person_id=staff_id)
        outbox.plan(tx, planned, now)
