"""What people are told unasked about a need: its owner and supervisor of work, the resident of news."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dialogue import texts
from dialogue.message import Choice, Reply, encoded
from handlers import need_words
from storage import assignments, communities, grants, need_categories, needs, outbox, people
from storage.assignments import Assignment
from storage.calendar import WORKING_DAY
from storage.database import Transaction
from storage.need_warnings import Warned
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
    supports(tx, need, now)


def supports(tx: Transaction, need: Need, now: datetime) -> None:
    for one in assignments.of(tx, need.id):
        if one.role == "support":
            text = f"{need.name}请您协办：{brief(tx, need)}。"
            tell(tx, one.person_id, need, "support", text, now, Choice(f"办件 {need.said_as}", "看这件"))


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


def answered(tx: Transaction, need: Need, text: str, now: datetime) -> None:
    """The answer at once; whether it solved the matter is asked again on the next working day."""
    words = f"{need.name}有回音了：{text}\n问题解决了吗？现在回，或者等我下个工作日来问，都行。"
    resident(tx, need, "answer", words, now, *need_words.solved_choices(need))


def ask_whether_solved(tx: Transaction, need: Need, now: datetime) -> None:
    words = f"{need.name}的事，回音是：{need_words.last(tx, need, 'answer')}\n问题解决了吗？"
    resident(tx, need, f"ask-{need.round}", words, now, *need_words.solved_choices(need))


def ask_whether_well(tx: Transaction, need: Need, now: datetime) -> None:
    choices = Choice(f"还好 {need.said_as}", "还好"), Choice(f"没解决 {need.said_as}", "又不行了")
    resident(tx, need, f"well-{need.round}", f"{need.name}的事办完一周了，现在还好吗？", now, *choices)


def closed(tx: Transaction, need: Need, now: datetime) -> None:
    """To everyone who told the same matter, when it is closed (domain 7.1, duplicates)."""
    answer = need_words.last(tx, need, "answer")
    for child in needs.children(tx, need.id):
        words = f"{child.name}和别人说的是同一件事，办完了。回音是：{answer}\n还没解决就告诉我。"
        resident(tx, child, "closed", words, now, Choice(f"没解决 {child.said_as}", "没解决"))


def merged(tx: Transaction, need: Need, now: datetime) -> None:
    words = f"{need.name}和别人先说的一件是同一件事，一起办，办完了也告诉您。"
    resident(tx, need, "merged", words, now)


def reopened(tx: Transaction, need: Need, now: datetime) -> None:
    """To the owner and the supervisor: it is theirs again, with less time."""
    text = f"{need.name}没解决，接着办。最晚{texts.moment(need.due_at)}答复。"
    for one in assignments.of(tx, need.id):
        choices = owner_choices(need) if one.role == "lead" else (Choice(f"办件 {need.said_as}", "看这件"),)
        tell(tx, one.person_id, need, f"again-{need.round}", text, now, *choices)


def partly_solved(tx: Transaction, need: Need, now: datetime) -> None:
    """To the supervisor, or the coordinators where there is none: two working days to decide."""
    supervisor = assignments.supervisor(tx, need.id)
    text = f"{need.name}本人说解决了一部分。请在两个工作日内定：接着办，还是写明原因办结。"
    choices = Choice(f"重办 {need.said_as}", "接着办"), Choice(f"部分办结 {need.said_as}", "办结，写原因")
    for person_id in coordinators(tx, now) if supervisor is None else (supervisor.person_id,):
        tell(tx, person_id, need, f"decide-{need.round}", text, now, *choices)


def decision_late(tx: Transaction, need: Need, now: datetime) -> None:
    text = f"{need.name}部分解决，督办人两个工作日没有定。请区里定。"
    choices = Choice(f"重办 {need.said_as}", "接着办"), Choice(f"部分办结 {need.said_as}", "办结，写原因")
    for person_id in coordinators(tx, now):
        tell(tx, person_id, need, f"late-{need.round}", text, now, *choices)


def decided(tx: Transaction, need: Need, reason: str, now: datetime) -> None:
    if need.is_open:
        words = f"{need.name}还没全解决，接着办：{reason}。最晚{texts.day(need.due_at)}答复您。"
    else:
        words = f"{need.name}先办到这里：{reason}。要是不行，回“没解决”就接着办。"
    resident(tx, need, "decided", words, now, Choice(f"没解决 {need.said_as}", "没解决"))


def paused(tx: Transaction, need: Need, now: datetime) -> None:
    resident(tx, need, "paused", need_words.state(tx, need, now), now)


def resumed(tx: Transaction, need: Need, now: datetime) -> None:
    resident(tx, need, "resumed", f"{need.name}接着办了，最晚{texts.day(need.due_at)}答复您。", now)
    lead = assignments.lead(tx, need.id)
    if lead is not None:
        text = f"{need.name}不用再等了，时间接着走。最晚{texts.moment(need.due_at)}答复。"
        tell(tx, lead.person_id, need, "resumed", text, now, Choice(f"办件 {need.said_as}", "看这件"))


def returned(tx: Transaction, need: Need, now: datetime) -> None:
    """To the next owner, or to the coordinators after the second time."""
    if need.stage != "received":
        new_work(tx, need, now)
        return
    text = f"{need.name}第二次退回，请终审，定了不能再退：{brief(tx, need)}。"
    for person_id in coordinators(tx, now):
        tell(tx, person_id, need, "ruling", text, now, Choice(f"派单 {need.said_as}", "派给谁"))


def unreached(tx: Transaction, need: Need, now: datetime) -> None:
    """Three calls in vain: it is closed for now, and the resident may open it again by a word."""
    words = f"{need.name}办过了，给您打了几次电话没联系上，先收起来。没解决就回我，接着办。"
    resident(tx, need, "unreached", words, now, Choice(f"没解决 {need.said_as}", "没解决"))


def warning(tx: Transaction, warned: Warned, now: datetime) -> None:
    """办件预警: the owner first, then the supervisor too, then the district (domain 7.2)."""
    need = warned.need
    due = texts.moment(warned.deadline.due_at)
    late = f"超期 {_working_days(-warned.left)} 个工作日" if warned.left.total_seconds() < 0 else "到期"
    text = {
        "soon": f"{need.name}时间用了八成，最晚{due}答复：{brief(tx, need)}。",
        "due": f"{need.name}到期了，还没答复：{brief(tx, need)}。",
        "overdue": f"{need.name}{late}，进了重点督办清单：{brief(tx, need)}。",
    }[warned.level]
    told = ("lead",) if warned.level == "soon" else ("lead", "supervisor")
    on_it = assignments.of(tx, need.id)
    to = [one.person_id for one in on_it if one.role in told]
    if warned.level == "overdue" or not any(one.role == "lead" for one in on_it):
        to += coordinators(tx, now)
    for person_id in dict.fromkeys(to):
        what = f"{warned.level}-{warned.deadline.id}"
        tell(tx, person_id, need, what, text, now, Choice(f"办件 {need.said_as}", "看这件"))


def not_accepted(tx: Transaction, need: Need, lead: Assignment, now: datetime) -> None:
    """To the owner, once for each time it was handed over, when it was not accepted in four working hours."""
    key = f"need:{need.id}:accept:{lead.id}"
    text = f"{need.name}交给您半天了，还没签收。最晚{texts.moment(need.due_at)}答复。"
    reply = encoded(Reply(text, owner_choices(need)))
    outbox.plan(tx, outbox.Planned("need", key, reply, now, person_id=lead.person_id), now)


def _working_days(worked: timedelta) -> str:
    return f"{worked / WORKING_DAY:.1f}".removesuffix(".0")


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
