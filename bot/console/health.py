"""How the program is doing: what waits to be sent, what did not arrive, the channels, the last backup."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from starlette.responses import Response

from bot.console.access import DISTRICT
from bot.console.visit import Visit
from bot.health import SILENT_TOO_LONG
from dialogue.texts import moment
from handlers.audiences import CHANNELS
from storage import missed, sending, standing, vitals
from storage.audit import first_broken
from storage.database import Transaction

STATES = {
    "planned": "等着发",
    "waiting": "等本人来看",
    "sending": "正在发",
    "delivered": "送到了",
    "refused": "平台没收",
    "unreachable": "联系不上",
    "expired": "过时没发",
    "superseded": "用不着发了",
    "unknown": "不知到没到",
}


_UNNOTED = timedelta(minutes=5)  # the worker that leads writes down every minute how things stand
_BACKUP_TOO_OLD = timedelta(hours=30)  # one is made each night, by eight in the morning


@dataclass(frozen=True, slots=True)
class State:
    """A thing that is watched, how it is in words, and whether somebody must look after it."""

    label: str
    words: str
    is_well: bool


async def page(visit: Visit) -> Response:
    """?chain=yes also looks whether the audit log is as it was written, which takes a while."""

    def look(tx: Transaction) -> dict[str, object]:
        seen = vitals.look(tx, visit.now)
        return {
            "is_paused": sending.is_paused(tx),
            "late_by": int(seen.late_by.total_seconds() // 60),
            "set_aside": sum(seen.set_aside.values()),
            "queue": sum(seen.states.get(state, 0) for state in ("planned", "sending", "waiting")),
            "watched": _watched(tx, visit.now),
            "states": [(STATES.get(state, state), count) for state, count in sorted(seen.states.items())],
            "lost": missed.between(tx, visit.now - timedelta(days=7), visit.now, at_most=100),
            "labels": STATES,
            "chain": visit.asked("chain", 3),
            "broken": first_broken(tx) if visit.asked("chain", 3) == "yes" else None,
        }

    return visit.page("health.html", **await visit.read(look))


def _watched(tx: Transaction, now: datetime) -> Sequence[State]:
    """The channels and the backup, as the worker that leads last wrote them down."""
    found = standing.last(tx)
    if found is None or now - found.at > _UNNOTED:
        since = "还没有开始" if found is None else f"从{moment(found.at)}起没有动静"
        return [State("收发消息", f"{since}，请告诉管机器的同志", is_well=False)]
    states = []
    for name, heard in found.heard.items():
        is_well = heard is None or found.at - heard <= SILENT_TOO_LONG
        words = "开着" if heard is None else "通着" if is_well else f"从{moment(heard)}起没有回音"
        states.append(State(CHANNELS[name], words, is_well))
    if not found.backs_up:
        return [*states, State("备份", "由 PostgreSQL 自己的备份来做", is_well=True)]
    made = found.backup_at
    words = "还没有做过，今天夜里会做" if made is None else f"最近一次是{moment(made)}"
    return [*states, State("备份", words, is_well=made is not None and now - made <= _BACKUP_TOO_OLD)]


async def release(visit: Visit) -> Response:
    def work(tx: Transaction) -> int | None:
        return sending.release(tx, visit.staff.actor(visit.staff.first_of(DISTRICT)), visit.now)

    waiting = await visit.write(work)
    visit.wake()
    said = "本来就没有停。" if waiting is None else f"放开了，有 {waiting} 条等着发；过了时候的不会再发。"
    return visit.goes_to(f"/console/health?said={said}")
