"""A series at the console: its meetings made at once after a look at their days, and what it hands out."""

from starlette.responses import Response

from bot.console import series as series_page
from bot.console.access import ORGANISERS
from bot.console.event_forms import Filled, choices, draft_of, nothing_given, read_new
from bot.console.events import must_organise
from bot.console.uploads import sent_file, was_sent
from bot.console.visit import Visit
from bot.web.files import as_file
from handlers import handouts as handouts_handler
from handlers import series as series_handler
from handlers.roles import TITLES
from handlers.series import reaches
from storage import handouts, need_clock, series
from storage.audit import Actor
from storage.database import Transaction
from storage.events import Event
from storage.handouts import Handout
from storage.refusals import NotAllowed, NotFound
from storage.series import Series

_NAME = 40


async def blank(visit: Visit) -> Response:
    must_organise(visit.staff)
    return await _form(visit, Filled({**nothing_given(), "series_name": "", "times": ""}))


async def create(visit: Visit) -> Response:
    """The first time it shows the days of all meetings; with `sure` they are all published."""
    must_organise(visit.staff)
    filled = read_new(visit)
    filled.given |= {"series_name": visit.text("series_name", _NAME), "times": visit.text("times", 2)}
    times = visit.number("times") or 0
    if len(filled.given["series_name"]) < 2:
        filled.wrong.append("系列的名字至少两个字。")
    if not 2 <= times <= series_handler.MOST:
        filled.wrong.append(f"一共几次？填 2 到 {series_handler.MOST}。")
    if not filled.wrong and filled.values["starts_at"] <= visit.now:
        filled.wrong.append("第一次的时间已经过了。")
    if filled.wrong:
        return await _form(visit, filled)
    if visit.text("sure", 3) != "yes":
        return visit.page("series_days.html", **await visit.read(_preview, visit, filled, times), given=filled.given)

    def work(tx: Transaction) -> int:
        draft = draft_of(tx, visit, filled)
        starts, _ = series.days(draft.starts_at, times, need_clock.overrides(tx))
        made = series.create(tx, filled.given["series_name"], draft.type, draft.organisation_id, draft.point_id)
        series_handler.publish(tx, made, draft, starts, _acting(visit), visit.now)
        return made

    made = await visit.write(work)
    visit.wake()
    return visit.goes_to(f"/console/events/series/{made}?said={times} 次都发布好了。")


async def hand_out(visit: Visit) -> Response:
    """A file more; with `tell` those who come hear of it."""
    wrong: list[str] = [] if was_sent(visit) else ["请选一个文件。"]
    file = await sent_file(visit, wrong)

    def work(tx: Transaction) -> str:
        found, actor = _kept_by(tx, visit)
        if file is None:
            return ""
        name, media = file
        handout = handouts.add(tx, found.id, _called(visit, name), media.media_type, media.content, actor, visit.now)
        told = handouts.readers(tx, found.id) if visit.text("tell", 3) == "yes" else []
        handouts_handler.tell(tx, found, handout, told, visit.now)
        return f"放好了。{f'已经安排告诉 {len(told)} 位。' if told else ''}"

    said = await visit.write(work)
    if wrong:
        return await series_page.shown(visit, wrong="".join(wrong))
    visit.wake()
    return visit.goes_to(f"/console/events/series/{visit.path_number()}?said={said}")


async def handout(visit: Visit) -> Response:
    def look(tx: Transaction) -> tuple[Handout, bytes]:
        if not series_page.may_see(visit.staff, series.get(tx, visit.path_number())):
            raise NotFound("系列")
        found = _of_series(tx, visit)
        return found, handouts.content(tx, found.id)

    found, content = await visit.read(look)
    return as_file(content, found.media_type, found.name)


async def take_back(visit: Visit) -> Response:
    def work(tx: Transaction) -> None:
        _, actor = _kept_by(tx, visit)
        handouts.remove(tx, _of_series(tx, visit).id, actor, visit.now)

    await visit.write(work)
    return visit.goes_to(f"/console/events/series/{visit.path_number()}?said=删掉了。")


async def _form(visit: Visit, filled: Filled) -> Response:
    parts = {"event": None, "following": 0, "given": filled.given, "wrong": filled.wrong, "most": series_handler.MOST}
    return visit.page("event_form.html", 422 if filled.wrong else 200, **{**await choices(visit), **parts})


def _preview(tx: Transaction, visit: Visit, filled: Filled, times: int) -> dict[str, object]:
    draft = draft_of(tx, visit, filled)
    starts, skipped = series.days(draft.starts_at, times, need_clock.overrides(tx))
    return {"draft": draft, "starts": starts, "skipped": skipped}


def _acting(visit: Visit) -> series_handler.Acting:
    def acting(event: Event) -> Actor:
        return visit.staff.acting_on(event, ORGANISERS)

    return acting


def _kept_by(tx: Transaction, visit: Visit) -> tuple[Series, Actor]:
    """The series, and in which role it is this person's. Raises `NotFound`, `NotAllowed`."""
    found = series.get(tx, visit.path_number())
    if not series_page.may_see(visit.staff, found):
        raise NotFound("系列")
    role = next((grant.role for grant in visit.staff.grants if reaches(grant, found)), None)
    if role is None:
        raise NotAllowed(TITLES["organiser"])
    return found, visit.staff.actor(role)


def _of_series(tx: Transaction, visit: Visit) -> Handout:
    found = handouts.get(tx, visit.path_number("handout"))
    if found.series_id != visit.path_number():
        raise NotFound("讲义")
    return found


def _called(visit: Visit, name: str) -> str:
    """What staff call it, with the ending of what it is."""
    given = visit.text("name", _NAME)
    return f"{given}.{name.rpartition('.')[2]}" if given else name
