"""Series at the console: the meetings of each one below the other, and who came often enough."""

from dataclasses import dataclass

from starlette.responses import Response

from bot.console.access import OVERSEERS, Staff
from bot.console.visit import Visit
from bot.web.media import LARGEST
from handlers.roles import ORGANISERS
from handlers.series import reaches
from storage import attendance, audit, events, handouts, people, series
from storage.database import Transaction
from storage.events import TYPES, Event
from storage.masks import mask_name
from storage.refusals import NotFound
from storage.series import Series


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
    def look(tx: Transaction) -> list[tuple[Series, int, int]]:
        mine = [found for found in series.active(tx) if may_see(visit.staff, found)]
        tallies = series.tallies(tx)
        return [(found, *tallies.get(found.id, (0, 0))) for found in mine]

    return visit.page("series.html", found=await visit.read(look), types=TYPES, may_make=visit.staff.holds(*ORGANISERS))


async def detail(visit: Visit) -> Response:
    """?times=3: who came at least so often."""
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
    faithful = []
    for one in series.completions(tx, found.id, at_least):
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
    return [_meeting(tx, staff, event, *stand[event.id]) for event in meetings]


def _meeting(tx: Transaction, staff: Staff, event: Event, taken: int, waiting: int) -> Meeting:
    came = None
    if event.state == "held":
        came = sum(entry.state == "attended" for entry in attendance.of_event(tx, event.id))
        came += attendance.heads(tx, event.id)
    may_change = event.state in ("draft", "published") and staff.role_for(event, ORGANISERS) is not None
    return Meeting(event, taken, waiting, came, may_change)
