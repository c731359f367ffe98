"""Series at the console: the meetings of each one below the other, and who came often enough."""

from dataclasses import dataclass

from starlette.responses import Response

from bot.console.access import OVERSEERS, Staff
from bot.console.visit import Visit
from bot.web.media import LARGEST
from handlers.roles import ORGANISERS
from handlers.series import reaches
from storage import audit, counts, events, handouts, people, series
from storage.database import Transaction
from storage.events import TYPES, Event
from storage.masks import mask_name
from storage.refusals import NotFound
from storage.series import Series

_ON_A_PAGE = 50
_NAMES_ON_A_PAGE = 100


@dataclass(frozen=True, slots=True)
class Meeting:
    """A row. `came` counts who signed in and who was counted on the spot; None before it is held."""

    event: Event
    taken: int
    waiting: int
    came: int | None
    may_change: bool


@dataclass(frozen=True, slots=True)
class Faithful:
    name: str
    came: int


def may_see(staff: Staff, found: Series) -> bool:
    """Staff of its point or organisation, as in the chat, and whoever oversees the district."""
    return staff.holds(*OVERSEERS) or any(reaches(grant, found) for grant in staff.grants)


async def listing(visit: Visit) -> Response:
    """?page=2: the newest stand on the first."""
    page = max(1, visit.asked_number("page") or 1)

    def look(tx: Transaction) -> tuple[list[tuple[Series, int, int]], int]:
        mine = [found for found in series.active(tx) if may_see(visit.staff, found)]
        shown = mine[(page - 1) * _ON_A_PAGE : page * _ON_A_PAGE]
        tallies = series.tallies(tx, [found.id for found in shown])
        return [(found, *tallies.get(found.id, (0, 0))) for found in shown], len(mine)

    found, count = await visit.read(look)
    parts = {"found": found, "count": count, "page": page, "last": -(-count // _ON_A_PAGE)}
    return visit.page("series.html", **parts, types=TYPES, may_make=visit.staff.holds(*ORGANISERS))


async def detail(visit: Visit) -> Response:
    """?times=3: who came at least so often, a hundred on a page."""
    return await shown(visit)


async def shown(visit: Visit, wrong: str = "") -> Response:
    """With `wrong`, what could not be handed out."""
    parts = await visit.read(_look, visit, visit.asked_number("times"))
    return visit.page("series_detail.html", 422 if wrong else 200, **{**parts, "handout_wrong": wrong})


async def unmask(visit: Visit) -> Response:
    """结业名单 with the names in full, for a reason that stays in the audit log."""
    reason, times = visit.text("reason", 100), visit.number("times")
    if len(reason) < 2:
        parts = await visit.read(_look, visit, times)
        return visit.page("series_detail.html", 422, **{**parts, "wrong": "要写明用途，才能看全名。"})

    def work(tx: Transaction) -> dict[str, object]:
        shown = _look(tx, visit, times, is_full=True)
        actor = visit.staff.actor(visit.staff.first_of(ORGANISERS))
        audit.note(tx, actor, "series.unmask", f"series {visit.path_number()}", visit.now, reason=reason)
        return shown

    return visit.page("series_detail.html", **await visit.write(work))


def _look(tx: Transaction, visit: Visit, times: int | None, *, is_full: bool = False) -> dict[str, object]:
    found = series.get(tx, visit.path_number())
    if not may_see(visit.staff, found):
        raise NotFound("系列")
    held = series.held(tx, found.id)
    at_least = min(max(times or 1, 1), max(held, 1))
    done = series.completions(tx, found.id, at_least)
    page = max(1, visit.number("page") or visit.asked_number("page") or 1)
    skip = (page - 1) * _NAMES_ON_A_PAGE
    faithful = []
    for one in done[skip : skip + _NAMES_ON_A_PAGE]:
        person = people.find(tx, one.person_id)
        name = person.name if person else "（已注销）"
        faithful.append(Faithful(name if is_full or person is None else mask_name(name), one.came))
    return {
        "series": found,
        "type": TYPES.get(found.type, found.type),
        "meetings": _meetings(tx, visit.staff, found),
        "held": held,
        "times": at_least,
        "faithful": faithful,
        "count": len(done),
        "page": page,
        "last": -(-len(done) // _NAMES_ON_A_PAGE),
        "first": skip + 1,
        "is_full": is_full,
        "may_unmask": any(reaches(grant, found) for grant in visit.staff.grants),
        "wrong": None,
        "handout_wrong": "",
        "handouts": handouts.of_series(tx, found.id),
        "readers": len(handouts.readers(tx, found.id)),
        "largest": LARGEST,
    }


def _meetings(tx: Transaction, staff: Staff, found: Series) -> list[Meeting]:
    meetings = series.meetings(tx, found.id)
    stand = events.stand(tx, [event.id for event in meetings])
    came = counts.came(tx, [event.id for event in meetings if event.state == "held"])
    return [
        Meeting(
            event,
            *stand[event.id],
            came.get(event.id),
            event.state in ("draft", "published") and staff.role_for(event, ORGANISERS) is not None,
        )
        for event in meetings
    ]
