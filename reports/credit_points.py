"""积分台账: one's own card, row by row; there is none of anybody else's."""

from reports.attendance import Paper
from reports.sheet import Column, Row, Sheet, chinese_date
from storage import credit_points
from storage.database import Transaction
from storage.times import local_date

POINTS_DEFINITIONS = (
    "积分口径：1. 本人开了积分卡以后，实名到场的活动按当时的规则记分，规则改了另编一版，以前记的不变。"
    "2. 记错的不涂改，另记一行冲正。3. 余额是记到那一行为止的分数；合计是今天还有效的分数，过了有效期的不算。"
    "4. 积分卡只给本人看。",
)
_COLUMNS = (
    Column("序号", "text", 6),
    Column("时间", "moment"),
    Column("来源活动", width=36),
    Column("规则版本", "number", 10),
    Column("分值", "number", 9),
    Column("冲正", width=9),
    Column("余额", "number", 9),
    Column("有效期", "date", 13),
)


def points_ledger(tx: Transaction, person_id: int, on: Paper) -> Sheet:
    """Of the card that is open; without one, empty. Settle it before: this only reads."""
    card, today = credit_points.card(tx, person_id), local_date(on.made_at)
    entries = [] if card is None else credit_points.entries(tx, card)
    rows: list[Row] = [
        (
            str(place),
            entry.at,
            entry.title,
            entry.rule_version,
            entry.points,
            "冲正" if entry.takes_back else "",
            entry.balance,
            entry.expires_on,
        )
        for place, entry in enumerate(entries, 1)
    ]
    return Sheet(
        "积分台账",
        _COLUMNS,
        rows,
        heads=on.heads(f"截至{chinese_date(today)}"),
        total=lambda: ("合计", None, "还有效的积分", None, credit_points.valid(entries, today), None, None, None),
        notes=POINTS_DEFINITIONS,
    )
