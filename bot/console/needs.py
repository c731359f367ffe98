"""The needs board: every need under way by stage, each with its story, and who works on it."""

from dataclasses import dataclass

from starlette.responses import Response

from bot.console.access import DISTRICT, Staff
from bot.console.visit import Visit
from handlers import need_notices
from storage import (
    assignments,
    communities,
    need_board,
    need_categories,
    need_clock,
    need_entries,
    need_rulings,
    need_stages,
    need_work,
    needs,
    people,
    priority_list,
    routing,
)
from storage.database import Transaction
from storage.needs import Need
from storage.refusals import NotFound
from storage.routing import Rule

_POINTS = ("point_lead", "district_staff", "auditor")
WORKERS = {"lead": "主办", "support": "协办", "supervisor": "督办"}
KINDS = {
    "told": "说了",
    "added": "补充",
    "assigned": "派单",
    "accepted": "签收",
    "begun": "开始办",
    "note": "记事",
    "paused": "暂停",
    "resumed": "接着办",
    "returned": "退单",
    "ruled": "终审",
    "answer": "答复",
    "follow_up": "回访",
    "reopened": "重开",
    "decided": "决定",
    "merged": "并入",
    "separated": "拆开",
    "visit": "现场协调",
    "withdrawn": "撤回",
    "closed": "办结",
}


@dataclass(frozen=True, slots=True)
class Card:
    need: Need
    category: str
    community: str
    lead: str
    gist: str
    is_late: bool


async def board(visit: Visit) -> Response:
    """?whose=mine, unassigned or listed."""
    whose = visit.asked("whose", 12)

    def look(tx: Transaction) -> dict[str, object]:
        cards = _cards(tx, visit, _chosen(tx, visit, whose))
        columns = [
            (label, [card for card in cards if card.need.stage == stage])
            for stage, label in need_stages.STAGES.items()
            if stage != "closed"
        ]
        return {"columns": columns, "count": len(cards)}

    return visit.page("needs.html", whose=whose, is_district=visit.staff.is_district, **await visit.read(look))


async def detail(visit: Visit) -> Response:
    return visit.page("need.html", **await visit.read(_look, visit))


async def assign(visit: Visit) -> Response:
    """To one of those whom the routing table knows."""
    owner_id = visit.number("owner")

    def work(tx: Transaction) -> Rule:
        need = _seen(tx, visit)
        rule = _rules(tx, need).get(owner_id or 0)
        if rule is None:
            raise NotFound("承办人")
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        need_notices.new_work(tx, need_rulings.assign(tx, need, rule, actor, visit.now), visit.now)
        return rule

    rule = await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/needs/{visit.path_number()}?said=派好了，由{rule.called}办。")


async def mark(visit: Visit) -> Response:
    """`what`: urgent, calm, pressing, not_pressing, listed or unlisted."""
    what = visit.text("what", 14)

    def work(tx: Transaction) -> None:
        need = _seen(tx, visit)
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        if what in ("urgent", "calm"):
            need_rulings.set_urgent(tx, need, what == "urgent", actor, visit.now)
        elif what in ("pressing", "not_pressing"):
            need_rulings.set_pressing(tx, need, what == "pressing", actor, visit.now)
        elif what == "listed":
            priority_list.put_on(tx, need, "staff", actor, visit.now)
        else:
            priority_list.take_off(tx, need, actor, visit.now)

    await visit.write(work)
    return visit.goes_to(f"/console/needs/{visit.path_number()}?said=改好了。")


def _chosen(tx: Transaction, visit: Visit, whose: str) -> list[Need]:
    if whose == "mine":
        return needs.some(tx, assignments.work_of(tx, visit.staff.person_id))
    found = need_board.under_way(tx, visit.staff.points(*_POINTS))
    if whose == "unassigned":
        waiting = {need.id for need in need_rulings.unassigned(tx)}
        return [need for need in found if need.id in waiting]
    if whose == "listed":
        return [need for need in found if need.listed_at is not None]
    return found


def _cards(tx: Transaction, visit: Visit, chosen: list[Need]) -> list[Card]:
    """What all of them need is asked once: a board of hundreds would ask thousands of times otherwise."""
    names, categories = communities.names(tx), need_categories.known(tx)
    leads = assignments.leads(tx, [need.id for need in chosen])
    gists = need_board.gists(tx, chosen, categories) if visit.staff.holds(*DISTRICT, "point_lead") else {}
    return [
        Card(
            need,
            categories[need.category].label,
            names.get(need.community_code or "", ""),
            leads[need.id].called if need.id in leads else "",
            gists.get(need.id, ""),
            need.stage in need_stages.OPEN and need.due_at < visit.now,
        )
        for need in chosen
    ]


def _seen(tx: Transaction, visit: Visit) -> Need:
    """Raises `NotFound` for a need that is none of theirs."""
    need = needs.get(tx, visit.path_number())
    if not _reaches(tx, visit.staff, need):
        raise NotFound("难处")
    return need


def _reaches(tx: Transaction, staff: Staff, need: Need) -> bool:
    if assignments.roles_of(tx, need.id, staff.person_id):
        return True
    reached = staff.points(*_POINTS)
    if reached is None:
        return True
    person = people.find(tx, need.person_id)
    return person is not None and person.point_id in reached


def _look(tx: Transaction, visit: Visit) -> dict[str, object]:
    need = _seen(tx, visit)
    works_on_it = bool(assignments.roles_of(tx, need.id, visit.staff.person_id) - {"supervisor"})
    is_health = need_categories.get(tx, need.category).is_health
    # What is said about health is for those who work on it (care.md K6); auditors read no residents' words at all.
    reads = works_on_it or (not is_health and visit.staff.holds(*DISTRICT, "point_lead"))
    story = [
        (entry, KINDS[entry.kind], entry.text if reads else "") for entry in need_entries.of(tx, need.id, need.number)
    ]
    text, place = needs.text_of(tx, need) if reads else ("", "")
    return {
        "need": need,
        "category": need_categories.get(tx, need.category).label,
        "workers": [(WORKERS[one.role], one.called or _name(tx, one.person_id)) for one in assignments.of(tx, need.id)],
        "returned": need_rulings.returns(tx, need.id),
        "stage": need_stages.STAGES[need.stage],
        "story": story,
        "text": text,
        "place": place,
        "reads": reads,
        "paused_until": need_clock.paused_until(tx, need.id, visit.now),
        "may_rule": visit.staff.is_district,
        "owners": _rules(tx, need) if visit.staff.is_district and need.stage in need_stages.OPEN else {},
    }


def _name(tx: Transaction, person_id: int) -> str:
    person = people.find(tx, person_id)
    return person.name if person else "（已注销）"


def _rules(tx: Transaction, need: Need) -> dict[int, Rule]:
    owners = {rule.owner_id for rule in routing.rules(tx)}
    return {owner: need_work.rule_for(tx, need, owner) for owner in sorted(owners)}
