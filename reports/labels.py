"""What the short words that are stored are called on paper."""

from collections.abc import Mapping
from types import MappingProxyType

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "members_meeting": "党员大会",
        "committee_meeting": "支委会",
        "group_meeting": "党小组会",
        "party_lecture": "党课",
        "theme_day": "主题党日",
        "sunset_school": "夕阳红私塾",
        "service_market": "党群公益服务集市",
        "policy_talk": "理论宣讲",
        "volunteering": "志愿服务",
        "free_clinic": "义诊",
        "arts_sports": "文体",
        "deliberation": "议事",
        "drill": "应急演练",
        "study_visit": "观摩",
        "reception": "接访",
        "other": "其他",
    }
)
RESIDENCES: Mapping[str, str] = MappingProxyType({"seasonal": "候鸟", "local": "常住"})
METHODS: Mapping[str, str] = MappingProxyType(
    {"qr": "扫码", "code_word": "口令", "by_staff": "代签", "from_sheet": "补录"}
)
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


def kind_of_person(party_member: bool, residence: str | None) -> str:
    """类别 on an attendance sheet: 候鸟党员, 本地党员, 候鸟群众, 常住群众."""
    if party_member:
        return "候鸟党员" if residence == "seasonal" else "本地党员"
    return f"{RESIDENCES.get(residence or '', '')}群众"
