"""Days on which a service point is closed, put down and taken back by those who keep it."""

from datetime import date, timedelta

from starlette.responses import Response

from bot.console.access import POINT_KEEPERS
from bot.console.point_forms import shown
from bot.console.visit import Visit
from storage import closures, events, point_keeping
from storage.database import Transaction
from storage.scrub import scrub
from storage.times import day_ends, day_starts, local_date

_LONGEST = timedelta(days=366)
_LOOKED_AHEAD = timedelta(days=60)


async def close(visit: Visit) -> Response:
    """Without `last` until somebody says otherwise. Whatever is to take place there then is named."""
    first, last = _day(visit.text("first", 10)), _day(visit.text("last", 10))
    if first is None or (last is None and visit.text("last", 10)):
        return await shown(visit, "日子没看懂，比如：2027-02-05。")
    if last is not None and not first <= last <= first + _LONGEST:
        return await shown(visit, "结束不能早于开始，最长一年。")

    def work(tx: Transaction) -> list[str]:
        point = point_keeping.kept_by(tx, visit.path_number(), visit.staff.points(*POINT_KEEPERS))
        actor = visit.staff.actor(visit.staff.first_of(POINT_KEEPERS))
        closures.close(tx, point.id, first, last, scrub(visit.text("note", 60))[0], actor, visit.now)
        begins = day_starts(max(first, local_date(visit.now)))
        meant = events.between(tx, begins, day_ends(last or first + _LOOKED_AHEAD))
        return [event.title for event in meant if event.point_id == point.id and event.state == "published"]

    coming = await visit.write(work)
    also = f"那几天这里还要办{'、'.join(f'《{title}》' for title in coming[:3])}等 {len(coming)} 场，请看看要不要改。"
    return _back(visit, f"记下了，居民问起来就知道。{also if coming else ''}")


async def reopen(visit: Visit) -> Response:
    def work(tx: Transaction) -> None:
        point = point_keeping.kept_by(tx, visit.path_number(), visit.staff.points(*POINT_KEEPERS))
        actor = visit.staff.actor(visit.staff.first_of(POINT_KEEPERS))
        closures.reopen(tx, point.id, visit.path_number("closure"), actor, visit.now)

    await visit.write(work)
    return _back(visit, "去掉了，照开放时间开。")


def _back(visit: Visit, said: str) -> Response:
    return visit.goes_to(f"/console/points/{visit.path_number()}?said={said}")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
