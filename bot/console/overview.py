"""The first page: the season in a sentence, this week, and what waits for whom."""

from dataclasses import dataclass
from datetime import timedelta

from starlette.responses import Response

from bot.console import calls, polls, wishes
from bot.console.access import CALLERS, COUNTERS, DISTRICT, NEED_WORKERS, POINT_KEEPERS, WISH_WORKERS
from bot.console.events import sees
from bot.console.visit import Visit
from reports.counts import Counts
from reports.periods import Period
from reports.remembered import Remembered
from storage import assignments, broadcasts, events, holidays, missed, need_rulings, sending, service_menus
from storage.database import Transaction
from storage.times import day_ends, day_starts, local_date


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that waits for this person, and where it is done."""

    label: str
    count: int
    path: str


class Overview:
    def __init__(self, remembered: Remembered) -> None:
        self._remembered = remembered

    async def page(self, visit: Visit) -> Response:
        parts = await visit.read(self._look, visit)
        return visit.page("overview.html", **parts)

    def _look(self, tx: Transaction, visit: Visit) -> dict[str, object]:
        today = local_date(visit.now)
        season = Period.season_around(today)
        counted: list[Counts] = []
        if visit.staff.holds(*COUNTERS):
            counted = [self._remembered.counts(tx, season)]
            before = self._remembered.counts(tx, Period.season(season.first.year - 1))
            # Until something was held this season, the last one is what people want to see.
            counted = [*counted, before] if counted[0].total.events else [before]
        monday = today - timedelta(days=today.weekday())
        begins, ends = day_starts(monday), day_ends(monday + timedelta(days=6))
        week = [event for event in events.between(tx, begins, ends) if sees(visit.staff, event)]
        stand = events.stand(tx, [event.id for event in week])
        return {
            "seasons": counted,
            "week": [(event, *stand[event.id]) for event in week],
            "waiting": [each for each in _waiting(tx, visit) if each.count],
            "is_paused": sending.is_paused(tx),
        }


def _waiting(tx: Transaction, visit: Visit) -> list[Waiting]:
    staff, now = visit.staff, visit.now
    found = []
    if staff.holds(*CALLERS):
        found.append(Waiting("个电话要打", len(calls.of(tx, visit)), "/console/calls"))
    if staff.holds(*NEED_WORKERS):
        mine = len(assignments.work_of(tx, staff.person_id))
        found.append(Waiting("件难处在您手上", mine, "/console/needs?whose=mine"))
    if staff.holds(*DISTRICT):
        found.append(Waiting("件难处等着派", len(need_rulings.unassigned(tx)), "/console/needs?whose=unassigned"))
        asked = [
            each for each in broadcasts.recent(tx, 100) if each.state == "asked" and each.made_by != staff.person_id
        ]
        found.append(Waiting("条群发等您同意", len(asked), "/console/broadcasts"))
        lost = missed.count(tx, now - timedelta(days=7), now)
        found.append(Waiting("条消息七天内没送到", lost, "/console/undelivered"))
        guessed = holidays.guessed(tx, local_date(now))
        found.append(Waiting("个年份的放假安排要录", len(guessed), "/console/settings"))
    if staff.holds(*POINT_KEEPERS) and (without := service_menus.missing_next(tx, local_date(now))):
        reached = staff.points(*POINT_KEEPERS)
        mine = len(without if reached is None else reached.intersection(without))
        found.append(Waiting("个服务点下月的菜单没写", mine, "/console/menus?month=next"))
    if staff.holds(*WISH_WORKERS):
        found.append(Waiting("个心愿等您办", len(wishes.to_work_on(tx, staff)), "/console/wishes"))
        found.append(Waiting("条建议等着答复", len(polls.to_answer(tx, staff)), "/console/polls"))
    return found
