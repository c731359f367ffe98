"""重点督办清单 at the console: the hard cases with what stands in their way, and what was settled on the spot."""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.responses import Response

from bot.console.access import OVERSEERS
from bot.console.visit import Visit
from storage import assignments, communities, need_categories, needs, priority_list
from storage.audit import Actor
from storage.database import Transaction
from storage.needs import Need
from storage.priority_list import Listed
from storage.refusals import NotFound
from storage.scrub import scrub

BECAUSE = {"overdue": "超期", "pressing": "急难愁盼", "staff": "工作人员列入"}


@dataclass(frozen=True, slots=True)
class Case:
    listed: Listed
    category: str
    community: str
    may_supervise: bool


async def listing(visit: Visit) -> Response:
    """All of it for the district and its auditors; for others those they supervise."""
    found = await visit.read(_look, visit)
    return visit.page("priority_list.html", cases=found, because=BECAUSE, may_export=visit.staff.holds(*OVERSEERS))


async def obstacle(visit: Visit) -> Response:
    """卡点: what stands in the way."""
    words = scrub(visit.text("words", 200))[0]

    def work(tx: Transaction) -> str:
        need, actor = _supervised(tx, visit)
        priority_list.note_obstacle(tx, need, words, actor, visit.now)
        return f"记下了，{need.name}的卡点。"

    return await _done(visit, work if len(words) >= 2 else None, "请写明卡在哪儿。")


async def visited(visit: Visit) -> Response:
    """现场协调: which bodies took part, and what came of it."""
    units, result = scrub(visit.text("units", 200))[0], scrub(visit.text("result", 300))[0]

    def work(tx: Transaction) -> str:
        need, actor = _supervised(tx, visit)
        priority_list.note_visit(tx, need, units, result, actor, visit.now)
        return f"记下了，{need.name}现场协调。"

    return await _done(visit, work if len(units) >= 2 and len(result) >= 2 else None, "单位和结果都要写。")


async def take_off(visit: Visit) -> Response:
    def work(tx: Transaction) -> str:
        need, actor = _supervised(tx, visit)
        priority_list.take_off(tx, need, actor, visit.now)
        return f"{need.name}移出重点督办清单了。"

    return await _done(visit, work, "")


async def _done(visit: Visit, work: Callable[[Transaction], str] | None, lacking: str) -> Response:
    said = lacking if work is None else await visit.write(work)
    return visit.goes_to(f"/console/needs/priority?said={said}")


def _look(tx: Transaction, visit: Visit) -> list[Case]:
    names = communities.names(tx)
    found = []
    for one in priority_list.listed(tx, visit.now):
        role = _role(tx, visit, one.need)
        if role is None and not visit.staff.holds(*OVERSEERS):
            continue
        category = need_categories.get(tx, one.need.category).label
        found.append(Case(one, category, names.get(one.need.community_code or "", ""), role is not None))
    return found


def _role(tx: Transaction, visit: Visit, need: Need) -> str | None:
    if visit.staff.is_district:
        return "district_staff"
    return "supervisor" if "supervisor" in assignments.roles_of(tx, need.id, visit.staff.person_id) else None


def _supervised(tx: Transaction, visit: Visit) -> tuple[Need, Actor]:
    """Raises `NotFound` for a need that they do not supervise."""
    need = needs.get(tx, visit.path_number())
    role = _role(tx, visit, need)
    if role is None:
        raise NotFound("难处")
    return need, visit.staff.actor(role)
