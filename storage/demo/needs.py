"""A few invented needs of the last days, on their way to being solved."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from storage import needs, routing
from storage.audit import Actor
from storage.database import Transaction
from storage.demo.places import Ground
from storage.needs import Told
from storage.routing import Rule

_TOLD = (  # days ago, category, community, words, place
    (9, "housing", "三亚湾社区", "电梯这几天老是停在三楼，老人上下楼不方便。（示例）", "示例小区甲"),
    (6, "medical", "海坡社区", "想问问异地看门诊怎么直接报销。（示例）", ""),
    (4, "transport", "春园社区", "公交站牌被树挡住了，看不见车次。（示例）", "春园社区门口"),
    (2, "sanitation", "友谊路社区", "楼下垃圾桶满了没人收。（示例）", "示例小区甲"),
    (1, "learning", "光明社区", "想学用手机订火车票，什么时候再开课？（示例）", ""),
)


def keep(
    tx: Transaction, now: datetime, ground: Ground, staff: Mapping[str, int], residents: Sequence[tuple[int, bool]]
) -> None:
    """`residents` are persons in town, each with whether a Party member."""
    lead = Rule(
        owner_id=staff["point_lead"],
        called="三亚湾社区服务点（示例）",
        supervisor_id=staff["district_staff"],
    )
    routing.publish(tx, [lead], Actor(staff["district_staff"], "district_staff"), now - timedelta(days=30), "示例")
    for place, (days, category, community, words, where) in enumerate(_TOLD):
        person_id = residents[3 * place][0]
        told = Told(
            person_id=person_id,
            text=words,
            channel="web",
            category=category,
            told_by=person_id,
            place=where,
            community_code=ground.communities[community],
            is_sample=True,
        )
        needs.tell(tx, told, Actor(person_id, None, "web"), now - timedelta(days=days))
