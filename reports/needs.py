"""Needs and wishes on paper: the ledger, the list of hard cases, the wishes, and the indicators as defined."""

from collections.abc import Iterator
from datetime import datetime

from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import NO_RATE, Book, Column, Row, Sheet, Value, chinese_date
from storage import communities, need_categories, need_counts, need_ledger, organisations, people, priority_list, wishes
from storage.database import Transaction
from storage.masks import mask_name
from storage.need_counts import DEFINITIONS, Figures
from storage.need_stages import STAGES
from storage.times import local_date
from storage.wishes import STATES, Claim, Wish

CHANNELS = {"wechat": "微信", "telegram": "Telegram", "web": "网页", "phone": "电话", "counter": "窗口"}
MODES = {"direct": "直接办", "joint": "联合办"}
METHODS = {"chat": "聊天", "call": "电话"}
OUTCOMES = {
    "solved": "已解决",
    "partly_solved": "部分解决",
    "explained": "解释说明",
    "referred_12345": "转12345",
    "withdrawn": "本人撤回",
    "duplicate": "重复",
    "unconfirmed": "回访未联系上",
}
SATISFACTION = {"satisfied": "满意", "mostly_satisfied": "基本满意", "dissatisfied": "不满意"}

_LEDGER = (
    Column("序号", "text", 6),
    Column("编号", width=14),
    Column("受理时间", "moment"),
    Column("受理方式", width=10),
    Column("类别", width=10),
    Column("社区", width=14),
    Column("内容摘要", width=34),
    Column("办理方式（直接办/联合办）", width=12),
    Column("主办", width=18),
    Column("协办", width=16),
    Column("阶段", width=8),
    Column("到期时间", "moment"),
    Column("答复时间", "moment"),
    Column("用时（工作日）", "decimal", 9),
    Column("退单次数", "number", 9),
    Column("重开次数", "number", 9),
    Column("回访时间", "moment"),
    Column("回访方式", width=9),
    Column("结果", width=16),
    Column("满意度", width=10),
    Column("办结时间", "moment"),
)
_PRIORITY = (
    Column("序号", "text", 6),
    Column("编号", width=14),
    Column("类别", width=12),
    Column("社区", width=16),
    Column("主办", width=20),
    Column("到期时间", "moment"),
    Column("超期（工作日）", "decimal", 10),
    Column("卡点", width=30),
    Column("现场协调时间", "moment"),
    Column("参加单位", width=26),
    Column("结果", width=30),
)
_WISHES = (
    Column("序号", "text", 6),
    Column("编号", width=14),
    Column("登记日期", "date"),
    Column("社区", width=16),
    Column("心愿（去标识）", width=36),
    Column("状态", width=12),
    Column("认领人/单位", width=22),
    Column("认领日期", "date"),
    Column("完成日期", "date"),
    Column("本人确认", width=10),
)
_INDICATORS = (
    Column("分组", width=18),
    Column("受理数", "number"),
    Column("期内到期", "number"),
    Column("按期答复", "number"),
    Column("按期办结率", "ratio", 11),
    Column("应回访", "number"),
    Column("有回访结果", "number", 11),
    Column("回访率", "ratio"),
    Column("已解决", "number"),
    Column("解决率", "ratio"),
    Column("答了满意度", "number", 11),
    Column("满意和基本满意", "number", 14),
    Column("满意率", "ratio"),
    Column("重复诉求数", "number", 11),
    Column("退单数", "number"),
    Column("重开数", "number"),
)


def need_ledger_sheet(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """需求办理台账: one row for each need received in the period."""
    counted = 0

    def rows() -> Iterator[Row]:
        nonlocal counted
        for counted, row in enumerate(need_ledger.within(tx, period.begins, period.ends, on.made_at), 1):
            yield _ledger_row(counted, row)

    return Sheet(
        "需求办理台账",
        _LEDGER,
        rows(),
        heads=on.heads(period.title),
        total=lambda: ("合计", f"{counted}件", *[None] * (len(_LEDGER) - 2)),
    )


def _ledger_row(place: int, row: need_ledger.Row) -> Row:
    need = row.need
    return (
        str(place),
        need.number,
        need.received_at,
        CHANNELS.get(need.channel, need.channel),
        row.category,
        row.community,
        row.gist,
        MODES[need.mode],
        row.lead,
        row.supports,
        STAGES[need.stage],
        row.due_at,
        row.answered_at,
        round(row.days_used, 1),
        row.returned,
        row.reopened,
        row.followed_up_at,
        METHODS.get(row.method or "", ""),
        OUTCOMES.get(need.outcome or "", "") + (f"（{need.ticket_12345}）" if need.ticket_12345 else ""),
        SATISFACTION.get(row.satisfaction or "", ""),
        need.closed_at,
    )


def priority_list_sheet(tx: Transaction, on: Paper) -> Sheet:
    """重点督办清单 as it stands: a row for each visit on the spot, and one for a case without any."""
    listed = priority_list.listed(tx, on.made_at)
    rows: list[Row] = []
    for place, one in enumerate(listed, 1):
        community = communities.get(tx, one.need.community_code) if one.need.community_code else None
        facts: tuple[Value, ...] = (
            str(place),
            one.need.number,
            need_categories.get(tx, one.need.category).label,
            community.display_name if community else "",
            one.lead,
            one.need.due_at,
            round(one.days_overdue, 1),
            one.obstacle,
        )
        visits: list[tuple[Value, ...]] = [(visit.at, visit.units, visit.result) for visit in one.visits]
        rows += [(*facts, *visit) for visit in visits or [(None, "", "")]]
    return Sheet(
        "重点督办清单",
        _PRIORITY,
        rows,
        heads=on.heads(f"截至{chinese_date(local_date(on.made_at))}"),
        total=lambda: ("合计", f"{len(listed)}件", *[None] * (len(_PRIORITY) - 2)),
    )


def wish_ledger_sheet(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """微心愿台账: wishes made in the period, in the words without names; whoever took one on is masked."""
    made = wishes.within(tx, period.begins, period.ends)
    fulfilled = sum(wish.state == "confirmed" for wish in made)
    return Sheet(
        "微心愿台账",
        _WISHES,
        [_wish_row(tx, place, wish) for place, wish in enumerate(made, 1)],
        heads=on.heads(period.title),
        total=lambda: ("合计", f"{len(made)}个", *[None] * (len(_WISHES) - 3), f"确认{fulfilled}个"),
    )


def _wish_row(tx: Transaction, place: int, wish: Wish) -> Row:
    community = communities.get(tx, wish.community_code) if wish.community_code else None
    claims = [one for one in wishes.claims(tx, wish.id) if one.ended_at is None]
    return (
        str(place),
        wish.number,
        _day(wish.submitted_at),
        community.display_name if community else "",
        wishes.public_text_of(tx, wish) or "（还没有整理）",
        STATES[wish.state],
        "、".join(_claimer(tx, one) for one in claims),
        _day(min(one.claimed_at for one in claims)) if claims else None,
        _day(wish.done_at) if wish.done_at else None,
        "是" if wish.state == "confirmed" else "",
    )


def _claimer(tx: Transaction, claim: Claim) -> str:
    if claim.organisation_id is not None:
        return organisations.get(tx, claim.organisation_id).name
    if claim.team:
        return claim.team
    person = people.find(tx, claim.person_id)
    return mask_name(person.name) if person else "（已注销）"


def indicators_sheet(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """The indicators of the period as a whole, by category and by community; never by person."""
    span = period.begins, period.ends, on.made_at
    total = need_counts.counts(tx, *span)
    rows = [_figures_row("全区", total)]
    by_category = need_counts.counts_by(tx, *span, "category")
    rows += [
        _figures_row(f"类别：{category.label}", by_category[category.code])
        for category in need_categories.listed(tx)
        if category.code in by_category
    ]
    by_community = need_counts.counts_by(tx, *span, "community")
    for code, figures in sorted(by_community.items(), key=lambda pair: pair[0] or ""):
        community = communities.get(tx, code) if code else None
        rows.append(_figures_row(f"社区：{community.display_name if community else '没说'}", figures))
    return Sheet("需求指标", _INDICATORS, rows, heads=on.heads(period.title), notes=(DEFINITIONS,))


def _figures_row(label: str, figures: Figures) -> Row:
    def rate(value: float | None) -> Value:
        return NO_RATE if value is None else value

    return (
        label,
        figures.received,
        figures.due,
        figures.in_time,
        rate(figures.in_time_rate),
        figures.to_ask,
        figures.asked,
        rate(figures.asked_rate),
        figures.solved,
        rate(figures.solved_rate),
        figures.rated,
        figures.satisfied,
        rate(figures.satisfied_rate),
        figures.duplicates,
        figures.returned,
        figures.reopened,
    )


def needs_book(tx: Transaction, period: Period, on: Paper) -> Book:
    """All of it in one workbook, with the definitions."""
    return Book(
        (
            indicators_sheet(tx, period, on),
            need_ledger_sheet(tx, period, on),
            priority_list_sheet(tx, on),
            wish_ledger_sheet(tx, period, on),
        ),
        (DEFINITIONS,),
    )


def priority_list_book(tx: Transaction, on: Paper) -> Book:
    return Book((priority_list_sheet(tx, on),), (DEFINITIONS,))


def _day(moment: datetime) -> Value:
    return local_date(moment)
