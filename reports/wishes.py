"""Wishes on paper: the ledger, without who wished, and with the helpers masked."""

from datetime import date, datetime

from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import communities, organisations, people, wishes
from storage.database import Transaction
from storage.masks import mask_name
from storage.times import local_date
from storage.wishes import STATES, Claim, Wish

_COLUMNS = (
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


def wish_ledger(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """微心愿台账: wishes made in the period, in the words that name nobody."""
    made = wishes.within(tx, period.begins, period.ends)
    fulfilled = sum(wish.state == "confirmed" for wish in made)
    return Sheet(
        "微心愿台账",
        _COLUMNS,
        [_row(tx, place, wish) for place, wish in enumerate(made, 1)],
        heads=on.heads(period.title),
        total=lambda: ("合计", f"{len(made)}个", *[None] * (len(_COLUMNS) - 3), f"确认{fulfilled}个"),
    )


def _row(tx: Transaction, place: int, wish: Wish) -> Row:
    community = communities.get(tx, wish.community_code) if wish.community_code else None
    standing = wishes.claims(tx, wish.id, standing_only=True)
    return (
        str(place),
        wish.number,
        local_date(wish.submitted_at),
        community.display_name if community else "",
        wishes.public_text_of(tx, wish) or "（还没有整理）",
        STATES[wish.state],
        "、".join(_claimer(tx, one) for one in standing),
        _day(min((one.claimed_at for one in standing), default=None)),
        _day(wish.done_at),
        "是" if wish.state == "confirmed" else "",
    )


def _claimer(tx: Transaction, claim: Claim) -> str:
    if claim.organisation_id is not None:
        return organisations.get(tx, claim.organisation_id).name
    if claim.team:
        return claim.team
    person = people.find(tx, claim.person_id)
    return mask_name(person.name) if person else "（已注销）"


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else local_date(moment)
