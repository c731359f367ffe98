"""When the words and pictures of needs are forgotten; dates, category and outcome stay (care.md 7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, or_, select, update

from storage import need_categories, need_entries, needs
from storage.database import Transaction
from storage.schema.needs import need_visits
from storage.schema.needs import needs as table
from storage.schema.talks import attachments
from storage.schema.wishes import wishes

MEDIA_KEPT = timedelta(days=90)  # after closing
TEXT_KEPT = timedelta(days=730)
HEALTH_TEXT_KEPT = timedelta(days=183)

_CLOSED = select(table.c.id, table.c.number, table.c.category).where(table.c.closed_at <= bindparam("before"))
_WITH_TEXT = _CLOSED.where(or_(table.c.text.is_not(None), table.c.place.is_not(None)))
_DROP_MEDIA = delete(attachments).where(attachments.c.subject == bindparam("of"))
_ERASE = update(table).where(table.c.id == bindparam("need")).values(text=None, place=None, obstacle=None)
_ERASE_VISITS = update(need_visits).where(need_visits.c.need_id == bindparam("need")).values(result=None)
_ERASE_WISHES = (
    update(wishes)
    .where(wishes.c.ended_at <= bindparam("before"), wishes.c.text.is_not(None))
    .values(text=None, public_text=None)
)


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How many of each, for the nightly report."""

    media: int
    needs: int
    wishes: int


def forget(tx: Transaction, now: datetime) -> Forgotten:
    """Drop what is past its time. To be called nightly; repeating it is harmless."""
    media = 0
    for row in tx.execute(_CLOSED, {"before": now - MEDIA_KEPT}).all():
        media += tx.execute(_DROP_MEDIA, {"of": f"need {row.id}"}).rowcount
    texts = 0
    for row in tx.execute(_WITH_TEXT, {"before": now - HEALTH_TEXT_KEPT}).all():
        need = needs.get(tx, row.id)
        is_health = need_categories.get(tx, row.category).is_health
        if is_health or (need.closed_at is not None and need.closed_at <= now - TEXT_KEPT):
            tx.execute(_ERASE, {"need": row.id})
            tx.execute(_ERASE_VISITS, {"need": row.id})
            need_entries.erase(tx, row.id)
            texts += 1
    dropped = tx.execute(_ERASE_WISHES, {"before": now - TEXT_KEPT}).rowcount
    return Forgotten(media, texts, dropped)
