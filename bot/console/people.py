"""Residents at the console: found by what staff know of them, masked unless there is a reason."""

from starlette.responses import Response

from bot.console.access import READERS_OF_PEOPLE, Staff
from bot.console.visit import Visit
from handlers.linking import CHANNELS
from storage import accounts, audit, events, people, residents, sign_ups
from storage.database import Transaction
from storage.people import Person
from storage.refusals import NotFound
from storage.residents import Resident
from storage.times import local_date

_ON_A_PAGE = 50
_MESSAGES = {"all": "都收", "point": "只收服务点的", "own": "只收自己报名的", "none": "都不收"}
_BRANCHES = ("branch_secretary", "district_staff")
_POINTS = ("point_lead", "district_staff")


def reaches(staff: Staff, person: Person) -> bool:
    """Point leads reach the people of their point, branch secretaries the members of their branch."""
    return _is_in(person.point_id, staff.points(*_POINTS)) or _is_in(person.host_branch_id, staff.branches(*_BRANCHES))


def sees_party(staff: Staff, branch_id: int | None) -> bool:
    """Who is a Party member is for the own branch and district staff (care.md P28)."""
    return _is_in(branch_id, staff.branches(*_BRANCHES))


def _is_in(one: int | None, reached: frozenset[int] | None) -> bool:
    return reached is None or (one is not None and one in reached)


async def listing(visit: Visit) -> Response:
    words, after = visit.asked("q", 40), visit.asked_number("after") or 0

    def look(tx: Transaction) -> list[Resident]:
        if words:
            found = [person for person in people.search(tx, words, 50) if reaches(visit.staff, person)]
            return [residents.masked(tx, person.id) for person in found]
        reach = visit.staff.points(*_POINTS), visit.staff.branches(*_BRANCHES)
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
        "messages": {"all": "都收", "point": "只收服务点的", "own": "只收自己报名的", "none": "都不收"}[
            person.messages
        ],
        "sees_party": sees_party(visit.staff, person.host_branch_id),
        "is_in_town": people.is_in_town(person, local_date(visit.now)),
    }


def _party_seen(visit: Visit) -> frozenset[int] | None:
    """The branches whose members may be shown as such; None is every branch."""
    return visit.staff.branches(*_BRANCHES)
