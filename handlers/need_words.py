"""How a need is spoken of: to the one who told it, in plain words, at every stage."""

from datetime import datetime

from dialogue import texts
from dialogue.message import Choice
from dialogue.talk import Talk
from storage import assignments, attachments, need_clock, need_entries, needs
from storage.calendar import next_opening
from storage.database import Transaction
from storage.need_entries import Entry
from storage.needs import Need
from storage.times import local_date

OUTCOMES = {
    "solved": "解决了",
    "partly_solved": "解决了一部分",
    "explained": "跟您说明了情况",
    "referred_12345": "转给12345了",
    "withdrawn": "您说不用办了",
    "duplicate": "并到另一件一起办",
    "unconfirmed": "办过了，打电话没有联系上您",
}
_STEPS = {
    "told": "您说了这件事",
    "added": "您补充了",
    "accepted": "收到了，马上办",
    "begun": "开始办",
    "paused": "先等一等",
    "resumed": "接着办",
    "answer": "有回音了",
    "reopened": "没解决，接着办",
    "merged": "和别人说的是同一件事，一起办",
    "visit": "到现场看过",
    "withdrawn": "您说不用办了",
}
_SHOWN = 5  # steps of the history

SOLVED = ("解决了", "解决了一部分", "没解决")
SATISFIED = ("满意", "基本满意", "不满意")


def owner(tx: Transaction, need: Need) -> str:
    lead = assignments.lead(tx, need.id)
    return lead.called if lead is not None and lead.called else "承办的同志"


def received(tx: Transaction, need: Need, by_voice: bool, now: datetime) -> str:
    """The first answer: the number, who works on it, and until when."""
    until = f"最晚{texts.day(need.due_at)}答复您"
    if by_voice:
        return (
            f"您的语音收到了，记成{need.name}。我转给值班的同志听，{_before_closing(tx, now)}给您打电话。"
            f"随时回“{need.said_as}”看进度。"
        )
    who = f"{owner(tx, need)}来办" if need.stage != "received" else "区里的同志马上安排人来办"
    return f"记下了，{need.name}。{who}，{until}。随时回“{need.said_as}”看进度。"


def state(tx: Transaction, need: Need, now: datetime) -> str:
    """How it stands now, in a sentence or two."""
    if need.outcome == "duplicate" and need.parent_id is not None:
        parent = needs.get(tx, need.parent_id)
        return f"{need.name}和别人先说的一件是同一件事，一起办。{_stands(tx, parent, '这件事', now)}"
    return _stands(tx, need, need.name, now)


def _stands(tx: Transaction, need: Need, name: str, now: datetime) -> str:
    until = f"最晚{texts.day(need.due_at)}答复您。"
    if need.due_at < now:
        until = "比说好的日子晚了，我们正在催，对不住您。"
    paused_until = need_clock.paused_until(tx, need.id, now)
    if need.is_open and paused_until is not None:
        return f"{name}要{last(tx, need, 'paused')}，预计{texts.day(paused_until)}。到时候我再告诉您。"
    match need.stage:
        case "received":
            return f"{name}记下了，正在安排人来办。{until}"
        case "assigned":
            return f"{name}已经交给{owner(tx, need)}，等他看了就办。{until}"
        case "accepted":
            return f"{name}{owner(tx, need)}收到了，马上办。{until}"
        case "in_progress":
            return f"{name}{owner(tx, need)}正在办。{until}"
        case "answered" | "follow_up":
            return f"{name}有回音了：{last(tx, need, 'answer')}"
    closed = f"，{texts.day(need.closed_at)}" if need.closed_at is not None else ""
    ticket = f"，12345的工单号是{need.ticket_12345}" if need.ticket_12345 else ""
    return f"{name}办完了{closed}：{OUTCOMES.get(need.outcome or '', '')}{ticket}。"


def history(tx: Transaction, need: Need) -> str:
    """What happened, a line each, without what staff noted for each other."""
    entries = [entry for entry in need_entries.of(tx, need.id, need.number) if entry.for_resident]
    return "\n".join(f"{texts.day(entry.at)}{line}" for entry in entries[-_SHOWN:] if (line := _step(entry)))


def _step(entry: Entry) -> str:
    if entry.kind == "assigned":
        return f"交给{entry.text}"
    return _STEPS.get(entry.kind, "")


def last(tx: Transaction, need: Need, kind: str) -> str:
    """The newest words of that kind; empty when there are none."""
    said = [entry.text for entry in need_entries.of(tx, need.id, need.number) if entry.kind == kind]
    return said[-1] if said else ""


def summary(tx: Transaction, need: Need, at_most: int = 12) -> str:
    """The first words of it, to tell one need from another; what was sent when nothing was said."""
    text, _ = needs.text_of(tx, need)
    if text:
        return text if len(text) <= at_most else f"{text[:at_most]}…"
    kinds = {str(sent["kind"]) for sent in attachments.of(tx, need.subject)}
    return "语音" if "voice" in kinds else "照片" if kinds else "（内容已按规定清除）"


def steps(need: Need) -> tuple[Choice, ...]:
    """What the resident can do about it now."""
    number = need.said_as
    if need.stage in ("answered", "follow_up"):
        return solved_choices(need)
    if need.is_open:
        return Choice(f"补充 {number}", "再补充几句"), Choice(f"不用办了 {number}", "不用办了")
    return (Choice("说难处", "说别的难处"),)


def solved_choices(need: Need) -> tuple[Choice, ...]:
    return tuple(Choice(f"{word} {need.said_as}", word) for word in SOLVED)


def satisfied_choices(need: Need) -> tuple[Choice, ...]:
    return tuple(Choice(f"{word} {need.said_as}", word) for word in SATISFIED)


def _before_closing(tx: Transaction, now: datetime) -> str:
    """When the duty person phones: today in working hours, else on the next working day."""
    opening = next_opening(now, need_clock.overrides(tx))
    return "今天下班前" if local_date(opening) == local_date(now) else f"{texts.day(opening)}下班前"


def label(talk: Talk, need: Need) -> str:
    return f"{need.name}　{summary(talk.tx, need)}"
