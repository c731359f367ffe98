"""What the short words that are stored are called on paper."""

from collections.abc import Mapping
from types import MappingProxyType

RESIDENCES: Mapping[str, str] = MappingProxyType({"seasonal": "候鸟", "local": "常住"})
VERIFICATIONS: Mapping[str, str] = MappingProxyType(
    {"self_reported": "本人填报", "verified": "已核实", "not_confirmed": "未确认"}
)
MEMBER_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "mobile_member": "流动党员",
        "short_stay_member": "短期候鸟党员",
        "transferred_member": "组织关系已转入",
        "local_member": "本地党员",
        "non_member": "群众",
    }
)
POINT_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "community_window": "社区服务窗口",
        "property_office": "物业办公场所",
        "station": "驿站",
        "day_care": "日间照料中心",
        "party_centre": "党群服务中心",
    }
)


def kind_of_person(party_member: bool | None, residence: str | None) -> str:
    """类别 on a sheet: 候鸟党员, 本地党员, 候鸟群众, 常住群众; 候鸟 or 常住 where membership is not to be read."""
    where = RESIDENCES.get(residence or "", "")
    if party_member is None:
        return where
    if party_member:
        return "候鸟党员" if residence == "seasonal" else "本地党员"
    return f"{where}群众"
