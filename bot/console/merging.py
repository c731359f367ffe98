"""Two registrations of one person: looked at side by side, made into one, and taken apart again."""

from dataclasses import dataclass

from starlette.responses import Response

from bot.console.access import DISTRICT
from bot.console.visit import Visit
from handlers import notices
from storage import accounts, merges, merging, people, residents, sign_ups
from storage.database import Transaction
from storage.merges import Merge
from storage.people import Person
from storage.residents import Resident


@dataclass(frozen=True, slots=True)
class Side:
    resident: Resident
    accounts: int
    coming: int  # events signed up for


@dataclass(frozen=True, slots=True)
class Done:
    merge: Merge
    kept: str
    by: str


async def page(visit: Visit) -> Response:
    """?kept=12&gone=34 shows the two; ?a=… and ?b=… look for them by words; with `kept` alone, who looks like it."""
    return visit.page("merge.html", **await visit.read(_look, visit, []))


async def merge(visit: Visit) -> Response:
    kept, gone, reason = visit.number("kept"), visit.number("gone"), visit.text("reason", 100)
    if kept is None or gone is None or len(reason) < 2:
        wrong = ["要写明怎么知道是同一个人，比如：本人来说的。"]
        return visit.page("merge.html", 422, **await visit.read(_look, visit, wrong))

    def work(tx: Transaction) -> None:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        promotions = merging.merge(tx, kept, gone, actor, visit.now, reason)
        notices.promoted(tx, promotions, visit.now)

    await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/people/{kept}?said=合好了，现在是一份。弄错了可以在“合并”里拆开。")


async def part(visit: Visit) -> Response:
    reason = visit.text("reason", 100)
    if len(reason) < 2:
        return visit.goes_to("/console/people/merge?said=要写明为什么拆开。")

    def work(tx: Transaction) -> None:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        merging.unmerge(tx, visit.path_number(), actor, visit.now, reason)

    await visit.write(work)
    return visit.goes_to("/console/people/merge?said=拆开了，各是各的。")


def _look(tx: Transaction, visit: Visit, wrong: list[str]) -> dict[str, object]:
    kept_id = visit.number("kept") or visit.asked_number("kept")
    gone_id = visit.number("gone") or visit.asked_number("gone")
    kept = people.get(tx, kept_id) if kept_id is not None else None
    gone = people.get(tx, gone_id) if gone_id is not None else None
    sides = None
    if kept is not None and gone is not None and kept.id != gone.id:
        sides = _side(tx, visit, kept), _side(tx, visit, gone)
    words = visit.asked("a", 40), visit.asked("b", 40)
    alike = [] if kept is None or sides is not None else _alike(tx, kept)
    return {
        "kept": residents.masked(tx, kept.id) if kept is not None else None,
        "sides": sides,
        "words": words,
        "found_a": [residents.masked(tx, each.id) for each in people.search(tx, words[0])] if words[0] else [],
        "found_b": [residents.masked(tx, each.id) for each in people.search(tx, words[1])] if words[1] else [],
        "alike": [residents.masked(tx, each.id) for each in alike],
        "same": gone is not None and kept is not None and kept.id == gone.id,
        "done": [_done(tx, merge) for merge in merges.standing(tx)],
        "wrong": wrong,
    }


def _side(tx: Transaction, visit: Visit, person: Person) -> Side:
    known, coming = accounts.of_person(tx, person.id), sign_ups.of_person(tx, person.id, visit.now)
    return Side(residents.masked(tx, person.id), len(known), len(coming))


def _alike(tx: Transaction, person: Person) -> list[Person]:
    """Others with the same name, or on the same phone: who may be the same one."""
    found = {each.id: each for each in (*people.search(tx, person.name), *people.with_phone(tx, person.phone or ""))}
    return [each for number, each in found.items() if number != person.id]


def _done(tx: Transaction, merge: Merge) -> Done:
    by = people.find(tx, merge.by)
    return Done(merge, residents.masked(tx, people.get(tx, merge.kept_id).id).name, by.name if by else "红雁")
