"""议事 at the console: what is asked of a community, what came of it, and suggestions that wait for an answer."""

from datetime import date

from starlette.responses import Response

from bot.console.access import WISH_WORKERS, Staff
from bot.console.visit import Visit
from dialogue.talk import LONGEST_LIST
from handlers import polls as polls_handler
from handlers.roles import TITLES
from storage import communities, people, polls, suggestions
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotAllowed, NotFound
from storage.scrub import scrub
from storage.suggestions import Suggestion
from storage.times import at, local_date

_FIELDS = {"question": 60, "options": 200, "community": 20, "until": 10}


async def listing(visit: Visit) -> Response:
    return visit.page("polls.html", **await visit.read(_look, visit))


async def ask(visit: Visit) -> Response:
    """Begins to collect opinions at once."""
    given = {name: visit.text(name, at_most) for name, at_most in _FIELDS.items()}
    options = polls_handler.split(given["options"])
    until = _day(given["until"])
    wrong = []
    if len(given["question"]) < 4:
        wrong.append("请写成一个问题，比如：长椅放在东门还是西门？")
    if not 2 <= len(options) <= LONGEST_LIST:
        wrong.append(f"请写 2 到 {LONGEST_LIST} 种回答，用顿号分开。")
    if until is None or until <= local_date(visit.now):
        wrong.append("请选一个今天以后的日子。")
    if wrong or until is None:
        shown = await visit.read(_look, visit)
        return visit.page("polls.html", 422, **{**shown, "wrong": wrong, "given": given})

    def work(tx: Transaction) -> str:
        known = communities.names(tx)
        code = given["community"] if given["community"] in known else None
        actor = _speaking_to(tx, visit.staff, code)
        return polls.ask(tx, given["question"], options, at(until, polls_handler.CLOSES), actor, visit.now, code).number

    number = await visit.write(work)
    return visit.goes_to(f"/console/polls?said=发出去了，编号 {number}。大家在聊天里回“议事”就能看到。")


async def answer(visit: Visit) -> Response:
    """Publishes what was decided."""
    words = scrub(visit.text("words", 300))[0]
    if len(words) < 4:
        return visit.goes_to("/console/polls?said=请写清楚商量的结果怎么办，至少四个字。")

    def work(tx: Transaction) -> None:
        poll = polls.get(tx, visit.path_number())
        polls.answer(tx, poll, words, _speaking_to(tx, visit.staff, poll.community_code), visit.now)

    await visit.write(work)
    return visit.goes_to("/console/polls?said=公布了，大家回“议事”就能看到。")


async def answer_suggestion(visit: Visit) -> Response:
    """To whoever made it; with `gist`, its meaning without names, both are published."""
    words, gist = scrub(visit.text("words", 300))[0], scrub(visit.text("gist", 100))[0]
    if len(words) < 4:
        return visit.goes_to("/console/polls?said=请写清楚怎么答复，至少四个字。")

    def work(tx: Transaction) -> str:
        made = suggestions.get(tx, visit.path_number())
        actor = _working_on(tx, visit.staff, made)
        polls_handler.answer_suggestion(tx, made, words, gist or None, actor, visit.now)
        return made.name

    name = await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/polls?said={name}答复了，本人会收到。")


def to_answer(tx: Transaction, staff: Staff) -> list[Suggestion]:
    """The suggestions that wait for an answer of theirs."""
    return [made for made in suggestions.waiting(tx) if _role(tx, staff, made) is not None]


def _look(tx: Transaction, visit: Visit) -> dict[str, object]:
    names = communities.names(tx)
    found = [
        (poll, names.get(poll.community_code or "", "全区"), polls.opinions(tx, poll)) for poll in polls.everywhere(tx)
    ]
    waiting = [
        (made, suggestions.text_of(tx, made), names.get(made.community_code or "", ""))
        for made in to_answer(tx, visit.staff)
    ]
    return {
        "polls": found,
        "waiting": waiting,
        "communities": {
            code: name for code, name in names.items() if polls_handler.role_for(tx, visit.staff.grants, code)
        },
        "given": dict.fromkeys(_FIELDS, ""),
        "wrong": [],
        "answers_suggestions": visit.staff.holds(*WISH_WORKERS),
    }


def _speaking_to(tx: Transaction, staff: Staff, community_code: str | None) -> Actor:
    """Raises `NotAllowed` for a community that is not theirs."""
    role = polls_handler.role_for(tx, staff.grants, community_code)
    if role is None:
        raise NotAllowed(TITLES["district_staff" if community_code is None else "point_lead"])
    return staff.actor(role)


def _working_on(tx: Transaction, staff: Staff, made: Suggestion) -> Actor:
    """Raises `NotFound` for a suggestion of another point, and `NotAllowed` for who answers none."""
    if not staff.holds(*WISH_WORKERS):
        raise NotAllowed(TITLES["point_lead"])
    role = _role(tx, staff, made)
    if role is None:
        raise NotFound("号的建议")
    return staff.actor(role)


def _role(tx: Transaction, staff: Staff, made: Suggestion) -> str | None:
    """District staff, or the lead of the point of whoever made it: they alone read residents' own words."""
    person = people.find(tx, made.person_id)
    point_id = person.point_id if person else None
    for grant in staff.grants:
        if grant.role == "district_staff" or (grant.role == "point_lead" and grant.point_id == point_id):
            return grant.role
    return None


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
