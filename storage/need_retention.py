"""When the words and pictures of needs are forgotten; dates, category and outcome stay (care.md 7)."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, cast, delete, literal, or_, select, update

from storage import need_categories, need_entries
from storage.database import Transaction
from storage.schema.needs import need_visits
from storage.schema.needs import needs as table
from storage.schema.talks import attachments
from storage.schema.wishes import wishes

MEDIA_KEPT = timedelta(days=90)  # after closing
TEXT_KEPT = timedelta(days=730)
HEALTH_TEXT_KEPT = timedelta(days=183)

_SUBJECT = literal("need ").concat(cast(table.c.id, String))
_WITH_MEDIA = (
    select(attachments.c.subject)
    .join(table, attachments.c.subject == _SUBJECT)
    .where(table.c.closed_at <= bindparam("before"))
    .distinct()
    .limit(bindparam("at_most"))
)
_WITH_TEXT = (
    select(table.c.id)
    .where(or_(table.c.text.is_not(None), table.c.place.is_not(None)))
    .where(table.c.closed_at <= bindparam("health_before"))
    .where(
        or_(
            table.c.closed_at <= bindparam("before"),
            table.c.category.in_(bindparam("of_health", expanding=True)),
        )
    )
    .limit(bindparam("at_most"))
)
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
    more: bool  # there is


def forget(tx: Transaction, now: datetime, at_most: int = 200) -> Forgotten:
    """Drop a little of what is past its time. To be called nightly until there is no more."""
    subjects = tx.execute(_WITH_MEDIA, {"before": now - MEDIA_KEPT, "at_most": at_most}).scalars().all()
    media = sum(tx.execute(_DROP_MEDIA, {"of": subject}).rowcount for subject in subjects)
    of_health = [code for code, category in need_categories.known(tx).items() if category.is_health]
    wanted = {"before": now - TEXT_KEPT, "health_before": now - HEALTH_TEXT_KEPT, "of_health": of_health}
    texts = tx.execute(_WITH_TEXT, {**wanted, "at_most": at_most}).scalars().all()
    for need_id in texts:
        tx.execute(_ERASE, {"need": need_id})
        tx.execute(_ERASE_VISITS, {"need": need_id})
        need_entries.erase(tx, need_id)
    dropped = tx.execute(_ERASE_WISHES, {"before": now - TEXT_KEPT}).rowcount
    return Forgotten(media, len(texts), dropped, at_most in (len(subjects), len(texts)))
