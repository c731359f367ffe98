"""Takes service points in from a list: what is new, what changes, and what cannot be right. Rule: domain 5."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import bindparam, func, insert, select, update

from storage import audit, communities, opening_hours, point_keeping, points
from storage.audit import Actor
from storage.database import Transaction
from storage.geography import Datum, Place
from storage.schema.places import service_points as table

HEADERS: Mapping[str, tuple[str, ...]] = {
    "code": ("编号", "编码", "代码", "服务点编号"),
    "name": ("名称", "服务点名称", "服务点", "点名"),
    "kind": ("类型", "种类", "类别"),
    "community": ("社区", "所属社区", "社区村", "所在社区"),
    "address": ("地址", "详细地址", "位置"),
    "latitude": ("纬度", "lat"),
    "longitude": ("经度", "lng", "lon"),
    "latitude_wgs84": ("lat_wgs84", "纬度wgs84"),
    "longitude_wgs84": ("lng_wgs84", "经度wgs84"),
    "latitude_gcj02": ("lat_gcj02", "纬度gcj02"),
    "longitude_gcj02": ("lng_gcj02", "经度gcj02"),
    "datum": ("坐标系", "坐标基准"),
    "phone": ("电话", "联系电话", "值班电话", "联系方式", "手机号"),
    "hours": ("开放时间", "时间", "服务时间", "办公时间"),
    "services": ("服务", "服务内容", "服务项目"),
    "duty_person": ("值班人员", "值班人", "负责人"),
    "note": ("备注", "说明", "source_note"),
}
Verdict = Literal["new", "same", "changed", "bad"]
_KINDS = {label: code for code, label in points.KINDS.items()} | {code: code for code in points.KINDS}
_DATUMS: Mapping[str, Datum] = {
    "wgs84": "wgs84",
    "wgs-84": "wgs84",
    "gps": "wgs84",
    "gcj02": "gcj02",
    "gcj-02": "gcj02",
    "高德": "gcj02",
    "腾讯": "gcj02",
    "火星": "gcj02",
}
_NEEDED = {"code": "编号", "name": "名称", "address": "地址", "phone": "电话", "hours": "开放时间"}
_SAMPLE = "示例数据"
_COMPARED = (
    *("name", "kind", "community_code", "address", "latitude", "longitude", "datum"),
    *("phone", "hours", "services", "duty_person", "note"),
)

_BY_CODE = select(table).where(table.c.code == bindparam("given_code"))
_ADD = insert(table)
_SAMPLES = select(func.count()).where(table.c.is_sample, table.c.active)
_RETIRE = update(table).where(table.c.is_sample, table.c.active).values(active=False)


@dataclass(slots=True)
class Judged:
    """A line of the list. `says` is, in Chinese, what is wrong with it or what would change."""

    number: int
    verdict: Verdict
    called: str
    says: list[str] = field(default_factory=list)
    row: dict[str, Any] = field(default_factory=dict)


def judge(tx: Transaction, lines: Sequence[tuple[int, Mapping[str, str]]]) -> list[Judged]:
    """Each line, by its number in the file."""
    seen: set[str] = set()
    judged = []
    for number, given in lines:
        one = _judged(tx, number, given)
        code = one.row.get("code", "")
        if code in seen:
            one.verdict, one.says = "bad", [f"编号 {code} 前面有过了"]
        seen.add(code)
        judged.append(one)
    return judged


def take_in(tx: Transaction, judged: Sequence[Judged], actor: Actor, now: datetime) -> int:
    """Keep what is new or changed. With real points come, the sample ones are taken off; returns how many."""
    for one in judged:
        if one.verdict == "new":
            tx.execute(_ADD, {**one.row, "active": True, "updated_at": now})
        elif one.verdict == "changed":
            values = {**one.row, "active": True, "updated_at": now}
            tx.execute(update(table).where(table.c.code == one.row["code"]).values(values))
        else:
            continue
        audit.note(tx, actor, "point.import", f"point {one.row['code']}"[:60], now, after={"says": one.says or "new"})
    if not any(one.verdict in ("new", "changed", "same") and not one.row["is_sample"] for one in judged):
        return 0
    retired = int(tx.execute(_SAMPLES).scalar_one())
    if retired:
        tx.execute(_RETIRE)
        audit.note(tx, actor, "point.retire", "sample points", now, after={"points": retired})
    return retired


def _judged(tx: Transaction, number: int, given: Mapping[str, str]) -> Judged:
    wrong: list[str] = []
    for name, what in (
        ("code", "编号"),
        ("name", "名称"),
        ("address", "地址"),
        ("phone", "电话"),
        ("hours", "开放时间"),
    ):
        if not given[name]:
            wrong.append(f"没有{what}")
    kind = _KINDS.get(given["kind"] or "community_window")
    if kind is None:
        wrong.append(f"不认得类型“{given['kind']}”")
    community = _community(tx, given["community"], wrong)
    place = _place(given, wrong)
    row: dict[str, Any] = {
        "code": given["code"][:24],
        "name": given["name"][:80],
        "kind": kind,
        "community_code": community,
        "address": given["address"][:120],
        "latitude": place.latitude if place else None,
        "longitude": place.longitude if place else None,
        "datum": place.datum if place else "wgs84",
        "phone": given["phone"][:24],
        "hours": given["hours"][:200],
        "services": given["services"],
        "duty_person": given["duty_person"][:40] or None,
        "note": given["note"],
        "is_sample": any(_SAMPLE in text for text in given.values()),
    }
    called = given["name"] or given["code"] or f"第 {number} 行"
    if wrong:
        return Judged(number, "bad", called, wrong, row)
    known = tx.execute(_BY_CODE, {"given_code": row["code"]}).first()
    hint = [] if opening_hours.read(row["hours"]) else ["开放时间看不懂，问“现在开门吗”时不会答"]
    if place is not None:
        before = None if known is None else points.by_code(tx, row["code"])
        hint += in_words(point_keeping.doubts(tx, place, community, before))
    if known is None:
        return Judged(number, "new", called, hint, row)
    before = known._mapping
    changes = [f"{name}：{before[name]} → {row[name]}" for name in _COMPARED if _differs(before[name], row[name])]
    if not before["active"]:
        changes.append("重新启用")
    return Judged(number, "changed" if changes else "same", called, changes + hint if changes else [], row)


def in_words(doubts: point_keeping.Doubts) -> list[str]:
    """What makes a position look wrong, in Chinese."""
    said = []
    if doubts.outside:
        said.append("坐标不在天涯区，请看看经纬度有没有写反、坐标系对不对")
    if doubts.far_from_community is not None:
        said.append(f"离本社区别的服务点有 {doubts.far_from_community / 1000:.1f} 公里，请核对位置")
    if doubts.moved is not None and doubts.moved_like_datum:
        said.append(f"位置挪了约 {round(doubts.moved, -1):.0f} 米，正好像坐标系写错了，请核对")
    elif doubts.moved is not None and doubts.moved >= 1000:
        said.append(f"位置挪了 {doubts.moved / 1000:.1f} 公里，请核对")
    return said


def _differs(before: Any, after: Any) -> bool:
    return (before or None) != (after or None)


def _community(tx: Transaction, said: str, wrong: list[str]) -> str | None:
    if not said:
        return None
    found = communities.find(tx, said)
    if len(found) == 1:
        return found[0].code
    wrong.append(f"不认得社区“{said}”" if not found else f"社区“{said}”有几个，请写全名")
    return None


def _place(given: Mapping[str, str], wrong: list[str]) -> Place | None:
    latitude, longitude, datum = given["latitude"], given["longitude"], _DATUMS.get(given["datum"].lower())
    for named in ("wgs84", "gcj02"):
        if given[f"latitude_{named}"]:
            latitude, longitude, datum = given[f"latitude_{named}"], given[f"longitude_{named}"], _DATUMS[named]
    if not latitude and not longitude:
        return None  # a point without a fixed position, such as a boat
    if datum is None:
        wrong.append("有坐标，没写坐标系（WGS-84 还是 GCJ-02）：差错会有四五百米")
        return None
    try:
        place = Place(float(latitude), float(longitude), datum)
    except ValueError:
        wrong.append("坐标不是数字")
        return None
    if points.is_outside(place):
        wrong.extend(in_words(point_keeping.Doubts(outside=True)))
    return place
