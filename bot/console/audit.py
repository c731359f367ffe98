"""The audit log, a day at a time, the newest first."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from bot.console.visit import Visit
from handlers.roles import TITLES
from reports.acts import act_in_words, facts_in_words, thing_in_words
from storage import audit, people
from storage.audit import Act
from storage.database import Transaction
from storage.times import day_ends, day_starts, local_date

_ON_A_PAGE = 200


@dataclass(frozen=True, slots=True)
class Shown:
    act: Act
    by: str
    what: str
    about: str
    before: str
    after: str


async def listing(visit: Visit) -> Response:
    """?day=2026-12-08&action=职务"""
    day = visit.asked_day("day") or local_date(visit.now)
    action, page = visit.asked("action", 40), max(1, visit.asked_number("page") or 1)

    def look(tx: Transaction) -> tuple[list[Shown], int]:
        names: dict[int | None, str] = {None: "红雁"}
        period = day_starts(day), day_ends(day)
        kinds = {kind: number for kind, number in audit.kinds(tx, *period).items() if _is_meant(kind, action)}
        acts = audit.newest(tx, *period, list(kinds), (page - 1) * _ON_A_PAGE, _ON_A_PAGE)
        shown = []
        for act in acts:
            if act.actor_id not in names:
                person = people.find(tx, act.actor_id)
                held_office = act.role in TITLES
                names[act.actor_id] = person.name if person and held_office else f"第 {act.actor_id} 号居民"
            before, after = (facts_in_words(kept, TITLES) for kept in (act.before, act.after))
            what, about = act_in_words(act.action), thing_in_words(act.about)
            shown.append(Shown(act, names[act.actor_id], what, about, before, after))
        return shown, sum(kinds.values())

    shown, count = await visit.read(look)
    return visit.page(
        "audit.html",
        shown=shown,
        count=count,
        day=day,
        action=action,
        page=page,
        last=-(-count // _ON_A_PAGE),
        before=day - timedelta(days=1),
        after=day + timedelta(days=1),
        titles=TITLES,
    )


def _is_meant(kind: str, words: str) -> bool:
    return words in act_in_words(kind) or words in kind
