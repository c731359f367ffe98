"""Residents at the console: found by what staff know of them, masked unless there is a reason."""

from starlette.responses import Response

from bot.console.access import DISTRICT, POINT_KEEPERS, READERS_OF_PEOPLE, SECRETARIES, Staff
from bot.console.visit import Visit
from handlers.linking import CHANNELS
from reports.labels import VERIFICATIONS
from storage import accounts, audit, events, membership, organisations, people, residents, sign_ups
from storage.database import Transaction
from storage.people import Person
from storage.refusals import NotFound
from storage.residents import Resident
from storage.times import local_date

_ON_A_PAGE = 50
_MESSAGES = {"all": "都收", "point": "只收服务点的", "own": "只收自己报名的", "none": "都不收"}


def reaches(staff: Staff, person: Person) -> bool:
    """Point leads reach the people of their point, branch secretaries the members of their branch."""
    is_of_point = _is_in(person.point_id, staff.points(*POINT_KEEPERS))
    return is_of_point or _is_in(person.host_branch_id, staff.branches(*SECRETARIES))


def sees_party(staff: Staff, branch_id: int | None) -> bool:
    """Who is a Party member is for the own branch and district staff (care.md P28)."""
    return _is_in(branch_id, staff.branches(*SECRETARIES))


def _is_in(one: int | None, reached: frozenset[int] | None) -> bool:
    return reached is None or (one is not None and one in reached)


async def listing(visit: Visit) -> Response:
    words, after = visit.asked("q", 40), visit.asked_number("after") or 0

    def look(tx: Transaction) -> list[Resident]:
        if words:
            found = [person for person in people.search(tx, words, 50) if reaches(visit.staff, person)]
            return [residents.masked(tx, person.id) for person in found]
        reach = visit.staff.points(*POINT_KEEPERS), visit.staff.branches(*SECRETARIES)
        return residents.page(tx, after, _ON_A_PAGE, point_ids=reach[0], branch_ids=reach[1])

    found = await visit.read(look)
    last = found[-1].id if not words and len(found) == _ON_A_PAGE else None
    parts = {"found": found, "words": words, "last": last, "today": local_date(visit.now)}
    if visit.is_partial:
        return visit.part("people_rows.html", **parts, sees_party=_party_seen(visit))
    return visit.page("people.html", **parts, sees_party=_party_seen(visit))


async def detail(visit: Visit) -> Response:
    return visit.page("person.html", **await visit.read(_look, visit, None))


async def unmask(visit: Visit) -> Response:
    """Name and phone in full, once, for a reason that stays in the audit log."""
    reason = visit.text("reason", 100)
    if len(reason) < 2:
        return visit.page("person.html", 422, **await visit.read(_look, visit, "要写明用途，才能看全名和电话。"))

    def work(tx: Transaction) -> dict[str, object]:
        shown = _look(tx, visit, None)
        person = people.get(tx, visit.path_number())
        actor = visit.staff.actor(visit.staff.first_of(READERS_OF_PEOPLE))
        audit.note(tx, actor, "person.unmask", f"person {person.id}", visit.now, reason=reason)
        return {**shown, "full": person}

    return visit.page("person.html", **await visit.write(work))


async def place(visit: Visit) -> Response:
    """From the page of a person only the district places; secretaries do it from the page of their branch."""
    branch_id, group = visit.number("branch"), visit.text("group", 20)

    def work(tx: Transaction) -> None:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        membership.place(tx, people.get(tx, visit.path_number()), branch_id or 0, group, actor, visit.now)

    await visit.write(work)
    return visit.goes_to(f"/console/people/{visit.path_number()}?said=编好了。")


def _look(tx: Transaction, visit: Visit, wrong: str | None) -> dict[str, object]:
    person = people.get(tx, visit.path_number())
    if not reaches(visit.staff, person):
        raise NotFound("人")
    coming = [(entry, events.get(tx, entry.event_id)) for entry in sign_ups.of_person(tx, person.id, visit.now)]
    known = accounts.of_person(tx, person.id)
    return {
        "person": residents.masked(tx, person.id),
        "full": None,
        "wrong": wrong,
        "coming": coming,
        "channels": [(CHANNELS.get(one.channel, one.channel), one.reachable, one.last_heard_at) for one in known],
        "messages": _MESSAGES[person.messages],
        "sees_party": sees_party(visit.staff, person.host_branch_id),
        "is_in_town": people.is_in_town(person, local_date(visit.now)),
        "verifications": VERIFICATIONS,
        "may_place": visit.staff.is_district and person.party.member == "yes",
        "branches": [each for each in organisations.active(tx) if each.kind in membership.BRANCHES],
    }


def _party_seen(visit: Visit) -> frozenset[int] | None:
    """The branches whose members may be shown as such; None is every branch."""
    return visit.staff.branches(*SECRETARIES)
