"""The sample's places: 45 communities, 67 invented points, and the organisations that host its events."""

import csv
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from storage import communities, organisations, points
from storage.database import Transaction
from storage.geography import Place
from storage.schema.places import service_points
from storage.upsert import upsert

_KINDS = {"社区服务窗口": "community_window", "物业办公场所": "property_office"}
_LANDMARKS = (  # roughly where they are: good enough to try the search, not to send anyone there
    ("凤凰机场", 18.3029, 109.4122),
    ("天涯海角", 18.2930, 109.3480),
    ("三亚湾椰梦长廊", 18.2650, 109.4760),
    ("海月广场", 18.2480, 109.4900),
)
_BRANCHES = ("三亚湾", "海坡", "春园", "友谊路", "金鸡岭", "光明")

_ADD_POINT = upsert(service_points, ["code"])


_HOSTS = {  # short name -> kind, name, short name of the parent
    "党委": ("committee", "天涯区候鸟党委（示例）", ""),
    "海湾": ("general_branch", "三亚湾片区候鸟党总支（示例）", "党委"),
    "城区": ("general_branch", "城区片区候鸟党总支（示例）", "党委"),
    "综合": ("branch", "综合候鸟党支部（示例）", "党委"),
    **{
        name: ("branch", f"{name}社区候鸟党支部（示例）", "海湾" if name in ("三亚湾", "海坡") else "城区")
        for name in _BRANCHES
    },
    **{f"{name}小组": ("group", f"{name}社区第一党小组（示例）", name) for name in _BRANCHES},
    "单位": ("unit", "示例单位机关党支部（示例）", ""),
}


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the sample takes place. `branch_of` gives the branch in which members of a community take part."""

    communities: dict[str, str]  # display name -> code
    points: dict[str, int]  # code -> id
    point_names: dict[str, str]  # by code
    organisations: dict[str, int]  # short name -> id
    branch_of: dict[str, int]  # display name of a community -> id


def lay_out(tx: Transaction, now: datetime) -> Ground:
    """Keep the places and organisations; communities and points that are there already stay as they are."""
    communities.lay_out(tx)
    codes = {community.display_name: community.code for community in communities.active(tx)}
    text = files("storage.demo").joinpath("service_points.sample.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    tx.execute(_ADD_POINT(tx), [_point(row, codes, now) for row in rows])
    for row in rows:
        if row["kind"] == "物业办公场所":
            estate = row["name"].removeprefix("天涯红雁之家·").removesuffix("物业点")
            points.add_landmark(tx, estate, Place(float(row["lat_wgs84"]), float(row["lng_wgs84"])), is_sample=True)
    for name, latitude, longitude in _LANDMARKS:
        points.add_landmark(tx, name, Place(latitude, longitude), is_sample=True)
    hosts: dict[str, int] = {}
    for short, (kind, name, parent) in _HOSTS.items():
        hosts[short] = organisations.add(tx, name, kind, hosts.get(parent), is_sample=True)
    return found(tx)


def found(tx: Transaction) -> Ground:
    """What `lay_out` kept."""
    codes = {community.display_name: community.code for community in communities.active(tx)}
    kept = points.active(tx)
    by_name = {organisation.name: organisation.id for organisation in organisations.active(tx)}
    hosts = {short: by_name[name] for short, (_, name, _) in _HOSTS.items()}
    branches = {f"{name}社区": hosts[name] for name in _BRANCHES}
    return Ground(
        communities=codes,
        points={point.code: point.id for point in kept},
        point_names={point.code: point.name for point in kept},
        organisations=hosts,
        branch_of={name: branches.get(name, hosts["综合"]) for name in codes},
    )


def _point(row: dict[str, str], codes: dict[str, str], now: datetime) -> dict[str, object]:
    return {
        "code": row["code"],
        "name": row["name"],
        "kind": _KINDS[row["kind"]],
        "community_code": codes[row["community"]],
        "address": row["address"],
        "latitude": float(row["lat_wgs84"]),
        "longitude": float(row["lng_wgs84"]),
        "datum": "wgs84",
        "phone": row["phone"],
        "hours": row["hours"],
        "services": row["services"],
        "duty_person": "示例值班员",
        "duty_phone": row["phone"],
        "active": True,
        "is_sample": True,
        "note": row["source_note"],
        "updated_at": now,
    }
