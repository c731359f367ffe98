"""Roles at the console: who holds which, given and taken back."""

from dataclasses import dataclass
from datetime import date, datetime

from starlette.responses import Response

from bot.console.access import DISTRICT
from bot.console.visit import Visit
from handlers.roles import TITLES
from storage import accounts, events, grants, organisations, people, points
from storage.database import Transaction
from storage.grants import ROLES, Grant
from storage.masks import mask_phone
from storage.refusals import NotFound
from storage.times import day_ends

_SCOPES = ("point", "organisation", "event")


@dataclass(frozen=True, slots=True)
class Held:
    grant: Grant
    holder: str
    scope: str
    since: datetime
    is_own: bool


async def listing(visit: Visit) -> Response:
    """?q= finds the person who shall get one."""
    return visit.page("roles.html", **await visit.read(_look, visit))


async def give(visit: Visit) -> Response:
    person_id, role = visit.number("person"), visit.text("role", 24)
    scopes = {name: visit.number(name) for name in _SCOPES}
    until = _day(visit.text("until", 10))
    if person_id is None or role not in ROLES:
        return visit.goes_to("/console/roles?said=请先找到人，再选职务。")

    def work(tx: Transaction) -> None:
        person = people.get(tx, person_id)
        for name, find in (("point", points.get), ("organisation", organisations.get), ("event", events.get)):
            if (number := scopes[name]) is not None:
                find(tx, number)  # raises NotFound
        grants.grant(
            tx,
            role,
            visit.staff.actor(visit.staff.first_of(DISTRICT)),
            visit.now,
            person_id=person.id,
            point_id=scopes["point"],
            organisation_id=scopes["organisation"],
            event_id=scopes["event"],
            ends_at=None if until is None else day_ends(until),
        )

    await visit.write(work)
    return visit.goes_to("/console/roles?said=给好了，马上有用。")


async def take_back(visit: Visit) -> Response:
    def work(tx: Transaction) -> None:
        if visit.path_number() not in {grant.id for grant, *_ in grants.in_force(tx, visit.now)}:
            raise NotFound("职务")
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        grants.revoke(tx, visit.path_number(), actor, visit.now)

    await visit.write(work)
    return visit.goes_to("/console/roles?said=收回了，马上不能用。")


def _look(tx: Transaction, visit: Visit) -> dict[str, object]:
    words = visit.asked("q", 40)
    found = people.search(tx, words) if words else []
    return {
        "held": [
            Held(grant, _holder(tx, person, account), _scope(tx, grant), since, person == visit.staff.person_id)
            for grant, person, account, since in grants.in_force(tx, visit.now)
        ],
        "titles": TITLES,
        "words": words,
        "found": [(person.id, person.name, mask_phone(person.phone or "")) for person in found],
        "places": points.active(tx),
        "branches": organisations.active(tx),
        "coming": events.coming(tx, visit.now),
    }


def _holder(tx: Transaction, person_id: int | None, account_id: int | None) -> str:
    """Staff are shown by name: their office is no secret here."""
    if person_id is None and account_id is not None:
        account = accounts.get(tx, account_id)
        owner = people.find(tx, account.person_id)
        return owner.name if owner else f"还没登记的账号（{account.channel}）"
    person = people.find(tx, person_id)
    return person.name if person else "（已注销）"


def _scope(tx: Transaction, grant: Grant) -> str:
    if grant.point_id is not None:
        return points.get(tx, grant.point_id).name
    if grant.organisation_id is not None:
        return organisations.get(tx, grant.organisation_id).name
    if grant.event_id is not None:
        return f"《{events.get(tx, grant.event_id).title}》"
    return "全区"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
