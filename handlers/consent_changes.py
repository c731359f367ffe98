"""个人信息说明: the full text, and a new version put to those who agreed to an earlier one (care.md K9)."""

from datetime import datetime, timedelta

from dialogue.message import Choice, Reply, encoded
from dialogue.talk import Talk
from handlers import consent_texts, my_data, phones
from storage import consents, outbox
from storage.database import Transaction
from storage.spans import EVERYONE, Span

_ANSWER_WITHIN = timedelta(days=30)
_READ = Choice("个人信息说明", "看全文")


def ask(tx: Transaction, now: datetime, at_most: int = 200, among: Span = EVERYONE) -> int:
    """Ask each of them once. Returns how many were asked; none while the version is the one they agreed to."""
    text = consent_texts.REGISTRATION
    found = consents.of_earlier_words(tx, text, at_most, among)
    reply = Reply(
        f"我们的个人信息说明改了：{consent_texts.CHANGED}。您同意吗？",
        (Choice("同意新说明", "同意"), Choice("不同意新说明", "不同意"), _READ),
    )
    for person_id in found:
        key = consents.asking_key(text, person_id)
        planned = outbox.Planned("notice", key, encoded(reply), now, person_id=person_id)
        planned.expires_at = now + _ANSWER_WITHIN
        outbox.plan(tx, planned, now)
    return len(found)


async def agree(talk: Talk) -> None:
    """“同意新说明”."""
    my_data.registered(talk)
    consents.give(talk.tx, talk.account, consent_texts.REGISTRATION, talk.now)
    talk.say("好的，记下了。谢谢您。", Choice("活动", "看活动"), Choice("我的信息", "我的信息"))


async def refuse(talk: Talk) -> None:
    """“不同意新说明”: what was agreed to before stays as it was."""
    my_data.registered(talk)
    consents.give(talk.tx, talk.account, consent_texts.REGISTRATION, talk.now, given=False)
    talk.say("好的，还按您原来同意的来。不想留登记了，回“注销”。", Choice("注销", "注销"), _READ)


async def read(talk: Talk) -> None:
    """“个人信息说明”, before any registration too."""
    talk.say(f"{consent_texts.FULL}\n电话 {phones.of_house(talk)}。")
