"""A service point at the console: what residents are told of it, and its keepers changing that."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import Response

from bot.console import texts
from bot.console.access import DISTRICT, POINT_KEEPERS
from bot.console.visit import Visit
from storage import communities, opening_hours, point_import, point_keeping, points, residents, service_menus
from storage.database import Transaction
from storage.geography import Place
from storage.point_keeping import ALL, DAILY
from storage.points import KINDS, ServicePoint
from storage.scrub import scrub
from storage.times import local_date

DATUMS = {"gcj02": "GCJ-02（高德、腾讯地图、微信）", "wgs84": "WGS-84（手机定位、GPS）"}
_TEXTS = {"name": 80, "address": 120, "phone": 24, "hours": 200, "services": 600, "note": 600}
_MAY_BE_EMPTY = {"duty_person": 40, "duty_phone": 24}
_OTHERS = {"kind": 24, "community_code": 12, "latitude": 12, "longitude": 12, "datum": 8, "active": 3}
_OTHERS |= {"step_free": 3, "toilet": 3}
_NEEDED = {"phone": "电话", "hours": "开放时间", "name": "名称", "address": "地址"}
_YES_NO = {"yes": True, "no": False}


@dataclass(slots=True)
class Filled:
    """What was filled in. `wrong` cannot be used; `doubtful` is kept once somebody looked at it."""

    given: Mapping[str, str]
    values: dict[str, Any] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    doubtful: list[str] = field(default_factory=list)


async def detail(visit: Visit) -> Response:
    return await shown(visit)


async def shown(visit: Visit, wrong: str = "") -> Response:
    """The page of a point. With `wrong`, what was filled in of days to be closed stays where it was."""
    month = service_menus.first_of(local_date(visit.now))

    def look(tx: Transaction) -> dict[str, object]:
        point = points.get(tx, visit.path_number())
        menus = [(each, service_menus.of(tx, point.id, each)) for each in (month, service_menus.following(month))]
        names = residents.community_names(tx)
        return {"point": point, "community": names.get(point.community_code or "", ""), "menus": menus}

    parts: dict[str, object] = await visit.read(look)
    parts |= {"kinds": KINDS, "datums": DATUMS, "may_keep": keeps(visit, visit.path_number()), "wrong": wrong}
    given = {name: visit.text(name, 60) for name in ("first", "last", "note")}
    return visit.page("point.html", 422 if wrong else 200, **parts, given=given, today=local_date(visit.now))


def keeps(visit: Visit, point_id: int) -> bool:
    reached = visit.staff.points(*POINT_KEEPERS)
    return reached is None or point_id in reached


async def change_form(visit: Visit) -> Response:
    def look(tx: Transaction) -> ServicePoint:
        return point_keeping.kept_by(tx, visit.path_number(), visit.staff.points(*POINT_KEEPERS))

    point = await visit.read(look)
    return visit.page("point_form.html", **await _about(visit, point, Filled(_given(point))))


async def change(visit: Visit) -> Response:
    """What looks wrong is said first, and kept only when it is sent once more with `sure`."""

    def work(tx: Transaction) -> tuple[ServicePoint, Filled, list[str]]:
        point = point_keeping.kept_by(tx, visit.path_number(), visit.staff.points(*POINT_KEEPERS))
        filled = _read(tx, visit, point)
        if filled.wrong or (filled.doubtful and visit.text("sure", 3) != "yes"):
            return point, filled, []
        filled.doubtful.clear()
        actor = visit.staff.actor(visit.staff.first_of(POINT_KEEPERS))
        return point, filled, point_keeping.change(tx, point.id, filled.values, actor, visit.now)

    point, filled, changed = await visit.write(work)
    if filled.wrong or filled.doubtful:
        return visit.page("point_form.html", 422, **await _about(visit, point, filled))
    said = "改好了，居民马上看到新的。" if changed else "没有什么要改的。"
    return visit.goes_to(f"/console/points/{point.id}?said={said}")


def _read(tx: Transaction, visit: Visit, point: ServicePoint) -> Filled:
    lengths = {**_TEXTS, **_MAY_BE_EMPTY, **_OTHERS}
    mine = ALL if visit.staff.is_district else DAILY
    given = {name: visit.text(name, at_most) for name, at_most in lengths.items()}
    filled = Filled(given)
    if any(scrub(text)[1] for text in given.values()):
        return Filled(_given(point), wrong=[texts.NEVER_KEPT])
    filled.values |= {name: given[name] for name in _TEXTS} | {name: given[name] or None for name in _MAY_BE_EMPTY}
    filled.values |= {name: _YES_NO.get(given[name]) for name in ("step_free", "toilet")}
    filled.values |= {"kind": given["kind"], "community_code": given["community_code"] or None}
    filled.values["active"] = given["active"] == "yes"
    filled.wrong += [f"没有写{label}。" for name, label in _NEEDED.items() if name in mine and not given[name]]
    if given["hours"] and opening_hours.read(given["hours"]) is None:
        filled.doubtful.append("开放时间看不懂，问“现在开门吗”时不会答。写成：周一至周五 08:30-12:00；14:30-17:30")
    if visit.staff.is_district:
        if given["kind"] not in KINDS:
            filled.wrong.append("请选一个种类。")
        if given["community_code"] and communities.get(tx, given["community_code"]) is None:
            filled.wrong.append("没有这个社区。")
        _read_place(tx, point, filled)
    filled.values = {name: value for name, value in filled.values.items() if name in mine}
    return filled


def _read_place(tx: Transaction, point: ServicePoint, filled: Filled) -> None:
    latitude, longitude, datum = (filled.given[name] for name in ("latitude", "longitude", "datum"))
    if not latitude and not longitude:
        filled.values |= {"latitude": None, "longitude": None}  # without a fixed position, such as a boat
        return
    if datum not in DATUMS:
        filled.wrong.append("有坐标，没选坐标系：差错会有四五百米。")
        return
    try:
        place = Place(float(latitude), float(longitude), "gcj02" if datum == "gcj02" else "wgs84")
    except ValueError:
        filled.wrong.append("坐标不是数字，比如：18.2528 和 109.5119。")
        return
    doubts = point_keeping.doubts(tx, place, filled.values["community_code"], point)
    said = [f"{each}。" for each in point_import.in_words(doubts)]
    (filled.wrong if doubts.outside else filled.doubtful).extend(said)
    filled.values |= {"latitude": place.latitude, "longitude": place.longitude, "datum": place.datum}


def _given(point: ServicePoint) -> dict[str, str]:
    return {name: _shown(getattr(point, name)) for name in (*_TEXTS, *_MAY_BE_EMPTY, *_OTHERS)}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


async def _about(visit: Visit, point: ServicePoint, filled: Filled) -> dict[str, object]:
    return {
        "point": point,
        "given": filled.given,
        "wrong": filled.wrong,
        "doubtful": filled.doubtful,
        "kinds": KINDS,
        "datums": DATUMS,
        "communities": await visit.read(communities.names),
        "is_district": visit.staff.holds(*DISTRICT),
    }
