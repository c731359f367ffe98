"""Branches at the console: the tree, who is placed where and confirmed, and who belongs nowhere yet."""

from dataclasses import dataclass
from datetime import date

from starlette.responses import Response

from bot.console.access import DISTRICT, SECRETARIES, Staff
from bot.console.visit import Visit
from reports.labels import MEMBER_TYPES, VERIFICATIONS
from storage import membership, organisations, people, residents
from storage.database import Transaction
from storage.organisations import KINDS, Organisation
from storage.people import Person
from storage.refusals import NotFound

_WITHOUT_A_BRANCH = 30
_ON_A_PAGE = 50
_FOUND: dict[str, membership.Verification] = {"verified": "verified", "not_confirmed": "not_confirmed"}


@dataclass(frozen=True, slots=True)
class Line:
    """A node of the tree as it is shown: `depth` steps below a root."""

    organisation: Organisation
    depth: int
    placed: int
    verified: int
    is_open_to: bool  # whether this person may look inside
    is_empty: bool  # neither members nor other nodes hang on it


async def listing(visit: Visit) -> Response:
    """?after= goes on in the list of those without a branch."""

    def look(tx: Transaction) -> dict[str, object]:
        reached = visit.staff.branches(*SECRETARIES)
        every, placed = organisations.active(tx), membership.counts(tx)
        above = {each.parent_id for each in every}
        lines = []
        for each, depth in organisations.as_tree(every):
            is_branch = each.kind in membership.BRANCHES
            is_open_to = is_branch and (reached is None or each.id in reached)
            is_empty = each.id not in placed and each.id not in above
            lines.append(Line(each, depth, *placed.get(each.id, (0, 0)), is_open_to, is_empty))
        without, following = (
            residents.members_without_branch(tx, visit.asked_number("after") or 0, _WITHOUT_A_BRANCH)
            if visit.staff.is_district
            else ([], None)
        )
        branches = [each for each in every if each.kind in membership.BRANCHES]
        return {"lines": lines, "without": without, "following": following, "branches": branches, "every": every}

    return visit.page("branches.html", **await visit.read(look), kinds=KINDS)


async def detail(visit: Visit) -> Response:
    """?q= finds a member who is placed nowhere yet; ?page=2 goes on in the list of those who are placed here."""
    words, page = visit.asked("q", 40), max(1, visit.asked_number("page") or 1)

    def look(tx: Transaction) -> dict[str, object]:
        branch = _reached(tx, visit.staff, visit.path_number())
        found = [
            residents.masked(tx, each.id)
            for each in (people.search(tx, words) if len(words) > 1 else [])
            if each.party.member == "yes" and each.host_branch_id is None
        ]
        members, count = residents.of_branch(tx, branch.id, (page - 1) * _ON_A_PAGE, _ON_A_PAGE)
        return {"branch": branch, "members": members, "count": count, "found": found, "last": -(-count // _ON_A_PAGE)}

    labels = {"verifications": VERIFICATIONS, "types": {key: MEMBER_TYPES[key] for key in membership.TYPES}}
    return visit.page("branch.html", **await visit.read(look), words=words, page=page, **labels)


async def place(visit: Visit) -> Response:
    """Into this branch: who was nowhere until now; from another branch only the district moves."""
    branch_id, person_id, group = visit.path_number(), visit.number("person") or 0, visit.text("group", 20)

    def work(tx: Transaction) -> None:
        _reached(tx, visit.staff, branch_id)
        person = people.get(tx, person_id)
        if person.host_branch_id not in (None, branch_id) and not visit.staff.is_district:
            raise NotFound("党员")
        actor = visit.staff.actor(visit.staff.first_of(SECRETARIES))
        membership.place(tx, person, branch_id, group, actor, visit.now)

    await visit.write(work)
    return visit.goes_to(f"/console/branches/{branch_id}?said=编好了。")


async def note(visit: Visit) -> Response:
    """What staff found out of a member of this branch: confirmed or not, which kind, or that they left it."""
    branch_id, what = visit.path_number(), visit.text("what", 20)

    def work(tx: Transaction) -> str:
        person = _member(tx, visit, branch_id)
        actor = visit.staff.actor(visit.staff.first_of(SECRETARIES))
        if what in _FOUND:
            membership.verify(tx, person, _FOUND[what], actor, visit.now)
            return f"记下了：{VERIFICATIONS[what]}。"
        if what == "type":
            chosen = visit.text("type", 24) or None
            membership.decide_type(tx, person, chosen, actor, visit.now)
            return f"记下了：{MEMBER_TYPES.get(chosen or '', '类别还没定')}。"
        reason = visit.text("reason", 100)
        if what != "out" or len(reason) < 2:
            return "要写明为什么移出。"
        membership.take_out(tx, person, actor, visit.now, reason)
        return "移出了，原来的组织关系不变。"

    return visit.goes_to(f"/console/branches/{branch_id}?said={await visit.write(work)}")


async def establish(visit: Visit) -> Response:
    name, kind = visit.text("name", 80), visit.text("kind", 24)
    parent, ends_on = visit.number("parent"), _day(visit.text("ends_on", 10))
    if len(name) < 4 or kind not in KINDS:
        return visit.goes_to("/console/branches?said=名称写全称，至少四个字，再选一个种类。")
    if kind == "temporary_branch" and ends_on is None:
        return visit.goes_to("/console/branches?said=临时党支部要写到哪天为止。")

    def work(tx: Transaction) -> None:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        organisations.establish(tx, name, kind, parent, ends_on, actor, visit.now)

    await visit.write(work)
    return visit.goes_to("/console/branches?said=加好了。")


async def close(visit: Visit) -> Response:
    def work(tx: Transaction) -> None:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        organisations.close(tx, visit.path_number(), actor, visit.now)

    await visit.write(work)
    return visit.goes_to("/console/branches?said=撤了。以前的活动和名单都留着。")


def _reached(tx: Transaction, staff: Staff, branch_id: int) -> Organisation:
    reached = staff.branches(*SECRETARIES)
    if reached is not None and branch_id not in reached:
        raise NotFound("支部")
    return organisations.get(tx, branch_id)


def _member(tx: Transaction, visit: Visit, branch_id: int) -> Person:
    _reached(tx, visit.staff, branch_id)
    person = people.get(tx, visit.number("person") or 0)
    if person.host_branch_id != branch_id:
        raise NotFound("党员")
    return person


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
