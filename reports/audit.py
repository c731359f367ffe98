"""审计日志, for those who oversee: who did what, in which role, and why."""

from collections.abc import Iterator

from reports.acts import act_in_words, facts_in_words, thing_in_words
from reports.attendance import Paper
from reports.periods import Period
from reports.sheet import Column, Row, Sheet
from storage import audit, people
from storage.database import Transaction

ROLES = {
    "resident": "居民",
    "proxy": "代办人",
    "checker": "签到员",
    "organiser": "组织者",
    "point_lead": "点长",
    "branch_secretary": "支部书记",
    "district_staff": "区级",
    "auditor": "审计",
    "owner": "承办人",
    "supervisor": "督办人",
}
_CHANNELS = {"wechat": "微信", "telegram": "Telegram", "web": "网页", "console": "工作台"}
_COLUMNS = (
    Column("时间", "moment"),
    Column("操作人", width=14),
    Column("角色", width=10),
    Column("通道", width=10),
    Column("动作", width=22),
    Column("对象", width=24),
    Column("变更前", width=30),
    Column("变更后", width=30),
    Column("原因", width=26),
)


def audit_log(tx: Transaction, period: Period, on: Paper) -> Sheet:
    """Streams. The log holds no phone and no name; who acted in a role is named, a resident is a number."""
    called: dict[int, str] = {}

    def actor(person_id: int | None, role: str | None) -> str:
        if person_id is None:
            return "程序"
        if role in (None, "resident", "proxy"):
            return f"居民{person_id}"
        if person_id not in called:
            person = people.find(tx, person_id)
            called[person_id] = f"{person_id}号" if person is None else person.name
        return called[person_id]

    def rows() -> Iterator[Row]:
        for act in audit.between(tx, period.begins, period.ends):
            role = ROLES.get(act.role or "", act.role or "")
            channel = _CHANNELS.get(act.channel or "", act.channel or "")
            who = actor(act.actor_id, act.role)
            before, after = (facts_in_words(kept, ROLES) for kept in (act.before, act.after))
            what, about = act_in_words(act.action), thing_in_words(act.about)
            yield (act.at, who, role, channel, what, about, before, after, act.reason)

    return Sheet("审计日志", _COLUMNS, rows(), heads=on.heads(period.title))
