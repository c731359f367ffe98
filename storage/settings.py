"""What the house has set: its phone, whether sending is paused, numbers that staff may change."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select

from storage.database import Transaction
from storage.schema.records import settings as table
from storage.upsert import upsert

_GET = select(table.c.value).where(table.c.key == bindparam("key"))
_PUT = upsert(table, key=("key",), change=("value", "changed_at"))


def get(tx: Transaction, key: str, default: Any = None) -> Any:
    value = tx.execute(_GET, {"key": key}).scalar()
    return default if value is None else json.loads(value)


def put(tx: Transaction, key: str, value: Any, now: datetime) -> None:
    tx.execute(_PUT(tx), {"key": key, "value": json.dumps(value, ensure_ascii=False), "changed_at": now})


def support_phone(tx: Transaction) -> str:
    """The number that is always right to call (`bot.support_phone`, kept at start)."""
    return str(get(tx, "support_phone", "12345"))
