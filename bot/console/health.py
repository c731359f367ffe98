"""How the program is doing: what waits to be sent, what did not arrive, and whether sending is held back."""

from datetime import timedelta

from starlette.responses import Response

from bot.console.access import DISTRICT
from bot.console.visit import Visit
from storage import missed, sending, vitals
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


async def page(visit: Visit) -> Response:
    """?chain=yes also looks whether the audit log is as it was written, which takes a while."""

    def look(tx: Transaction) -> dict[str, object]:
        seen = vitals.look(tx, visit.now)
        return {
            "is_paused": sending.is_paused(tx),
            "late_by": int(seen.late_by.total_seconds() // 60),
            "set_aside": sum(seen.set_aside.values()),
            "states": [(STATES.get(state, state), count) for state, count in sorted(seen.states.items())],
            "lost": missed.between(tx, visit.now - timedelta(days=7), visit.now, at_most=100),
            "labels": STATES,
            "chain": visit.asked("chain", 3),
            "broken": first_broken(tx) if visit.asked("chain", 3) == "yes" else None,
        }

    return visit.page("health.html", **await visit.read(look))


async def release(visit: Visit) -> Response:
    def work(tx: Transaction) -> int | None:
        return sending.release(tx, visit.staff.actor(visit.staff.first_of(DISTRICT)), visit.now)

    waiting = await visit.write(work)
    visit.wake()
    said = "本来就没有停。" if waiting is None else f"放开了，有 {waiting} 条等着发；过了时候的不会再发。"
    return visit.goes_to(f"/console/health?said={said}")
