"""What needs are about: the list that staff may change, and what to guess from a person's words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import delete, insert, select

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotFound
from storage.schema.needs import need_categories as table


@dataclass(frozen=True, slots=True)
class Category:
    code: str
    label: str
    asks_place: bool = False  # nobody can go there without knowing where
    is_health: bool = False  # its text needs a consent of its own and is seen by the owner alone (care.md K6)


FIRST = (  # domain rule 7.1
    Category("medical", "就医医保", is_health=True),
    Category("housing", "住房物业", asks_place=True),
    Category("transport", "交通出行", asks_place=True),
    Category("sanitation", "环境卫生", asks_place=True),
    Category("safety", "安全防骗", asks_place=True),
    Category("papers", "社保证件"),
    Category("affiliation", "组织关系"),
    Category("learning", "文体学习"),
    Category("volunteering", "志愿服务"),
    Category("other", "其他"),
)

_WORDS = {
    "medical": "看病 医保 医院 报销 买药 开药 挂号 住院 体检 异地就医 大夫 医生 血压 门诊 处方 陪诊 轮椅",
    "housing": "电梯 漏水 停水 停电 物业 房东 租房 水管 门禁 楼道 下水道 堵了 暖气 空调 热水器 燃气灶 装修 噪音",
    "transport": "公交 车站 停车 路灯 红绿灯 打车 坐车 修路 路面 坑洼 盲道 斑马线 接站 轮渡 电动车",
    "sanitation": "垃圾 脏 臭 蚊子 老鼠 蟑螂 污水 狗屎 清扫 卫生 绿化 树枝 野狗",
    "safety": "诈骗 骗 推销 保健品 小偷 偷 围栏 井盖 消防 安全 飞线",
    "papers": "社保 养老金 身份证 居住证 认证 老年证 优待证 户口 社保卡 退休证",
    "affiliation": "组织关系 党费 党组织 支部 转接 流动党员 党员证明",
    "learning": "学习 上课 书法 唱歌 跳舞 手机 私塾 下棋 乐器 场地 活动室",
    "volunteering": "志愿 做点事 义务",
}
_GUESSES = tuple((word, code) for code, words in _WORDS.items() for word in words.split())

_ALL = select(table).where(table.c.active).order_by(table.c.position)
_EVERY = select(table)
_CLEAR = delete(table)
_ADD = insert(table)


def listed(tx: Transaction) -> list[Category]:
    """In the order they are offered."""
    rows = tx.execute(_ALL).all()
    return [Category(row.code, row.label, row.asks_place, row.is_health) for row in rows] or list(FIRST)


def known(tx: Transaction) -> dict[str, Category]:
    """By code. One that staff took off the list is still known to the needs that have it."""
    rows = tx.execute(_EVERY).all()
    kept = [Category(row.code, row.label, row.asks_place, row.is_health) for row in rows] or list(FIRST)
    return {category.code: category for category in kept}


def get(tx: Transaction, code: str) -> Category:
    """Raises `NotFound`."""
    category = known(tx).get(code)
    if category is None:
        raise NotFound("类别")
    return category


def replace(tx: Transaction, wanted: Sequence[Category], actor: Actor, now: datetime) -> None:
    """Offer exactly `wanted`, in this order. Those left out are kept for the needs that have them."""
    tx.lock("need categories")
    before = known(tx)
    said = [category.label for category in listed(tx)], [category.label for category in wanted]
    audit.note(tx, actor, "setting.categories", "need_categories", now, before=said[0], after=said[1])
    codes = {category.code for category in wanted}
    tx.execute(_CLEAR)
    for position, category in enumerate(wanted):
        tx.execute(_ADD, {**asdict(category), "position": position, "active": True})
    for position, category in enumerate(before.values(), start=len(wanted)):
        if category.code not in codes:
            tx.execute(_ADD, {**asdict(category), "position": position, "active": False})


def guess(tx: Transaction, text: str) -> Category | None:
    """What `text` is about, if its words speak of one thing more than of any other."""
    points: dict[str, int] = {}
    for word, code in _GUESSES:
        if word in text:
            points[code] = points.get(code, 0) + len(word)
    best = sorted(points, key=lambda code: -points[code])
    if not best or (len(best) > 1 and points[best[0]] == points[best[1]]):
        return None
    return next((category for category in listed(tx) if category.code == best[0]), None)
