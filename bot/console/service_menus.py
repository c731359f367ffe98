"""Monthly menus at the console: what each point offers, written by its keepers, to be looked at and printed."""

from datetime import date

from starlette.responses import Response

from bot.console import texts
from bot.console.access import POINT_KEEPERS
from bot.console.visit import Visit
from storage import point_keeping, points, service_menus
from storage.database import Transaction
from storage.scrub import scrub
from storage.times import local_date


async def listing(visit: Visit) -> Response:
    """?month=2026-12: each point with its menu, and those that have none yet."""
    month = _month(visit, visit.asked("month", 7))

    def look(tx: Transaction) -> dict[str, object]:
        menus = service_menus.of_month(tx, month)
        places = points.active(tx)
        return {
            "written": [(point, menus[point.id]) for point in places if point.id in menus],
            "missing": [point for point in places if point.id not in menus],
        }

    kept = visit.staff.points(*POINT_KEEPERS)  # None is every one
    return visit.page("menus.html", **await visit.read(look), month=month, kept=kept, **_around(month))


async def form(visit: Visit) -> Response:
    """Begins with what stands there, else with the month before."""
    month = _month(visit, visit.asked("month", 7))

    def look(tx: Transaction) -> dict[str, object]:
        point = point_keeping.kept_by(tx, visit.path_number(), visit.staff.points(*POINT_KEEPERS))
        menu = service_menus.of(tx, point.id, month)
        before = None if menu is not None else service_menus.last_before(tx, point.id, month)
        return {"point": point, "written": menu, "before": before}

    parts = await visit.read(look)
    return visit.page("menu_form.html", **parts, month=month, wrong="", text=None, **_around(month))


async def write(visit: Visit) -> Response:
    month, text = _month(visit, visit.text("month", 7)), visit.text("items", 3000)
    items = service_menus.read_items(text)
    wrong = (
        texts.NEVER_KEPT if scrub(text)[1] else "" if items else "还没有写一样服务。一行写一样，比如：周二上午 义诊。"
    )

    def work(tx: Transaction) -> dict[str, object]:
        point = point_keeping.kept_by(tx, visit.path_number(), visit.staff.points(*POINT_KEEPERS))
        if not wrong:
            actor = visit.staff.actor(visit.staff.first_of(POINT_KEEPERS))
            service_menus.keep(tx, point.id, month, items, actor, visit.now)
        return {"point": point, "written": service_menus.of(tx, point.id, month), "before": None}

    parts = await visit.write(work)
    if wrong:
        kept = "" if scrub(text)[1] else text
        return visit.page("menu_form.html", 422, **parts, month=month, wrong=wrong, text=kept, **_around(month))
    return visit.goes_to(
        f"/console/menus?month={month:%Y-%m}&said={month.month}月的菜单写好了，居民问“本月菜单”就看得到。"
    )


def _month(visit: Visit, text: str) -> date:
    """2026-12, or `next`; else this month."""
    if text == "next":
        return service_menus.following(service_menus.first_of(local_date(visit.now)))
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        return service_menus.first_of(local_date(visit.now))


def _around(month: date) -> dict[str, date]:
    before = date(month.year - (month.month == 1), month.month - 1 or 12, 1)
    return {"before_month": before, "after_month": service_menus.following(month)}
