"""Those who were away: welcomed back in October, and after a year asked whether to stay (domain 4.2.7, care.md K8)."""

from datetime import datetime, timedelta

from dialogue.message import Choice, Reply, encoded
from dialogue.talk import Talk
from handlers import leaving, my_data
from storage import accounts, call_list, erasure, idle, outbox, people
from storage.audit import Actor
from storage.database import Transaction
from storage.spans import EVERYONE, Span
from storage.times import local_date

_OCTOBER = 10
_WELCOME_LASTS = timedelta(days=14)
_QUESTION = Reply(
    "您好，又到候鸟季了。您的登记还留着吗？三十天没有回音，我们就去掉您的姓名和电话。",
    (Choice("留着登记", "留着"), Choice("注销", "删掉")),
)
_TO_SAY = "一年没来往，问登记还留不留"


def ask(tx: Transaction, now: datetime, at_most: int = 200, among: Span = EVERYONE) -> int:
    """Ask those who were not heard of for a year. Whom no message reaches staff phone. Returns how many were asked."""
    found = idle.to_ask(tx, now, at_most, among)
    for person_id in found:
        person = people.get(tx, person_id)
        # What becomes of their data is told also to those who wanted no messages; they are not phoned (domain 9.8).
        kind: outbox.Kind = "alert" if person.messages == "none" else "notice"
        key = f"idle:{person_id}:{local_date(now)}"
        planned = outbox.Planned(kind, key, encoded(_QUESTION), tx.hours.next(now), person_id=person_id)
        planned.expires_at = now + idle.ANSWER_WITHIN
        outbox.plan(tx, planned, now)
        why = call_list.reason(tx, person_id, person.messages, now)
        if why is not None and why != "stopped":
            call_list.add(tx, key, "notice", person_id, why, now, subject=_TO_SAY, point_id=person.point_id)
        idle.asked(tx, person_id, now)
    return len(found)


def forget(tx: Transaction, now: datetime, at_most: int = 50, among: Span = EVERYONE) -> int:
    """Forget those who were asked and gave no sign. Returns how many."""
    forgotten = 0
    for person_id in idle.to_forget(tx, now, at_most, among):
        accounts.hold_chats(tx, person_id)
        if idle.to_forget(tx, now, 1, Span(person_id, person_id)):  # and did not write just now
            leaving.tell_others(tx, erasure.erase(tx, person_id, Actor(), now, "idle"), now)
            forgotten += 1
    return forgotten


def welcome_back(tx: Transaction, now: datetime, at_most: int = 200, among: Span = EVERYONE) -> int:
    """In October, once: has anything changed? Returns how many were asked."""
    today = local_date(now)
    if today.month != _OCTOBER:
        return 0
    found = idle.away(tx, now, at_most, among)
    for person_id in found:
        reply = Reply(
            f"{people.get(tx, person_id).name}，又到候鸟季了，欢迎回来。您的信息有变化吗？",
            (Choice("信息没变", "没变化"), Choice("更正", "有变化"), Choice("少发点", "少发点消息")),
        )
        planned = outbox.Planned("notice", idle.welcome_key(person_id, today), encoded(reply), now, person_id=person_id)
        planned.expires_at = now + _WELCOME_LASTS
        outbox.plan(tx, planned, now)
    return len(found)


async def stays(talk: Talk) -> None:
    """“留着登记”."""
    person = my_data.registered(talk)
    idle.stays(talk.tx, person.id, Actor(person.id, "resident", talk.account.channel), talk.now)
    talk.say(f"好的，{person.name}，登记给您留着。", Choice("活动", "看活动"), Choice("我的信息", "我的信息"))


async def unchanged(talk: Talk) -> None:
    """“信息没变”: the same days as last season, said back so that a wrong one is seen."""
    person = my_data.registered(talk)
    stay = ""
    if idle.stay_again(person, local_date(talk.now)) and person.arrives_on and person.leaves_on:
        arrives, leaves = person.arrives_on, person.leaves_on
        stay = f"记的还是{arrives.month}月{arrives.day}日到、{leaves.month}月{leaves.day}日回，不对就回“更正”。"
    people.change(talk.tx, person, talk.now)
    talk.say(
        f"欢迎回来，{person.name}。{stay}",
        Choice("活动", "看活动"),
        Choice("找服务点", "找服务点"),
        Choice("更正", "更正"),
    )
