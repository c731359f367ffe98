"""Settings of the house: days off entered by hand, the second yes of broadcasts, names people have for places."""

from datetime import date, timedelta

from starlette.responses import Response

from bot.console.access import DISTRICT
from bot.console.point_forms import DATUMS
from bot.console.visit import Visit
from storage import broadcasts, holidays, landmarks
from storage.broadcasts import Caps
from storage.database import Transaction
from storage.geography import Datum, Place
from storage.times import local_date

_LONGEST = timedelta(days=40)
_MOST_RECIPIENTS = 5000
_MOST_A_WEEK = 14
_FIELDS = ("from", "to", "works", "note", "above", "a_day", "a_week", "name", "latitude", "longitude", "datum")
_DATUM: dict[str, Datum] = {"gcj02": "gcj02", "wgs84": "wgs84"}


async def page(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, wrong: str = "") -> Response:
    """With `wrong`, what was filled in stays where it was."""

    def look(tx: Transaction) -> dict[str, object]:
        today = local_date(visit.now)
        return {
            "overrides": [each for each in holidays.listed(tx) if each.day.year >= today.year - 1],
            "guessed": holidays.guessed(tx, today),
            "approval_above": broadcasts.approval_above(tx),
            "caps": broadcasts.caps(tx),
            "hours": "、".join(
                f"{begins:%H:%M}—{ends:%H:%M}" for begins, ends in (tx.hours.morning, tx.hours.afternoon)
            ),
            "places": landmarks.listed(tx),
            "datums": DATUMS,
        }

    given = {name: visit.text(name, 30) for name in _FIELDS}
    return visit.page("settings.html", 422 if wrong else 200, **await visit.read(look), wrong=wrong, given=given)


async def put_days(visit: Visit) -> Response:
    """A day, or all from one to another."""
    first, works = _day(visit.text("from", 10)), visit.text("works", 3) == "yes"
    last = _day(visit.text("to", 10)) or first
    if first is None or last is None or last < first or last - first > _LONGEST:
        return await _shown(visit, "日子没填对：结束不能早于开始，一次最多四十天。")

    def work(tx: Transaction) -> int:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        return holidays.put(tx, first, last, works, visit.text("note", 30), actor, visit.now)

    moved = await visit.write(work)
    return _back(visit, "记下了。" + (f"{moved} 件难处的到期时间跟着挪了。" if moved else ""))


async def drop_day(visit: Visit) -> Response:
    day = _day(visit.text("day", 10))
    if day is None:
        return _back(visit, "没有这一天。")

    def work(tx: Transaction) -> int:
        return holidays.drop(tx, day, visit.staff.actor(visit.staff.first_of(DISTRICT)), visit.now)

    await visit.write(work)
    return _back(visit, "去掉了，照日历算。")


async def set_approval(visit: Visit) -> Response:
    above = visit.number("above")
    if above is None or above > _MOST_RECIPIENTS:
        return await _shown(visit, f"请填 0 到 {_MOST_RECIPIENTS} 的数字。")

    def work(tx: Transaction) -> None:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        broadcasts.ask_approval_above(tx, above, actor, visit.now)

    await visit.write(work)
    return _back(visit, f"记下了：超过 {above} 人的群发，要第二个人同意。")


async def set_caps(visit: Visit) -> Response:
    """How many broadcasts anybody gets in a day and in a week."""
    a_day, a_week = visit.number("a_day") or 0, visit.number("a_week") or 0
    if not 1 <= a_day <= a_week <= _MOST_A_WEEK:
        return await _shown(visit, f"一天至少 1 条，一周不少于一天的，最多 {_MOST_A_WEEK} 条。")

    def work(tx: Transaction) -> None:
        actor = visit.staff.actor(visit.staff.first_of(DISTRICT))
        broadcasts.set_caps(tx, Caps(a_day, a_week), actor, visit.now)

    await visit.write(work)
    return _back(visit, f"记下了：一个人一天最多收 {a_day} 条群发，一周最多 {a_week} 条。紧急通知不算。")


async def add_place(visit: Visit) -> Response:
    name, datum = visit.text("name", 30), visit.text("datum", 8)
    try:
        place = Place(float(visit.text("latitude", 12)), float(visit.text("longitude", 12)), _DATUM[datum])
    except (ValueError, KeyError):
        return await _shown(visit, "坐标要写成数字，还要选坐标系。")
    if len(name) < 2:
        return await _shown(visit, "名字至少两个字，比如：海月广场。")

    def work(tx: Transaction) -> None:
        landmarks.add(tx, name, place, visit.staff.actor(visit.staff.first_of(DISTRICT)), visit.now)

    await visit.write(work)
    return _back(visit, f"记下了，居民说“{name}”就找得到附近的服务点。")


async def drop_place(visit: Visit) -> Response:
    def work(tx: Transaction) -> None:
        landmarks.drop(tx, visit.path_number(), visit.staff.actor(visit.staff.first_of(DISTRICT)), visit.now)

    await visit.write(work)
    return _back(visit, "去掉了。")


def _back(visit: Visit, said: str) -> Response:
    return visit.goes_to(f"/console/settings?said={said}")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
