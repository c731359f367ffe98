"""签到: forty people at the door and one thumb. Numbers, names or phone tails; every line says what was noted."""

import re
from dataclasses import dataclass, field
from datetime import datetime

from dialogue import numbers, texts
from dialogue.message import Choice
from dialogue.questions import Number, OneOf, Text
from dialogue.talk import Talk
from handlers import my_events, roles
from storage import attendance, events, people
from storage.attendance import CheckIn, Line
from storage.audit import Actor
from storage.events import Event
from storage.refusals import NobodyCame, NothingToCheck
from storage.times import local

_LINES_ON_A_PAGE = 30
_ONE_TAP = 5
_NEXT = 3  # who may be tapped below the answer to the last
_MARKS = {"attended": "✓", "excused": "请假", "absent": "未到"}


@dataclass
class Noted:
    """What became of each of those named, to be read back in one breath."""

    came: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)

    def in_words(self, verb: str) -> str:
        parts = []
        if self.came:
            parts.append(f"{verb} {len(self.came)} 位：{'、'.join(self.came)}。")
        parts += self.already
        if self.unknown:
            parts.append(f"名单上没有：{'、'.join(self.unknown)}。没报名的回“加人 姓名”。")
        parts += self.unclear
        return "\n".join(parts)


async def check_in(talk: Talk) -> None:
    """“签到”: the list. “签到 3 7 12-15”, “签到 王秀英”, “签到 1234”: note them."""
    if not _checks(talk):
        return talk.say("您到了跟门口的同志说一声就行，他们帮您签到，不用您自己办。", Choice("我的活动", "我的活动"))
    event, words = await event_and_words(talk)
    if not words:
        return _show_list(talk, event, 1)
    if found := re.fullmatch(r"第(\d+)页", words):
        return _show_list(talk, event, int(found[1]))
    roll = attendance.roll(talk.tx, event.id)
    noted = Noted()
    last = 0
    for line in lines_meant(talk, roll, words, noted):
        last = line.number
        actor = actor_for(talk, event)
        at = said_at(talk)
        entry = attendance.check_in(talk.tx, event.id, line.person_id, "by_staff", actor, talk.now, said_at=at)
        if entry.is_new:
            noted.came.append(f"{line.number} {name_of(talk, line.person_id)}")
        else:
            noted.already.append(already_words(talk, entry))
    return tell(talk, event, noted.in_words("签到"), last)


async def undo(talk: Talk) -> None:
    """“撤销签到 3”: both rows stay, the second look counts."""
    event, words = await event_and_words(talk)
    words = words or await talk.ask("who", "撤销谁的签到？回名单上的号，或者姓名。", Text(at_most=100))
    noted = Noted()
    for line in lines_meant(talk, attendance.roll(talk.tx, event.id), words, noted):
        actor = actor_for(talk, event)
        if attendance.undo(talk.tx, event.id, line.person_id, actor, talk.now, said_at=said_at(talk)):
            noted.came.append(f"{line.number} {name_of(talk, line.person_id)}")
        else:
            noted.already.append(f"{name_of(talk, line.person_id)}本来就没有签到。")
    return tell(talk, event, noted.in_words("撤销"))


async def excuse(talk: Talk) -> None:
    """“请假 5”: told beforehand that they would not come. From a resident it is about themself."""
    if not _checks(talk):
        return await my_events.decline(talk)
    event, words = await event_and_words(talk)
    words = words or await talk.ask("who", "谁请假？回名单上的号，或者姓名。", Text(at_most=100))
    noted = Noted()
    for line in lines_meant(talk, attendance.roll(talk.tx, event.id), words, noted):
        actor = actor_for(talk, event)
        attendance.check_in(
            talk.tx, event.id, line.person_id, "by_staff", actor, talk.now, state="excused", said_at=said_at(talk)
        )
        noted.came.append(f"{line.number} {name_of(talk, line.person_id)}")
    return tell(talk, event, noted.in_words("请假"))


async def walk_in(talk: Talk) -> None:
    """“加人 王秀英 尾号1234”: came without signing up. Over capacity is said, and does not stop anyone at the door."""
    event, words = await event_and_words(talk)
    words = words or await talk.ask("who", "加谁？发姓名和手机尾号，比如：王秀英 1234。", Text(at_most=60))
    tail = found[1] if (found := re.search(r"(?:尾号)?\s*(\d{4}|1\d{10})\s*$", words)) else ""
    name = re.sub(r"(?:尾号)?\s*\d+\s*$", "", words).strip(" ，,、")
    known = [
        person for person in people.search(talk.tx, name) if person.name == name and (person.phone or "").endswith(tail)
    ]
    if len(known) > 1:
        options = {str(person.id): f"{person.name}　尾号 {(person.phone or '没留')[-4:]}" for person in known[:8]}
        chosen = int(await talk.ask(f"person: {name}", "是哪一位？", OneOf(options)))
    elif known:
        chosen = known[0].id
    else:
        adder = people.get(talk.tx, talk.person_id or 0)
        chosen = people.add_by_staff(talk.tx, name, tail if len(tail) == 11 else None, adder.id, talk.now)
    actor = actor_for(talk, event)
    entry = attendance.check_in(talk.tx, event.id, chosen, "by_staff", actor, talk.now, said_at=said_at(talk))
    text = f"加上了：{name}，签好了，请进。" if entry.is_new else already_words(talk, entry)
    came = attendance.attended(attendance.roll(talk.tx, event.id))
    if event.capacity is not None and came > event.capacity:
        text += f"\n名额 {event.capacity} 个，现在来了 {came} 位，座位要加。"
    return tell(talk, event, text)


async def head_count(talk: Talk) -> None:
    """“人数 9”: people counted on the spot who gave no name; a new number replaces the one before."""
    await _count(talk, "unnamed", "没记名的")


async def companions(talk: Talk) -> None:
    """“随行 3”: those who only came along."""
    await _count(talk, "companion", "随行的")


async def _count(talk: Talk, kind: str, what: str) -> None:
    event, words = await event_and_words(talk)
    number = numbers.read_count(words) if words else None
    if number is None:
        number = await talk.ask("number", f"清点到{what}几位？回一个数字。", Number(at_most=2000))
    actor = actor_for(talk, event)
    attendance.count_heads(talk.tx, event.id, kind, number, actor, talk.now, said_at=said_at(talk))
    tell(talk, event, f"记下了：{what} {number} 位。")


async def leave(talk: Talk) -> None:
    """“签退 3 7”: a volunteer goes home; the hours are measured."""
    event, words = await event_and_words(talk)
    words = words or await talk.ask("who", "谁先走？回名单上的号，或者姓名。", Text(at_most=100))
    noted = Noted()
    for line in lines_meant(talk, attendance.roll(talk.tx, event.id), words, noted):
        minutes = attendance.leave(talk.tx, event.id, line.person_id, actor_for(talk, event), talk.now)
        name = name_of(talk, line.person_id)
        if minutes is None:
            noted.already.append(f"{name}还没有签到。")
        else:
            noted.came.append(f"{line.number} {name}（{in_hours(minutes)}）")
    tell(talk, event, noted.in_words("签退"))


def in_hours(minutes: int) -> str:
    return f"{minutes / 60:g} 小时"


async def close(talk: Talk) -> None:
    """“结束签到”: attendance is complete, the event is held."""
    event, _ = await event_and_words(talk)
    actor = actor_for(talk, event)
    came, heads = attendance.attended(attendance.roll(talk.tx, event.id)), attendance.heads(talk.tx, event.id)
    if not await talk.confirm(
        f"《{event.title}》签到 {came} 位，另外清点 {heads} 位，一共 {came + heads} 人次，结束登记"
    ):
        return talk.say("好的，接着签。", Choice(f"签到 {event.id}号活动", "签到"))
    attendance.measure_rest(talk.tx, event.id, talk.now)
    try:
        events.close(talk.tx, event.id, actor, talk.now)
    except NobodyCame:
        reason = await talk.ask("reason", "一个人都没有签到。是什么原因？比如：下大雨。", Text(at_most=100))
        events.close(talk.tx, event.id, actor, talk.now, reason)
    return talk.say(f"《{event.title}》登记完了：{came + heads} 人次（签到 {came}，清点 {heads}）。辛苦了！")


def _checks(talk: Talk) -> bool:
    return roles.holding(*roles.CHECKERS)(talk.tx, talk.account, talk.now)


async def event_and_words(talk: Talk) -> tuple[Event, str]:
    """The event being checked just now, and what was said beside it. “12号活动” names one; else the only one."""
    words = talk.opening.text
    if found := re.match(r"(\d+)号活动\s*", words):
        event = events.get(talk.tx, int(found[1]))
        roles.must_reach(talk, event, roles.CHECKERS)
        return event, words[found.end() :]
    now = said_at(talk)
    begin, end = now - attendance.STAFF_UNTIL * 2, now + attendance.OPENS_BEFORE
    around = [
        event
        for event in events.between(talk.tx, begin, end)
        if event.ends_at + attendance.STAFF_UNTIL > now and _was_open(event, now)
    ]
    mine = {str(event.id): event for event in around if roles.role_for(talk, event, roles.CHECKERS)}
    if not mine:
        raise NothingToCheck
    if len(mine) == 1:
        return next(iter(mine.values())), words
    options = {key: f"{event.title}　{texts.moment(event.starts_at)}" for key, event in mine.items()}
    return mine[await talk.ask("event", "哪一场？", OneOf(options))], words


def said_at(talk: Talk) -> datetime:
    """When the words that began this were sent: what was typed while the network was down keeps its own time."""
    return min(talk.opening.at, talk.now)


def _was_open(event: Event, now: datetime) -> bool:
    return event.state == "published" or (event.closed_at is not None and now < event.closed_at)


def lines_meant(talk: Talk, roll: list[Line], words: str, noted: Noted) -> list[Line]:
    by_number = {line.number: line for line in roll}
    meant: list[Line] = []
    for part in re.split(r"[\s、，,;；]+", words.strip()):
        places = None if re.fullmatch(r"\d{4}|1\d{10}", part) else numbers.read_list(part)
        if places is not None:
            meant += [by_number[place] for place in places if place in by_number]
            noted.unknown += [str(place) for place in places if place not in by_number]
            continue
        found = {person.id for person in people.search(talk.tx, part)}
        lines = [line for line in roll if line.person_id in found]
        if len(lines) == 1:
            meant += lines
        elif lines:
            which = "、".join(f"{line.number} {name_of(talk, line.person_id)}" for line in lines)
            noted.unclear.append(f"“{part}”有几位：{which}。请回他们的号。")
        else:
            noted.unknown.append(part)
    return list({line.number: line for line in meant}.values())


def _show_list(talk: Talk, event: Event, page: int) -> None:
    roll = attendance.roll(talk.tx, event.id)
    expected = _expected(roll)
    pages = max(1, -(-len(expected) // _LINES_ON_A_PAGE))
    page = min(max(page, 1), pages)
    shown = expected[(page - 1) * _LINES_ON_A_PAGE : page * _LINES_ON_A_PAGE]
    lines = [_line(talk, line) for line in shown]
    choices = _to_tap(talk, event, shown, _ONE_TAP)
    if pages > 1:
        choices.append(Choice(f"签到 {event.id}号活动 第{page % pages + 1}页", f"下一页（{page}/{pages}）"))
    came = attendance.attended(roll)
    head = f"《{event.title}》应到 {len(expected)}，已签 {came}。\n"
    talk.say(head + "\n".join(lines or ["还没有人报名。"]))
    talk.say(
        "谁到了，回名单上的号，比如：3 7 12。没报名的回“加人 姓名”，清点的回“人数 9”，收尾回“结束签到”。",
        *choices,
        lines=f"签到 {event.id}号活动",
    )


def _line(talk: Talk, line: Line) -> str:
    person = people.find(talk.tx, line.person_id)
    name = name_of(talk, line.person_id) + (f"（{person.phone[-4:]}）" if person is not None and person.phone else "")
    if line.attendance is None:
        return f"{line.number}. {name}"
    return f"{line.number}. {_MARKS[line.attendance.state]} {name} {local(line.attendance.came_at):%H:%M}"


def _expected(roll: list[Line]) -> list[Line]:
    return [line for line in roll if line.sign_up_state != "waitlisted" or line.attendance]


def _to_tap(talk: Talk, event: Event, lines: list[Line], at_most: int) -> list[Choice]:
    missing = [line for line in lines if line.attendance is None][:at_most]
    return [
        Choice(f"签到 {event.id}号活动 {line.number}", f"{line.number} {name_of(talk, line.person_id)}到了")
        for line in missing
    ]


def tell(talk: Talk, event: Event, text: str, after: int = 0) -> None:
    """What was done, the sum, and the next on the list `after` this number: a tap for each while they come in turn."""
    roll = attendance.roll(talk.tx, event.id)
    in_turn = sorted(_expected(roll), key=lambda line: line.number <= after)
    heads = attendance.heads(talk.tx, event.id)
    summary = f"现在一共签到 {attendance.attended(roll)} 位" + (f"，清点 {heads} 位。" if heads else "。")
    talk.say(
        f"{text}\n{summary}",
        *_to_tap(talk, event, in_turn, _NEXT),
        Choice(f"签到 {event.id}号活动", "看名单"),
        Choice(f"结束签到 {event.id}号活动", "结束签到"),
        lines=f"签到 {event.id}号活动",
    )


def already_words(talk: Talk, entry: CheckIn) -> str:
    by = name_of(talk, entry.recorded_by) if entry.recorded_by is not None else ""
    helped = f"，{by}帮着记的" if by else ""
    return f"{name_of(talk, entry.person_id)} {local(entry.came_at):%H:%M} 已经签过到了{helped}。"


def name_of(talk: Talk, person_id: int | None) -> str:
    person = people.find(talk.tx, person_id)
    return "（已注销）" if person is None else person.name


def actor_for(talk: Talk, event: Event) -> Actor:
    return Actor(talk.person_id, roles.must_reach(talk, event, roles.CHECKERS), talk.account.channel)
