"""The sample's places: 45 communities, 67 invented points, and the organisations that host its events."""

import csv
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files

from sqlalchemy import insert, select

from storage.database import Transaction
from storage.schema.organisations import organisations
from storage.schema.places import communities, service_points
from storage.upsert import upsert

_KINDS = {"社区服务窗口": "community_window", "物业办公场所": "property_office"}
_BRANCHES = ("三亚湾", "海坡", "春园", "友谊路", "金鸡岭", "光明")

_ADD_COMMUNITY = upsert(communities, ["code"])
_CODES = select(communities.c.display_name, communities.c.code)
_ADD_POINT = upsert(service_points, ["code"])
_POINTS = select(service_points.c.code, service_points.c.id)
_ADD_ORGANISATION = insert(organisations).returning(organisations.c.id)


@dataclass(frozen=True, slots=True)
class Ground:
    """Where the sample takes place. `branch_of` gives the branch in which members of a community take part."""

    communities: dict[str, str]  # display name -> code
    points: dict[str, int]  # code -> id
    organisations: dict[str, int]  # short name -> id
    branch_of: dict[str, int]  # display name of a community -> id


def lay_out(tx: Transaction, now: datetime) -> Ground:
    """Keep what is missing; communities and points that are there already stay as they are."""
    tx.execute(_ADD_COMMUNITY(tx), [{**row, "active": True} for row in _rows("communities.csv")])
    codes = {row.display_name: row.code for row in tx.execute(_CODES)}
    tx.execute(_ADD_POINT(tx), [_point(row, codes, now) for row in _rows("service_points.sample.csv")])
    points = {row.code: row.id for row in tx.execute(_POINTS)}
    hosts = _organise(tx, codes)
    branches = {f"{name}社区": hosts[name] for name in _BRANCHES}
    branch_of = {name: branches.get(name, hosts["综合"]) for name in codes}
    return Ground(codes, points, hosts, branch_of)


def _rows(name: str) -> list[dict[str, str]]:
    text = files("storage.demo").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


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


def _organise(tx: Transaction, codes: dict[str, str]) -> dict[str, int]:
    def add(name: str, kind: str, parent: int | None = None, community: str | None = None) -> int:
        row = {
            "name": f"{name}（示例）",
            "kind": kind,
            "parent_id": parent,
            "community_code": codes[community] if community else None,
            "active": True,
            "is_sample": True,
        }
        return int(tx.execute(_ADD_ORGANISATION, row).scalar_one())

    root = add("天涯区候鸟党委", "committee")
    bay = add("三亚湾片区候鸟党总支", "general_branch", root)
    town = add("城区片区候鸟党总支", "general_branch", root)
    hosts = {"党委": root, "综合": add("综合候鸟党支部", "branch", root)}
    for name in _BRANCHES:
        parent = bay if name in ("三亚湾", "海坡") else town
        hosts[name] = add(f"{name}社区候鸟党支部", "branch", parent, f"{name}社区")
        add(f"{name}社区候鸟党支部第一党小组", "group", hosts[name], f"{name}社区")
    hosts["单位"] = add("示例单位机关党支部", "unit", None, "光明社区")
    return hosts
