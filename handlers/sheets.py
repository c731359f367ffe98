"""Paper at the door: the list to be printed and signed, and a signed one typed in afterwards, line by line."""

import re
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta

from dialogue import texts
from dialogue.message import Choice
from dialogue.questions import OneOf, Text
from dialogue.talk import Talk
from handlers import roles
from handlers.check_in import Noted, actor_for, event_and_words, lines_meant, name_of
from storage import attendance, audit, events, exports, people
from storage.attendance import Line
from storage.audit import Actor
from storage.events import Event
from storage.times import at, local, local_date

_AT_MOST = 5  # choices of one question
_TIME = re.compile(r"\s*(\d{1,2})\s*[:：点]\s*(\d{1,2})?分?\s*(.*)", re.DOTALL)


@dataclass
class _Sheet:
    """What was read off the paper, and what could not be taken as it stands there."""

    came: dict[int, tuple[Line, datetime]] = field(default_factory=dict)  # by person
    conflicts: list[str] = field(default_factory=list)


async def print_out(talk: Talk) -> None:
    """“签到表”, “签到表 12”: with the names in full, as who checks in reads them in the chat anyway, and no phones."""
    event = await _to_print(talk)
    if event is None:
        return talk.say("这两周没有您管签到的活动。要哪一场，说编号，比如“签到表 12”。")
    actor = Actor(talk.person_id, roles.must_reach(talk, event, roles.CHECKERS), talk.account.channel)
    day, person = local_date(event.starts_at).isoformat(), people.find(talk.tx, talk.person_id)
    wanted = {"report": "attendance_sheet", "event": event.id, "from": day, "to": day, "subject": event.title}
    wanted |= {"format": "pdf", "blank": event.state == "published"}
    wanted |= {"unmasked": None if person is None else person.name}
    export_id = exports.ask(talk.tx, "report", wanted, talk.person_id, talk.account.id, talk.now)
    about = {"report": "attendance_sheet", "event": event.id, "masked": person is None}
    audit.note(talk.tx, actor, "report.export", f"export {export_id}", talk.now, after=about, reason="打印签到表")
    return talk.say(f"《{event.title}》的签到表正在做，好了马上发给您。散了以后照着纸回“补录”就行。")


async def _to_print(talk: Talk) -> Event | None:
    if found := re.search(r"\d+", talk.opening.text):
        return events.get(talk.tx, int(found[0]))
    begin, end = talk.now - timedelta(days=1), talk.now + timedelta(days=14)
    near = [event for event in events.between(talk.tx, begin, end) if event.state in ("published", "held")]
    mine = {str(event.id): event for event in near if roles.role_for(talk, event, roles.CHECKERS)}
    if len(mine) < 2:
        return next(iter(mine.values()), None)
    options = {key: f"{event.title}　{texts.moment(event.starts_at)}" for key, event in list(mine.items())[:_AT_MOST]}
    return mine[await talk.ask("event", "打印哪一场的？", OneOf(options))]


async def type_in(talk: Talk) -> None:
    """“补录”, “补录 8:50 1 3 5”: one line for each time."""
    event, words = await event_and_words(talk)
    example = f"{local(event.starts_at):%H:%M} 1 3 5"
    prompt = f"照着纸上发给我，一行一个时间，比如：\n{example}\n不写时间，就记活动开始的时间。"
    words = words or await talk.ask("sheet", prompt, Text(at_most=1500))
    actor = actor_for(talk, event)
    sheet = _read(talk, event, words)
    taken = []
    for line, came_at in sheet.came.values():
        entry = attendance.check_in(
            talk.tx, event.id, line.person_id, "from_sheet", actor, talk.now, came_at=came_at, said_at=talk.now
        )
        if entry.is_new:
            taken.append(f"{line.number} {name_of(talk, line.person_id)} {local(came_at):%H:%M}")
        elif entry.came_at != came_at:
            by = f"，{name_of(talk, entry.recorded_by)}记的" if entry.recorded_by is not None else ""
            sheet.conflicts.append(
                f"{line.number} {name_of(talk, line.person_id)}：{local(entry.came_at):%H:%M} 已经签过{by}，"
                f"纸上是 {local(came_at):%H:%M}，没有改"
            )
    parts = [f"补录了 {len(taken)} 位" + (f"：{'、'.join(taken)}。" if taken else "。")]
    if sheet.conflicts:
        parts.append("这些对不上，请看一看：\n" + "\n".join(f"{conflict}。" for conflict in sheet.conflicts))
    came = attendance.attended(attendance.roll(talk.tx, event.id))
    parts.append(f"现在一共签到 {came} 位。")
    talk.say("\n".join(parts), Choice(f"签到 {event.id}号活动", "看名单"), Choice("补录", "接着补"))


def _read(talk: Talk, event: Event, words: str) -> _Sheet:
    """Nothing is dropped in silence: what cannot be taken is a conflict, in the words of the paper."""
    sheet = _Sheet()
    roll = attendance.roll(talk.tx, event.id)
    for row in words.splitlines():
        came_at, rest = _time_of(event, row)
        if not rest.strip():
            continue
        if came_at is None or not event.starts_at - attendance.OPENS_BEFORE <= came_at <= min(event.ends_at, talk.now):
            sheet.conflicts.append(f"“{row.strip()}”：这个时间不在活动里")
            continue
        noted = Noted()
        for line in lines_meant(talk, roll, rest, noted):
            known = sheet.came.get(line.person_id)
            if known is not None and known[1] != came_at:
                times = f"{local(known[1]):%H:%M} 和 {local(came_at):%H:%M}"
                sheet.conflicts.append(f"{line.number} {name_of(talk, line.person_id)}：纸上有 {times}，记了前一个")
            else:
                sheet.came[line.person_id] = line, came_at
        sheet.conflicts += [f"“{unknown}”：名单上没有，没报名的回“加人”" for unknown in noted.unknown]
        sheet.conflicts += [unclear.rstrip("。") for unclear in noted.unclear]
    return sheet


def _time_of(event: Event, row: str) -> tuple[datetime | None, str]:
    """The time written in front, on the day of the event, and the rest of the line."""
    found = _TIME.fullmatch(row)
    if found is None:
        return event.starts_at, row
    hour, minute = int(found[1]), int(found[2] or 0)
    if hour > 23 or minute > 59:
        return None, found[3]
    written = at(local_date(event.starts_at), time(hour, minute))
    # On paper an afternoon's “2:40” has no 下午 beside it.
    if hour < 12 and written < event.starts_at - attendance.OPENS_BEFORE:
        later = at(local_date(event.starts_at), time(hour + 12, minute))
        written = later if later <= event.ends_at else written
    return written, found[3]
