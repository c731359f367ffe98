"""The call list: whom to phone because no message reaches them, and what came of it."""

from starlette.responses import Response

from bot.console.access import CALLERS, Staff
from bot.console.visit import Visit
from dialogue.message import decoded
from handlers import notices
from storage import call_list, events
from storage.call_list import Entry, Result
from storage.database import Transaction
from storage.events import Event
from storage.refusals import NotAllowed

RESULTS: dict[str, tuple[Result, str]] = {
    "told": ("told", "已告知"),
    "no_answer": ("no_answer", "无人接听"),
    "not_coming": ("not_coming", "不来"),
}
WHY = {
    "no_account": "没有聊天账号",
    "unreachable": "消息发不过去",
    "stopped": "不收消息",
    "waiting": "要等本人来看，才收得到消息",
    "expired": "消息没能及时送到",
    "refused": "消息没送到",
    "unknown": "不知道消息到了没有",
    "silent": "问了没有回音",
}


def role_for(tx: Transaction, staff: Staff, entry: Entry) -> str | None:
    """The role in which they may phone: nobody sees the list of another point (care.md P31)."""
    if entry.event_id is not None:
        return staff.role_for(events.get(tx, entry.event_id), CALLERS)
    for grant in staff.grants:
        if grant.role == "district_staff" or (grant.role == "point_lead" and grant.point_id == entry.point_id):
            return grant.role
    return None


def of(tx: Transaction, visit: Visit) -> list[Entry]:
    return [entry for entry in call_list.to_call(tx, visit.now) if role_for(tx, visit.staff, entry) is not None]


async def listing(visit: Visit) -> Response:
    return visit.page("calls.html", **await visit.read(_look, visit))


async def note(visit: Visit) -> Response:
    """What came of a call; `不来` gives the seat to whoever waits."""
    entry_id = visit.path_number()
    result, label = RESULTS.get(visit.text("result", 12), RESULTS["no_answer"])

    def work(tx: Transaction) -> str:
        entry = call_list.get(tx, entry_id)
        role = role_for(tx, visit.staff, entry)
        if role is None:
            raise NotAllowed("点长")
        promotions = call_list.note(tx, entry_id, result, visit.staff.actor(role), visit.now)
        notices.promoted(tx, promotions, visit.now)
        return "座位让给候补的了，会有消息告诉他们。" if promotions else ""

    also = await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/calls?said=记下了：{label}。{also}")


def _look(tx: Transaction, visit: Visit) -> dict[str, object]:
    entries = of(tx, visit)
    known: dict[int, Event] = {}
    for entry in entries:
        if entry.event_id is not None and entry.event_id not in known:
            known[entry.event_id] = events.get(tx, entry.event_id)
    told = {entry.id: [decoded(notice).text for notice in entry.notices] for entry in entries}
    return {"entries": entries, "events": known, "told": told, "why": WHY, "results": RESULTS}
