"""The check-in desk: big rows, found by pinyin or the end of a phone number, for several helpers at once."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from starlette.responses import Response

from bot.console import namesakes
from bot.console.access import CHECKERS
from bot.console.events import seen
from bot.console.visit import Visit
from handlers import own_code
from storage import attendance, events, people, person_keys
from storage.attendance import CheckIn, Line
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event
from storage.refusals import NobodyCame
from storage.times import local

_MAY_CORRECT = ("point_lead", "district_staff")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the list: the name in full, as helpers at the door need it, and of the phone no more than its end."""

    line: Line
    name: str
    tail: str
    by: str  # who noted it

    @property
    def state(self) -> str:
        return "" if self.line.attendance is None else self.line.attendance.state


@dataclass(frozen=True, slots=True)
class Roll:
    event: Event
    rows: list[Row]
    shown: list[Row]
    heads: int
    mark: str  # changes with whatever is to be seen

    @property
    def came(self) -> int:
        return sum(row.state == "attended" for row in self.rows)

    @property
    def expected(self) -> int:
        return sum(row.line.sign_up_state in events.TAKEN for row in self.rows)


def read_roll(tx: Transaction, visit: Visit, words: str = "") -> Roll:
    """The list, with the lines that `words` may mean."""
    event = seen(tx, visit.staff, visit.path_number())
    visit.staff.acting_on(event, CHECKERS)
    rows, shown = [], []
    helpers: dict[int, str] = {}
    for line in attendance.roll(tx, event.id):
        person = people.find(tx, line.person_id)
        noted_by = line.attendance.recorded_by if line.attendance else None
        if noted_by is not None and noted_by not in helpers:
            helper = people.find(tx, noted_by)
            helpers[noted_by] = helper.name if helper else ""
        name, phone = (person.name, person.phone) if person else ("（已注销）", None)
        row = Row(line, name, (phone or "")[-4:], helpers.get(noted_by or 0, ""))
        rows.append(row)
        if is_meant(row, phone, words):
            shown.append(row)
    heads = attendance.heads(tx, event.id)
    stand = [(row.line.number, row.state, row.name) for row in rows]
    mark = hashlib.sha256(repr((stand, heads, event.state, words)).encode()).hexdigest()[:16]
    return Roll(event, rows, shown, heads, mark)


def is_meant(row: Row, phone: str | None, words: str) -> bool:
    """Whether `words` are, or begin, the number, the name, its pinyin or initials, or the end of the phone."""
    said = words.strip().lower()
    if not said:
        return True
    if said.isdecimal() and len(said) < 4:
        return said == str(row.line.number) or row.tail.startswith(said)
    if said in row.name.lower():
        return True
    return any(word.startswith(said) for kind, word in person_keys.of(row.name, phone) if kind != "surname")


async def desk(visit: Visit) -> Response:
    roll = await visit.read(read_roll, visit, visit.asked("q", 40))
    return visit.page("desk.html", **_parts(visit, roll, visit.asked("q", 40)))


async def roll_part(visit: Visit) -> Response:
    """The list alone. 204 for whoever has it already: the desks ask every few seconds."""
    words = visit.asked("q", 40)
    roll = await visit.read(read_roll, visit, words)
    if visit.asked("mark", 16) == roll.mark:
        return Response(status_code=204)
    return visit.part("desk_roll.html", **_parts(visit, roll, words), note="")


async def note(visit: Visit) -> Response:
    """`what`: came, excused, absent or undo, of `person`."""
    event_id, person_id, what = visit.path_number(), visit.number("person") or 0, visit.text("what", 10)

    def work(tx: Transaction) -> str:
        event = seen(tx, visit.staff, event_id)
        actor = visit.staff.acting_on(event, CHECKERS)
        if what == "undo":
            undone = attendance.undo(tx, event_id, person_id, actor, visit.now)
            return f"{_name(tx, person_id)}的签到撤销了。" if undone else f"{_name(tx, person_id)}本来就没有签到。"
        state = {"excused": "excused", "absent": "absent"}.get(what, "attended")
        entry = _check_in(tx, visit, event, person_id, actor, state)
        return _said(tx, entry)

    return await _answer(visit, await visit.write(work))


async def enter(visit: Visit) -> Response:
    """Enter in the search box: notes the one who is meant, when it is one, or whose code was scanned into it."""
    words = visit.text("q", 60)

    def work(tx: Transaction) -> str:
        if words.startswith(own_code.BEGINS):
            return _scanned(tx, visit, words)
        roll = read_roll(tx, visit, words)
        waiting = [row for row in roll.shown if row.state != "attended"]
        if len(waiting) != 1:
            return "要剩一个人，才能按回车签到。" if roll.shown else f"名单上没有“{words}”。没报名的在下面加。"
        actor = visit.staff.acting_on(roll.event, CHECKERS)
        return _said(tx, _check_in(tx, visit, roll.event, waiting[0].line.person_id, actor))

    return await _answer(visit, await visit.write(work))


def _scanned(tx: Transaction, visit: Visit, code: str) -> str:
    event = seen(tx, visit.staff, visit.path_number())
    actor = visit.staff.acting_on(event, CHECKERS)
    person_id = own_code.person_of(tx, code, visit.now)
    method = "qr" if visit.now <= event.ends_at else "by_staff"  # afterwards it is staff who say so
    return _said(tx, _check_in(tx, visit, event, person_id, actor, method=method))


async def walk_in(visit: Visit) -> Response:
    """Someone who did not sign up: found among the registered, or added with a name and, if given, a phone."""
    event_id, name, phone = visit.path_number(), visit.text("name", 20), visit.text("phone", 20)
    chosen = visit.number("person")

    def work(tx: Transaction) -> tuple[str, list[tuple[int, str]]]:
        event = seen(tx, visit.staff, event_id)
        actor = visit.staff.acting_on(event, CHECKERS)
        if chosen is not None:
            return _said(tx, _check_in(tx, visit, event, chosen, actor)), []
        if not name:
            return "请写姓名。", []
        person_id, options = namesakes.meant(tx, name, phone, visit.staff.person_id, visit.now)
        if person_id is None:
            return "有几位同名，点一位：", options
        return _said(tx, _check_in(tx, visit, event, person_id, actor)), []

    said, options = await visit.write(work)
    if options:
        roll = await visit.read(read_roll, visit)
        return visit.page("desk.html", **{**_parts(visit, roll, ""), "options": options, "said": said})
    return await _answer(visit, said)


async def count(visit: Visit) -> Response:
    """People counted on the spot who gave no name, or only came along; a new number replaces the one before."""
    event_id, kind = visit.path_number(), visit.text("kind", 12)
    number = visit.number("number")
    if number is None or number > 2000 or kind not in ("unnamed", "companion"):
        return await _answer(visit, "请填一个数，最多 2000。")

    def work(tx: Transaction) -> None:
        event = seen(tx, visit.staff, event_id)
        attendance.count_heads(tx, event_id, kind, number, visit.staff.acting_on(event, CHECKERS), visit.now)

    await visit.write(work)
    return await _answer(visit, f"记下了：{'随行的' if kind == 'companion' else '没记名的'} {number} 位。")


async def close(visit: Visit) -> Response:
    """Attendance is complete. With nobody there it needs a reason."""
    event_id, reason = visit.path_number(), visit.text("reason", 100)

    def work(tx: Transaction) -> bool:
        event = seen(tx, visit.staff, event_id)
        try:
            events.close(tx, event_id, visit.staff.acting_on(event, CHECKERS), visit.now, reason or None)
        except NobodyCame:
            return False
        return True

    if not await visit.write(work):
        return visit.goes_to(f"/console/events/{event_id}/desk?said=一个人都没有签到。真没有人来，请写明原因再结束。")
    return visit.goes_to(f"/console/events/{event_id}?said=登记完了，辛苦了！")


def _check_in(
    tx: Transaction,
    visit: Visit,
    event: Event,
    person_id: int,
    actor: Actor,
    state: str = "attended",
    method: str = "by_staff",
) -> CheckIn:
    reason = visit.text("reason", 100) or None
    may_correct = visit.staff.role_for(event, _MAY_CORRECT) is not None
    return attendance.check_in(
        tx,
        event.id,
        person_id,
        method,
        actor,
        visit.now,
        state=state,
        reason=reason if is_late(event, visit.now) else None,
        may_correct=may_correct,
    )


def is_late(event: Event, now: datetime) -> bool:
    """Whether only a point lead may still note something, with a reason."""
    return event.state == "held" or now > event.ends_at + attendance.STAFF_UNTIL


def _said(tx: Transaction, entry: CheckIn) -> str:
    name = _name(tx, entry.person_id)
    if entry.state != "attended":
        return f"{name}，记成{'请假' if entry.state == 'excused' else '未到'}了。"
    if entry.is_new:
        return f"{name}，签好了，请进。"
    by = f"，{_name(tx, entry.recorded_by)}帮着记的" if entry.recorded_by is not None else ""
    return f"{name} {local(entry.came_at):%H:%M} 已经签过到了{by}。"


def _name(tx: Transaction, person_id: int | None) -> str:
    person = people.find(tx, person_id)
    return person.name if person else "（已注销）"


async def _answer(visit: Visit, said: str) -> Response:
    """The list as it is now, with what was done; for browsers without scripts the whole page."""
    roll = await visit.read(read_roll, visit)
    if not visit.is_partial:
        return visit.page("desk.html", **{**_parts(visit, roll, ""), "said": said})
    return visit.part("desk_roll.html", **_parts(visit, roll, ""), note=said)


def _parts(visit: Visit, roll: Roll, words: str) -> dict[str, object]:
    return {
        "roll": roll,
        "event": roll.event,
        "words": words,
        "options": [],
        "opens_at": roll.event.starts_at - attendance.OPENS_BEFORE,
        "is_early": visit.now < roll.event.starts_at - attendance.OPENS_BEFORE,
        "is_late": is_late(roll.event, visit.now),
        "may_correct": visit.staff.role_for(roll.event, _MAY_CORRECT) is not None,
    }
