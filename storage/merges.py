"""Which registrations are merged into which, the newest first: what can be taken apart again."""

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import bindparam, select

from storage.database import Transaction
from storage.ledgers import PERSON, called
from storage.schema.people import people
from storage.schema.records import audit_log

_gone = people.alias("gone")
_MERGED = (
    select(people.c.id, people.c.merged_into, *PERSON)
    # By their index: in the order of numbers SQLite would look at everybody for the few.
    .where(people.c.id.in_(select(_gone.c.id).where(_gone.c.merged_into.is_not(None))))
    .where(people.c.state == "merged", people.c.name.is_not(None))
    .order_by(people.c.id.desc())
    .limit(bindparam("at_most"))
)
_NOTED = (
    select(audit_log.c.at, audit_log.c.actor_id, audit_log.c.reason, audit_log.c.after)
    .where(audit_log.c.object == bindparam("of"), audit_log.c.action == "person.merge")
    .order_by(audit_log.c.id.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class Merge:
    """`gone_id` was given to `kept_id`. The name is masked."""

    gone_id: int
    kept_id: int
    name: str
    at: datetime
    by: int | None
    reason: str


def standing(tx: Transaction, at_most: int = 50) -> list[Merge]:
    """Merges that were not taken apart."""
    found = []
    for row in tx.execute(_MERGED, {"at_most": at_most}).all():
        noted = tx.execute(_NOTED, {"of": f"person {row.id}"}).first()
        if noted is None:
            continue  # merged before the log began: nothing says how to take it apart
        name, _ = called(tx, row, masked=True)
        kept = int(json.loads(noted.after)["into"])
        found.append(Merge(row.id, kept, name, noted.at, noted.actor_id, noted.reason or ""))
    return sorted(found, key=lambda merge: merge.at, reverse=True)
