"""Messages that reached nobody, with why: who must be phoned, and what a channel did not take."""

from datetime import timedelta

from starlette.responses import Response

from bot.console.visit import Visit
from storage import missed
from storage.database import Transaction
from storage.missed import Missed

PERIODS = {1: "今天和昨天", 7: "七天", 30: "三十天", 90: "九十天"}
STATES = {"refused": "平台没收", "unreachable": "联系不上", "expired": "过时没发", "unknown": "不知到没到"}
STATES |= {"superseded": "本人不收消息"}
KINDS = {
    "reminder": "提醒",
    "change": "变动",
    "promotion": "排到了",
    "need": "难处的回音",
    "alert": "提醒工作人员",
    "broadcast": "群发",
    "emergency": "紧急通知",
    "answer": "回答",
}
_MOST_SHOWN = 300


async def page(visit: Visit) -> Response:
    """?days=30&state=unreachable&kind=broadcast"""
    days = visit.asked_number("days") or 7
    days = days if days in PERIODS else 7
    state, kind = visit.asked("state", 16), visit.asked("kind", 16)
    begins = visit.now - timedelta(days=days)

    def look(tx: Transaction) -> tuple[dict[tuple[str, str], int], list[Missed]]:
        shown = missed.newest(tx, begins, visit.now, state, kind, at_most=_MOST_SHOWN)
        return missed.tallies(tx, begins, visit.now), shown

    found, shown = await visit.read(look)
    return visit.page(
        "undelivered.html",
        shown=shown,
        count=sum(number for (end, of), number in found.items() if state in ("", end) and kind in ("", of)),
        total=sum(found.values()),
        by_state=[(key, label, _number(found, key)) for key, label in STATES.items()],
        days=days,
        state=state,
        kind=kind,
        periods=PERIODS,
        states=STATES,
        kinds=KINDS,
    )


def _number(found: dict[tuple[str, str], int], state: str) -> int:
    return sum(number for (end, _), number in found.items() if end == state)
