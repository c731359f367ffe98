"""What people are told unasked about a need: its owner and supervisor of work, the resident of news."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dialogue import texts
from dialogue.message import Choice, Reply, encoded
from storage import assignments, communities, grants, need_categories, needs, outbox, people
from storage.database import Transaction
from storage.needs import Need

_NEWS_LASTS = timedelta(days=14)  # news of a need that nobody could be told by then is in the call list anyway


def tell(
    tx: Transaction, person_id: int | None, need: Need, what: str, text: str, now: datetime, *choices: Choice
) -> None:
    """Plan one message. `what` and the minute tell it from others about the same need."""
    if person_id is None:
        return
    key = f"need:{need.id}:{what}:{int(now.timestamp()) // 60}:{person_id}"
    planned = outbox.Planned("need", key, encoded(Reply(text, choices)), now, person_id=person_id)
    planned.expires_at = now + _NEWS_LASTS
    outbox.plan(tx, planned, now)


def resident(tx: Transaction, need: Need, what: str, text: str, now: datetime, *choices: Choice) -> None:
    """Tell whose need it is, and whoever told it for them."""
    for person_id in dict.fromkeys((need.person_id, told_by_a_proxy(tx, need))):
        tell(tx, person_id, need, what, text, now, *choices)


def told_by_a_proxy(tx: Transaction, need: Need) -> int | None:
    """The relative who told it and may still act; staff who wrote it down are not told again."""
    if need.told_by is None or needs.concerns(tx, need, need.told_by) != "proxy":
        return None
    return need.told_by


def new_work(tx: Transaction, need: Need, now: datetime) -> None:
    """To the owner, or to the coordinators when the routing table names nobody."""
    lead = assignments.lead(tx, need.id)
    if lead is None:
        text = f"{need.name}还没有承办人：{brief(tx, need)}。最晚{texts.moment(need.due_at)}要答复。"
        for person_id in coordinators(tx, now):
            tell(tx, person_id, need, "unrouted", text, now, Choice(f"派单 {need.said_as}", "派给谁"))
        return
    urgent = "【急】" if need.urgent else ""
    text = f"{urgent}新的难处，{need.name}：{brief(tx, need)}。最晚{texts.moment(need.due_at)}答复。"
    tell(tx, lead.person_id, need, "work", text, now, *owner_choices(need))
    for one in assignments.of(tx, need.id):
        if one.role == "support":
            tell(tx, one.person_id, need, "support", f"{need.name}请您协办：{brief(tx, need)}。", now)


def voice(tx: Transaction, need: Need, now: datetime) -> None:
    """To the duty persons of the point: somebody said it aloud and waits to be phoned."""
    person = people.find(tx, need.person_id)
    text = f"{need.name}是语音，请听了记下来，{texts.day(now)}给本人回个电话。"
    for person_id in grants.on_duty(tx, person.point_id if person else None, now):
        tell(tx, person_id, need, "voice", text, now, Choice(f"办件 {need.said_as}", "看这件"))


def more(tx: Transaction, need: Need, now: datetime) -> None:
    for one in assignments.of(tx, need.id):
        if one.role != "supervisor":
            text = f"{need.name}本人又补充了。"
            tell(tx, one.person_id, need, "more", text, now, Choice(f"办件 {need.said_as}", "看这件"))


def withdrawn(tx: Transaction, need: Need, now: datetime) -> None:
    for one in assignments.of(tx, need.id):
        tell(tx, one.person_id, need, "withdrawn", f"{need.name}本人说不用办了，已经收起来。", now)


def brief(tx: Transaction, need: Need) -> str:
    """What staff need to know it by: where and of what kind. Its words are read behind the role check."""
    community = communities.get(tx, need.community_code) if need.community_code else None
    where = f"{community.display_name}，" if community is not None else ""
    return f"{where}{need_categories.get(tx, need.category).label}"


def owner_choices(need: Need) -> tuple[Choice, ...]:
    number = need.said_as
    return Choice(f"签收 {number}", "签收"), Choice(f"办件 {number}", "看内容"), Choice(f"退单 {number}", "不归我办")


def coordinators(tx: Transaction, now: datetime) -> Iterable[int]:
    """District staff: those on duty for no point in particular."""
    return grants.on_duty(tx, None, now)
