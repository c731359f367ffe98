"""补录: a paper list typed in afterwards, each with the time written beside it; what does not fit is listed."""

import re
from dataclasses import dataclass, field
from datetime import datetime, time

from dialogue.message import Choice
from dialogue.questions import Text
from dialogue.talk import Talk
from handlers.check_in import Noted, actor_for, event_and_words, lines_meant, name_of
from storage import attendance
from storage.attendance import Line
from storage.events import Event
from storage.times import at, local, local_date

_TIME = re.compile(r"\s*(\d{1,2})\s*[:：点]\s*(\d{1,2})?分?\s*(.*)", re.DOTALL)


@dataclass
class _Sheet:
    """What was read off the paper, and what could not be taken as it stands there."""

    came: dict[int, tuple[Line, datetime]] = field(default_factory=dict)  # by person
    conflicts: list[str] = field(default_factory=list)


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
