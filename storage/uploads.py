"""Bytes sent together with a message, on disk before the message is answered."""

from datetime import datetime

from sqlalchemy import bindparam, delete, select

from storage import attachments, inbox
from storage.database import Transaction
from storage.files import KEPT
from storage.schema.talks import attachments as attachments_table
from storage.schema.talks import files as table
from storage.upsert import upsert

_ADD = upsert(table, key=("key",))
_BY_KEY = select(table.c.media_type, table.c.content).where(table.c.key == bindparam("upload_key"))
_FORGET = delete(table).where(table.c.key == bindparam("upload_key"))
_WANTED = select(attachments_table.c.id).where(
    attachments_table.c.state == "wanted",
    attachments_table.c.channel == bindparam("channel"),
    attachments_table.c.reference == bindparam("reference"),
)
_KEPT_FOR = select(attachments_table.c.id).where(
    attachments_table.c.account_id == bindparam("account"),
    attachments_table.c.channel == bindparam("channel"),
    attachments_table.c.reference == bindparam("reference"),
)


def keep(tx: Transaction, channel: str, message: str, media_type: str, content: bytes, now: datetime) -> None:
    """Keep the bytes of a message for at most seven days. No link opens them, only the message.

    The first ones stay, and a message that was answered already needs none.
    """
    if inbox.answer_to(tx, channel, message) is not None:
        return
    key, context = _key(tx, channel, message)
    row = {
        "key": key,
        "name": tx.vault.seal(message, f"files.name|{context}"),
        "media_type": media_type,
        "content": tx.vault.seal_bytes(content, f"files.content|{context}"),
        "person_id": None,
        "expires_at": now + KEPT,
        "created_at": now,
    }
    tx.execute(_ADD(tx), row)


def of(tx: Transaction, channel: str, message: str) -> tuple[bytes, str] | None:
    """Bytes and media type; None when there are none, or no longer."""
    key, context = _key(tx, channel, message)
    row = tx.execute(_BY_KEY, {"upload_key": key}).first()
    return None if row is None else (tx.vault.open_bytes(row.content, f"files.content|{context}"), row.media_type)


def hand_over(tx: Transaction, channel: str, message: str) -> None:
    """Put the bytes where staff look for them: to the attachment whose reference is this message. Safe to repeat.

    They are there alone then, so that whoever erases the attachment erases them.
    """
    wanted = tx.execute(_WANTED, {"channel": channel, "reference": message}).scalar()
    kept = of(tx, channel, message) if wanted is not None else None
    if wanted is not None and kept is not None:
        attachments.keep(tx, wanted, *kept)
        tx.execute(_FORGET, {"upload_key": _key(tx, channel, message)[0]})


def seen_by(tx: Transaction, account_id: int, channel: str, message: str) -> tuple[bytes, str] | None:
    """What this account sent with `message`, for showing it to them again, as long as the attachment is kept."""
    row = tx.execute(_KEPT_FOR, {"account": account_id, "channel": channel, "reference": message}).scalar()
    kept = attachments.content(tx, row) if row is not None else None
    return of(tx, channel, message) if kept is None else kept[:2]


def _key(tx: Transaction, channel: str, message: str) -> tuple[bytes, str]:
    key = tx.vault.lookup("upload", f"{channel}:{message}")
    return key, key.hex()
