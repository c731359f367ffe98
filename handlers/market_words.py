"""How stalls and queue numbers are spoken of, in cards, reminders and notices alike."""

from collections.abc import Iterable
from datetime import datetime

from dialogue import texts
from storage import markets, queue_numbers
from storage.database import Transaction
from storage.markets import Stall
from storage.queue_numbers import QueueNumber


def stalls(tx: Transaction, event_id: int) -> list[str]:
    """A line for the card of a market; none for an event without stalls."""
    found = [_stall(each) for each in markets.of_event(tx, event_id) if each.closed_at is None]
    return [f"摊位：{'、'.join(found)}。"] if found else []


def turn(entry: QueueNumber) -> str:
    """“义诊（大厅）上午9点20分” or “理发（一号桌）8 号”."""
    when = f"{texts.clock(entry.starts_at)}，" if entry.starts_at else ""
    return f"{entry.stall}（{entry.place}）{when}{entry.number} 号"


def turns(entries: Iterable[QueueNumber]) -> str:
    """All that one person has at a market, as a sentence to add; empty for nothing."""
    found = "；".join(turn(entry) for entry in entries)
    return f"您约的摊位：{found}。" if found else ""


def waits(tx: Transaction, entry: QueueNumber, now: datetime) -> str:
    """Where a number stands in its line; before its slot begins nobody is called."""
    if entry.state == "called":
        return "轮到您了，请过去"
    if entry.state == "skipped":
        return "叫过您了，您没在"
    if entry.starts_at is not None and entry.starts_at > now and entry.back_at is None:
        return "到时候叫您"
    before = queue_numbers.ahead(tx, entry)
    return f"前面还有 {before} 位" if before else "下一个就是您"


def _stall(stall: Stall) -> str:
    return f"{stall.name}（{stall.place}{'，分时段' if stall.has_slots else ''}）"
