"""Signing up for who rang up or came by, and giving back their place for them."""

from starlette.responses import Response

from bot.console import namesakes
from bot.console.access import ORGANISERS
from bot.console.events import look_at, seen
from bot.console.visit import Visit
from handlers import notices
from storage import people, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event


async def sign_up(visit: Visit) -> Response:
    """Someone by name and, if given, phone; or `person`, chosen among several of that name."""
    name, phone, chosen = visit.text("name", 20), visit.text("phone", 20), visit.number("person")

    def work(tx: Transaction) -> tuple[str, list[tuple[int, str]]]:
        event, actor = _organised(tx, visit)
        person_id = chosen
        if person_id is None and len(name) < 2:
            return "请写姓名。", []
        if person_id is None:
            person_id, options = namesakes.meant(tx, name, phone, visit.staff.person_id, visit.now)
            if person_id is None:
                return "", options
        outcome = sign_ups.sign_up(tx, event.id, [people.get(tx, person_id).id], actor, visit.now)
        return _said(outcome), []

    said, options = await visit.write(work)
    if options:
        return visit.page("event.html", **{**await visit.read(look_at, visit), "options": options})
    return _back(visit, said)


async def cancel(visit: Visit) -> Response:
    """Who said that they do not come. Whoever moves up is told."""
    person_id = visit.number("person") or 0

    def work(tx: Transaction) -> str:
        event, actor = _organised(tx, visit)
        promotions = sign_ups.cancel(tx, event.id, person_id, actor, visit.now)
        notices.promoted(tx, promotions, visit.now)
        return "退了，座位让给候补的了，会有消息告诉他们。" if promotions else "退了。"

    said = await visit.write(work)
    visit.wake()
    return _back(visit, said)


def _organised(tx: Transaction, visit: Visit) -> tuple[Event, Actor]:
    event = seen(tx, visit.staff, visit.path_number())
    return event, visit.staff.acting_on(event, ORGANISERS)


def _said(outcome: sign_ups.Outcome) -> str:
    """By the number on the list and no name: the sentence travels in an address, and addresses are logged."""
    number = outcome.sign_ups[0].number
    if not outcome.is_new:
        return f"早就报上了，{number} 号。"
    if outcome.state != "waitlisted":
        return f"报上了，{number} 号。"
    if sign_ups.is_to_be_drawn(outcome.event):
        return f"报上了，{number} 号，等着抽签。"
    return f"名额满了，{number} 号，排在候补第 {outcome.position} 位。"


def _back(visit: Visit, said: str) -> Response:
    return visit.goes_to(f"/console/events/{visit.path_number()}?said={said}")
