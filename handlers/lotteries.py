"""抽签: places given by lot when sign-up closes, with the seed told to everyone so that anyone can check it."""

from datetime import datetime

from dialogue.message import Choice, Reply, encoded
from handlers import notices
from storage import events, outbox, sign_ups
from storage.database import Transaction
from storage.events import Event
from storage.sign_ups import SignUp


def draw_due(tx: Transaction, now: datetime) -> int:
    """Draw each lottery whose sign-up has closed, and tell everyone how it went for them. Returns how many."""
    due = sign_ups.to_draw(tx, now)
    for event_id in due:
        sign_ups.draw(tx, event_id, now)
        event = events.get(tx, event_id)
        for entry in sign_ups.of_event(tx, event_id):
            if entry.state in events.ACTIVE:
                _tell(tx, event, entry, now)
    return len(due)


def _tell(tx: Transaction, event: Event, entry: SignUp, now: datetime) -> None:
    seed = f"抽签种子 {event.lottery_seed}，您的签号 {entry.number}。"
    if entry.state == "waitlisted":
        place = sign_ups.position(tx, entry)
        text = f"《{event.title}》这次没抽中，您排在候补第 {place} 位。有人退出就轮到您，我会告诉您。{seed}"
        choices: tuple[Choice, ...] = (Choice(f"不来 {event.id}", "不等了"), Choice("活动", "看看别的活动"))
    else:
        text = f"好消息：《{event.title}》您抽中了！{notices.where_and_when(event)}。{seed}"
        choices = notices.coming_choices(event)
    key = f"lottery:{event.id}:{entry.id}"
    planned = outbox.Planned("promotion", key, encoded(Reply(text, choices)), now, person_id=entry.person_id)
    # To who was not drawn it is news too, but no promotion: that kind ends with the place it speaks of.
    planned.kind = "change" if entry.state == "waitlisted" else "promotion"
    planned.event_id, planned.expires_at = event.id, event.starts_at
    planned.sign_up_id = entry.id
    outbox.plan(tx, planned, now)
