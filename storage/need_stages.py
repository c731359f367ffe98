"""The stages of a need: which may follow which, whose act each is, and the record of every change."""

from datetime import datetime

from sqlalchemy import bindparam, update

from storage import audit
from storage.audit import Actor
from storage.database import Transaction
from storage.refusals import NotAllowed, NotNow
from storage.schema.needs import needs as table

STAGES = {
    "received": "受理",
    "assigned": "派单",
    "accepted": "签收",
    "in_progress": "办理",
    "answered": "答复",
    "follow_up": "回访",
    "closed": "办结",
}
MODES = {"direct": "直接办", "joint": "联合办"}
OPEN = ("received", "assigned", "accepted", "in_progress")  # the clock runs
AWAITING_RESIDENT = ("answered", "follow_up")

_AFTER = {
    "received": {"assigned", "answered", "closed"},
    "assigned": {"received", "assigned", "accepted", "answered", "closed"},
    "accepted": {"received", "assigned", "in_progress", "answered", "closed"},
    "in_progress": {"received", "assigned", "answered", "closed"},
    "answered": {"follow_up", "closed"},
    "follow_up": {"assigned", "closed"},
    "closed": {"assigned"},
}
_PROGRAM = None
_WHOSE_ACT: dict[
    str, set[str | None]
] = {  # domain rule 7.1; the roles as they stand in the audit log, None being the program
    "assigned": {_PROGRAM, "district_staff"},
    "accepted": {"owner"},
    "in_progress": {"owner"},
    "answered": {"owner", "district_staff"},
    "follow_up": {_PROGRAM, "resident", "proxy", "point_lead", "district_staff"},
    "closed": {_PROGRAM},
    "received": {"owner"},  # by returning it; the first time nobody was there before
}
_TITLES = {"owner": "承办人", "district_staff": "区级工作人员", "point_lead": "点长"}

_MOVE = (
    update(table)
    .where(table.c.id == bindparam("need"), table.c.stage == bindparam("before"))
    .values(stage=bindparam("after"))
)


def move(tx: Transaction, need_id: int, number: str, before: str, after: str, actor: Actor, now: datetime) -> None:
    """Put the need into stage `after` and note who did it.

    Raises `NotNow` when that cannot follow, `NotAllowed` when it is not this actor's to do.
    """
    if after not in _AFTER[before]:
        raise NotNow(number, STAGES[before])
    if actor.role not in _WHOSE_ACT[after]:
        named = next((title for role, title in _TITLES.items() if role in _WHOSE_ACT[after]), "工作人员")
        raise NotAllowed(named)
    if tx.execute(_MOVE, {"need": need_id, "before": before, "after": after}).rowcount != 1:
        raise NotNow(number, STAGES[before])
    audit.note(tx, actor, "need.stage", f"need {need_id}", now, before={"stage": before}, after={"stage": after})
