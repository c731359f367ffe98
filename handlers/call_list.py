"""电话名单: whom to phone because no message reaches them, one tap for what came of it."""

import re

from dialogue import texts
from dialogue.message import Choice, decoded
from dialogue.talk import LONGEST_LIST, Talk
from handlers import notices, roles
from storage import call_list, events, grants
from storage.audit import Actor
from storage.call_list import Entry, Result
from storage.refusals import NotAllowed

_RESULTS: dict[str, Result] = {"已告知": "told", "无人接听": "no_answer", "不来": "not_coming"}
_WHY = {
    "no_account": "没有聊天账号",
    "unreachable": "消息发不过去",
    "stopped": "不收消息",
    "waiting": "要等本人来看，才收得到消息",
    "expired": "消息没能及时送到",
    "refused": "消息没送到",
    "unknown": "不知道消息到了没有",
}


async def work(talk: Talk) -> None:
    """“电话名单”, “电话名单 第2页”, “电话 45”, “电话 45 已告知”."""
    words = talk.opening.text.strip()
    if found := re.fullmatch(r"(\d+)\s*(\D*)", words):
        entry = call_list.get(talk.tx, int(found[1]))
        role = _role_for(talk, entry)
        if role is None:
            raise NotAllowed(roles.TITLES["point_lead"])
        result = _RESULTS.get(found[2])
        return _show(talk, entry) if result is None else _note(talk, entry, result, found[2], role)
    page = int(found[1]) if (found := re.fullmatch(r"第(\d+)页", words)) else 1
    return _list(talk, page)


def _list(talk: Talk, page: int, before: str = "") -> None:
    entries = _mine(talk)
    if not entries:
        return talk.say(f"{before}现在没有要打的电话。")
    begin = (page - 1) * LONGEST_LIST % len(entries)
    choices = [Choice(f"电话 {entry.id}", _line(talk, entry)) for entry in entries[begin : begin + LONGEST_LIST]]
    if len(entries) > LONGEST_LIST:
        following = page + 1 if begin + LONGEST_LIST < len(entries) else 1
        choices.append(Choice(f"电话名单 第{following}页", texts.MORE))
    return talk.say(f"{before}要打的电话有 {len(entries)} 个。打哪个，回前面的数字。", *choices)


def _show(talk: Talk, entry: Entry) -> None:
    lines = [f"{entry.name}，{_phone(entry)}", f"为什么打：{_WHY.get(entry.why, '消息没送到')}。"]
    if entry.event_id is not None:
        event = events.get(talk.tx, entry.event_id)
        lines.append(f"《{event.title}》{notices.where_and_when(event)}。请问问来不来。")
    elif entry.subject:
        lines.append(f"事由：{entry.subject}")
    lines += [f"请转告：{decoded(notice).text}" for notice in entry.notices]
    if entry.calls:
        lines.append(f"打过 {entry.calls} 次，上次没人接。")
    words = [word for word in _RESULTS if word != "不来" or entry.event_id is not None]
    talk.say("\n".join(lines), *(Choice(f"电话 {entry.id} {word}", word) for word in words))


def _note(talk: Talk, entry: Entry, result: Result, word: str, role: str) -> None:
    actor = Actor(talk.person_id, role, talk.account.channel)
    promotions = call_list.note(talk.tx, entry.id, result, actor, talk.now)
    notices.promoted(talk.tx, promotions, talk.now)
    done = f"记下了：{entry.name}，{word}。"
    if result == "not_coming":
        done += "座位让出来了，候补的人会收到消息。" if promotions else "座位让出来了。"
    _list(talk, 1, f"{done}\n")


def _line(talk: Talk, entry: Entry) -> str:
    about = events.get(talk.tx, entry.event_id).title if entry.event_id is not None else entry.subject or ""
    again = "（没人接过）" if entry.calls else ""
    return f"{entry.name}　{_phone(entry)}　{about}{again}"


def _phone(entry: Entry) -> str:
    return texts.spoken_phone(entry.phone) if entry.phone else "没留电话"


def _mine(talk: Talk) -> list[Entry]:
    return [entry for entry in call_list.to_call(talk.tx, talk.now) if _role_for(talk, entry) is not None]


def _role_for(talk: Talk, entry: Entry) -> str | None:
    """The role in which this person may phone: nobody sees the list of another point (care.md P31)."""
    if entry.event_id is not None:
        return roles.role_for(talk, events.get(talk.tx, entry.event_id), roles.ORGANISERS)
    for grant in grants.roles_of(talk.tx, talk.account, talk.now):
        if grant.role == "district_staff" or (grant.role == "point_lead" and grant.point_id == entry.point_id):
            return grant.role
    return None
