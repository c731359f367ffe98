"""本周在琼: who is here this week, or in another one, of those the role reaches."""

from datetime import timedelta

from starlette.responses import Response

from bot.console.access import POINT_KEEPERS, SECRETARIES
from bot.console.visit import Visit
from storage import residents
from storage.times import local_date

_ON_A_PAGE = 50


async def page(visit: Visit) -> Response:
    """?week=2026-11-23&only=seasonal&page=2"""
    day = visit.asked_day("week") or local_date(visit.now)
    monday = day - timedelta(days=day.weekday())
    only_seasonal, number = visit.asked("only", 10) == "seasonal", max(1, visit.asked_number("page") or 1)
    here = await visit.read(
        residents.in_town,
        monday,
        monday + timedelta(days=6),
        point_ids=visit.staff.points(*POINT_KEEPERS),
        branch_ids=visit.staff.branches(*SECRETARIES),
        only_seasonal=only_seasonal,
        skip=(number - 1) * _ON_A_PAGE,
        at_most=_ON_A_PAGE,
    )
    last = -(-(here.seasonal if only_seasonal else here.people) // _ON_A_PAGE)
    week = {"monday": monday, "sunday": monday + timedelta(days=6)}
    week |= {"before": monday - timedelta(days=7), "after": monday + timedelta(days=7)}
    parts = {"here_now": here, "only_seasonal": only_seasonal, "page": number, "last": last, **week}
    return visit.page("in_town.html", **parts, sees_party=visit.staff.branches(*SECRETARIES))
