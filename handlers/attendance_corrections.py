"""改签到, 改时长: what a point's lead puts right after an event was closed, each time with the reason."""

import re
from dataclasses import dataclass
from datetime import timedelta

from dialogue.message import Choice
from dialogue.questions import Invalid, Number, OneOf, Text
from dialogue.talk import Talk
from handlers import events as events_handler
from handlers import roles
from handlers.check_in import Noted, in_hours, lines_meant, name_of
from storage import attendance, events, people
from storage.attendance import Line
from storage.audit import Actor
from storage.conversations import Said
from storage.events import Event
from storage.refusals import NotAllowed, NothingToCheck

LEADS = ("point_lead", "district_staff")


@dataclass(frozen=True)
class _Hours:
    """Hours in steps of one half, as a number of halves."""

    choices: tuple[Choice, ...] = ()

    def parse(self, said: Said) -> int:
        found = re.fullmatch(r"\s*(\d{1,2})(?:[.．点](\d))?\s*(?:个?半)?\s*(?:个?小时|个?钟头)?\s*", said.text)
        half = "半" in said.text or (found is not None and found[2] == "5")
        if found is None or found[2] not in (None, "0", "5") or int(found[1]) > 12:
            raise Invalid("请发小时数，半小时一档，比如：2 或者 2.5。")
        return 2 * int(found[1]) + half


_LOOKS_BACK = timedelta(days=60)
_WHAT = {
    "attended": "补记到场",
    "undo": "撤掉签到",
    "excused": "改成请假",
    "absent": "改成未到",
    "heads": "改清点人数",
}


async def correct(talk: Talk) -> None:
    """“改签到”, “改签到 12”."""
    event, actor = await _event(talk, "改哪一场？")
    what = await talk.ask("what", f"《{event.title}》怎么改？", OneOf(_WHAT))
    if what == "heads":
        number = await talk.ask("number", "没记名的一共几位？", Number(at_most=2000))
        reason = await _reason(talk)
        kept = f"《{event.title}》没记名的 {number} 位"
        if not await talk.confirm(f"{kept}，因为{reason}"):
            return talk.say("没有改，还是原来的样子。")
        attendance.count_heads(talk.tx, event.id, "unnamed", number, actor, talk.now, reason=reason)
        return talk.say(f"改好了：{kept}。{_total(talk, event)}")
    chosen = await _who(talk, event)
    reason = await _reason(talk)
    names = "、".join(name_of(talk, person_id) for person_id in chosen)
    if not await talk.confirm(f"《{event.title}》{names}，{_WHAT[what]}，因为{reason}"):
        return talk.say("没有改，还是原来的样子。")
    for person_id in chosen:
        if what == "undo":
            attendance.undo(talk.tx, event.id, person_id, actor, talk.now, reason=reason, may_correct=True)
        else:
            attendance.check_in(
                talk.tx,
                event.id,
                person_id,
                "by_staff",
                actor,
                talk.now,
                came_at=event.starts_at,
                state=what,
                reason=reason,
                may_correct=True,
            )
    return talk.say(f"改好了：{names}，{_WHAT[what]}。{_total(talk, event)}", Choice(f"改签到 {event.id}", "再改一位"))


async def correct_hours(talk: Talk) -> None:
    """“改时长”: beside what was planned and measured, what staff found to be right."""
    event, actor = await _event(talk, "改哪一场志愿服务的时长？", only=attendance.VOLUNTEERING)
    chosen = await _who(talk, event)
    halves = await talk.ask("hours", "实际做了几个小时？半小时一档，比如：2.5。", _Hours())
    reason = await _reason(talk)
    names = "、".join(name_of(talk, person_id) for person_id in chosen)
    if not await talk.confirm(f"《{event.title}》{names}，{in_hours(halves * 30)}，因为{reason}"):
        return talk.say("没有改，还是原来的样子。")
    absent = [
        name_of(talk, person_id)
        for person_id in chosen
        if not attendance.correct_hours(talk.tx, event.id, person_id, halves * 30, reason, actor, talk.now)
    ]
    without = f"{'、'.join(absent)}没有到场，没有记。" if absent else ""
    return talk.say(f"改好了：{in_hours(halves * 30)}。{without}")


async def _event(talk: Talk, question: str, only: str | None = None) -> tuple[Event, Actor]:
    if talk.opening.text.isdecimal():
        event = events.get(talk.tx, int(talk.opening.text))
        return event, Actor(talk.person_id, roles.must_reach(talk, event, LEADS), talk.account.channel)
    if not roles.holding(*LEADS)(talk.tx, talk.account, talk.now):
        raise NotAllowed(roles.TITLES["point_lead"])
    past = reversed(events.between(talk.tx, talk.now - _LOOKS_BACK, talk.now))
    found = {
        str(event.id): event
        for event in past
        if (only is None or event.type == only) and roles.role_for(talk, event, LEADS)
    }
    if not found:
        raise NothingToCheck
    options = {key: events_handler.label(event) for key, event in found.items()}
    event = found[await talk.ask("event", question, OneOf(options))]
    return event, Actor(talk.person_id, roles.must_reach(talk, event, LEADS), talk.account.channel)


async def _who(talk: Talk, event: Event) -> list[int]:
    """Persons, by their numbers on the list, by name, or from everyone registered."""
    words = await talk.ask("who", "是谁？回名单上的号，或者姓名、手机尾号。", Text(at_most=100))
    noted = Noted()
    roll: list[Line] = attendance.roll(talk.tx, event.id)
    chosen = [line.person_id for line in lines_meant(talk, roll, words, noted)]
    if noted.unclear:
        talk.again("who", noted.unclear[0])
    for unknown in noted.unknown:
        found = [] if re.fullmatch(r"\d{1,3}", unknown) else people.search(talk.tx, unknown)
        if len(found) != 1:
            several = "有好几位，请发手机尾号" if found else "没找到"
            talk.again("who", f"“{unknown}”{several}。请再说一遍。")
        chosen.append(found[0].id)
    return chosen


async def _reason(talk: Talk) -> str:
    return await talk.ask("reason", "为什么改？写一句，比如：当天漏记了。", Text(at_most=100, at_least=2))


def _total(talk: Talk, event: Event) -> str:
    came, heads = attendance.attended(attendance.roll(talk.tx, event.id)), attendance.heads(talk.tx, event.id)
    return f"现在一共 {came + heads} 人次（签到 {came}，清点 {heads}）。"
