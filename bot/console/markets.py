"""The stalls of a market at the console: whose turn it is at each, live, and what is done about it there."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from starlette.responses import Response

from bot.console.access import CHECKERS, ORGANISERS
from bot.console.events import seen
from bot.console.visit import Visit
from handlers.market_desk import CALLED_ALREADY, call_next, close_stall
from handlers.stall_forms import LENGTHS, slots_between
from storage import attendance, markets, people, queue_numbers
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event
from storage.markets import Slot, Stall, StallDraft
from storage.queue_numbers import QueueNumber
from storage.refusals import NotFound
from storage.times import at, local_date

_MOST_SHOWN = 8  # of those who wait, at each stall


@dataclass(frozen=True, slots=True)
class Turn:
    """Who has a number; `is_missing` says that the door is open and has not noted them."""

    entry: QueueNumber
    name: str
    is_missing: bool


@dataclass(frozen=True, slots=True)
class Counter:
    """A stall as whoever stands there needs it."""

    stall: Stall
    current: Turn | None
    waiting: list[Turn]
    more: int
    skipped: list[Turn]
    slots: list[Slot]


@dataclass(frozen=True, slots=True)
class Market:
    event: Event
    counters: list[Counter]
    mark: str  # changes with whatever is to be seen


def read_market(tx: Transaction, visit: Visit) -> Market:
    event = seen(tx, visit.staff, visit.path_number())
    visit.staff.acting_on(event, CHECKERS)
    here = {entry.person_id for entry in attendance.of_event(tx, event.id) if entry.state == "attended"}
    is_open = visit.now >= event.starts_at - attendance.OPENS_BEFORE

    def turn(entry: QueueNumber) -> Turn:
        person = people.find(tx, entry.person_id)
        return Turn(entry, person.name if person else "（已注销）", is_open and entry.person_id not in here)

    counters = []
    for stall in markets.of_event(tx, event.id):
        stand = queue_numbers.standing(tx, stall.id)
        current = turn(stand.current) if stand.current else None
        waiting = [turn(entry) for entry in stand.waiting[:_MOST_SHOWN]]
        skipped = [turn(entry) for entry in queue_numbers.skipped(tx, stall.id)]
        more = len(stand.waiting) - len(waiting)
        counters.append(Counter(stall, current, waiting, more, skipped, markets.slots(tx, stall.id)))
    mark = hashlib.sha256(repr((counters, event.state)).encode()).hexdigest()[:16]
    return Market(event, counters, mark)


async def board(visit: Visit) -> Response:
    market = await visit.read(read_market, visit)
    return visit.page("market.html", **_parts(visit, market), lengths=LENGTHS)


async def board_part(visit: Visit) -> Response:
    """The stalls alone. 204 for whoever has them already: the screens ask every few seconds."""
    market = await visit.read(read_market, visit)
    if visit.asked("mark", 16) == market.mark:
        return Response(status_code=204)
    return visit.part("market_board.html", **_parts(visit, market), note="")


async def call(visit: Visit) -> Response:
    """`what`: next or skip, after the number that stands on the screen: a second tap calls nobody."""
    after, skips = visit.number("after") or 0, visit.text("what", 4) == "skip"

    def work(tx: Transaction) -> str:
        event, stall, actor = _at(tx, visit)
        called = call_next(tx, stall, event, after, actor, visit.now, skips=skips)
        if not called.is_new:
            return CALLED_ALREADY
        if called.current is None:
            return f"{stall.name}现在没有人等了。"
        return f"{stall.name}叫 {called.current.number} 号。"

    return await _answer(visit, work)


async def come_back(visit: Visit) -> Response:
    """Whose number was skipped is here now: called next."""

    def work(tx: Transaction) -> str:
        _, stall, _ = _at(tx, visit)
        number = visit.number("number") or 0
        if number not in {entry.id for entry in queue_numbers.skipped(tx, stall.id)}:
            raise NotFound("号")
        return f"{queue_numbers.come_back(tx, number, visit.now).number} 号接上了，下一个就叫。"

    return await _answer(visit, work)


async def shut(visit: Visit) -> Response:
    """`what`: close, which those who wait are told, or open."""

    def work(tx: Transaction) -> str:
        event, stall, actor = _at(tx, visit)
        if visit.text("what", 5) == "open":
            markets.reopen(tx, stall.id, actor, visit.now)
            return f"“{stall.name}”又开了。"
        told = close_stall(tx, stall, event, actor, visit.now)
        return f"“{stall.name}”收摊了" + (f"，告诉了还等着的 {told} 位。" if told else "。")

    return await _answer(visit, work)


async def take_for(visit: Visit) -> Response:
    """A number for somebody without a phone, by their number on the list."""
    line_number, slot_id = visit.number("line"), visit.number("slot")

    def work(tx: Transaction) -> str:
        event, stall, actor = _at(tx, visit)
        line = next((line for line in attendance.roll(tx, event.id) if line.number == line_number), None)
        if line is None:
            return "名单上没有这个号。"
        if stall.has_slots and slot_id is None:
            return f"“{stall.name}”分时段，请选一个时段。"
        slot = slot_id if stall.has_slots else None
        entry, is_new = queue_numbers.take(tx, stall.id, line.person_id, actor, visit.now, slot)
        return f"名单上 {line.number} 号的，{'拿到' if is_new else '已经有'}{stall.name} {entry.number} 号。"

    return await _answer(visit, work)


async def add(visit: Visit) -> Response:
    """One more stall, with a queue or with slots."""
    name, place, how = visit.text("name", 30), visit.text("place", 40), visit.text("how", 5)
    most, places = visit.number("most"), visit.number("places")
    minutes = visit.text("length", 3)

    def work(tx: Transaction) -> str:
        event = seen(tx, visit.staff, visit.path_number())
        actor = visit.staff.acting_on(event, ORGANISERS)
        if not name or not place:
            return "摊位办什么、摆在哪儿，都要写。"
        draft = StallDraft(name, place, most=most or None)
        if how == "slots":
            day = local_date(event.starts_at)
            begins, ends = _clock(day, visit.text("begins", 5)), _clock(day, visit.text("ends", 5))
            if begins is None or ends is None or not event.starts_at <= begins < ends <= event.ends_at:
                return "时段要在活动的时间里面，结束晚于开始。"
            if minutes not in LENGTHS or not places or places > 500:
                return "请选每段多长，写每段几位。"
            span = begins - event.starts_at, ends - event.starts_at
            draft = StallDraft(name, place, slots_between(*span, timedelta(minutes=int(minutes)), places))
        markets.add(tx, event.id, draft, actor, visit.now)
        return f"加好了：{name}，{place}。"

    said = await visit.write(work)
    return visit.goes_to(f"/console/events/{visit.path_number()}/stalls?said={said}")


def _at(tx: Transaction, visit: Visit) -> tuple[Event, Stall, Actor]:
    """The stall of the address, which must be one of this event's. Raises `NotFound`, `NotAllowed`."""
    event = seen(tx, visit.staff, visit.path_number())
    actor = visit.staff.acting_on(event, CHECKERS)
    stall = markets.get(tx, visit.number("stall") or 0)
    if stall.event_id != event.id:
        raise NotFound("摊位")
    return event, stall, actor


async def _answer(visit: Visit, work: Callable[[Transaction], str]) -> Response:
    """The stalls as they are now, with what was done; for browsers without scripts the whole page.

    What `work` says names nobody: there it travels in an address, and addresses are logged.
    """
    said = await visit.write(work)
    visit.wake()
    if not visit.is_partial:
        return visit.goes_to(f"/console/events/{visit.path_number()}/stalls?said={said}")
    return visit.part("market_board.html", **_parts(visit, await visit.read(read_market, visit)), note=said)


def _parts(visit: Visit, market: Market) -> dict[str, object]:
    may_add = visit.staff.role_for(market.event, ORGANISERS) is not None
    return {"market": market, "event": market.event, "may_add": may_add}


def _clock(day: date, text: str) -> datetime | None:
    try:
        return at(day, time.fromisoformat(text))
    except ValueError:
        return None
