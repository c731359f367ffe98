"""服务点名录, as it is kept (domain rule 5)."""

from reports.attendance import Paper
from reports.sheet import Column, Row, Sheet, chinese_date
from storage import points, residents
from storage.database import Transaction
from storage.points import KINDS, ServicePoint
from storage.times import local_date

_DATUMS = {"wgs84": "WGS-84", "gcj02": "GCJ-02"}
_COLUMNS = (
    Column("序号", "text", 6),
    Column("编号", width=13),
    Column("名称", width=28),
    Column("类型", width=14),
    Column("社区", width=14),
    Column("地址", width=34),
    Column("纬度", width=10),
    Column("经度", width=10),
    Column("坐标系", width=9),
    Column("电话", "phone"),
    Column("开放时间", width=30),
    Column("服务内容", width=34),
    Column("值班人员", width=12),
    Column("无台阶", width=8),
    Column("卫生间", width=8),
    Column("暂停开放", width=22),
    Column("备注", width=12),
)


def point_list(tx: Transaction, on: Paper) -> Sheet:
    kept = points.active(tx)
    names = residents.community_names(tx)
    return Sheet(
        "服务点名录",
        _COLUMNS,
        [_row(place, point, names.get(point.community_code or "", "")) for place, point in enumerate(kept, 1)],
        heads=on.heads(f"截至{chinese_date(local_date(on.made_at))}"),
        total=lambda: ("合计", f"{len(kept)}个", *[None] * (len(_COLUMNS) - 2)),
    )


def _row(place: int, point: ServicePoint, community: str) -> Row:
    return (
        str(place),
        point.code,
        point.name,
        KINDS.get(point.kind, point.kind),
        community,
        point.address,
        "" if point.latitude is None else f"{point.latitude:.6f}",
        "" if point.longitude is None else f"{point.longitude:.6f}",
        _DATUMS[point.datum],
        point.phone,
        point.hours,
        point.services.replace(";", "；"),
        point.duty_person,
        _yes(point.step_free),
        _yes(point.toilet),
        "；".join(f"{each.first}起" + (f"，至{each.last}" if each.last else "") for each in point.closures),
        "示例数据" if point.is_sample else "",
    )


def _yes(known: bool | None) -> str:
    return "" if known is None else "有" if known else "无"
