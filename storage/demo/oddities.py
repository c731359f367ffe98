"""What happens to people after an event, and must not change what was counted: merged, erased, become a member."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, select, update

from storage import people
from storage.database import Transaction
from storage.demo.crowd import Neighbour
from storage.demo.programme import Programmed
from storage.people import Facts, Party
from storage.schema.events import attendances, sign_ups
from storage.schema.people import people as people_table
from storage.schema.people import person_keys


def happen(
    tx: Transaction,
    programme: Sequence[Programmed],
    crowd: Sequence[Neighbour],
    ids: Sequence[int],
    event_ids: Sequence[int],
    now: datetime,
) -> None:
    regulars = [neighbour for neighbour in crowd if len(neighbour.came_to) >= 3]
    twice = next(neighbour for neighbour in regulars if neighbour.place % 10 >= 4)
    erased = next(neighbour for neighbour in regulars if neighbour.place > twice.place and neighbour.place % 4)
    joined = next(neighbour for neighbour in regulars if not neighbour.member)
    _merge(tx, twice, ids[twice.place], event_ids, programme)
    _erase(tx, ids[erased.place])
    person = people.get(tx, ids[joined.place])
    person.party = Party("yes", "示例厂离退休党支部", "mobile_member")
    people.change(tx, person, now - timedelta(days=5))


def _merge(
    tx: Transaction, twice: Neighbour, kept: int, event_ids: Sequence[int], programme: Sequence[Programmed]
) -> None:
    """Somebody registered twice and was ticked off twice at one event; staff found it and merged the two."""
    number = twice.came_to[0]
    event_id, event = event_ids[number], programme[number]
    merged_at = event.ends_at + timedelta(days=2)
    facts = Facts(name=twice.name[:1] + "先生", phone=None, residence="seasonal", is_sample=True)
    duplicate = people.add(tx, facts, event.starts_at - timedelta(days=3))
    row = tx.execute(
        select(attendances).where(
            attendances.c.event_id == event_id, attendances.c.person_id == kept, attendances.c.undone_at.is_(None)
        )
    ).one()
    ticked = {**row._mapping, "person_id": duplicate, "undone_at": merged_at}
    del ticked["id"]
    tx.execute(insert(attendances), ticked)
    signed = {
        "event_id": event_id,
        "person_id": duplicate,
        "state": "cancelled",
        "number": 99,
        "joined_at": event.starts_at - timedelta(days=2),
        "changed_at": event.starts_at - timedelta(hours=20),
    }
    tx.execute(insert(sign_ups), signed)
    tx.execute(update(people_table).where(people_table.c.id == duplicate).values(state="merged", merged_into=kept))


def _erase(tx: Transaction, person_id: int) -> None:
    """A person had their data erased: the row stays without a name, so that old figures stay true."""
    nothing = {"name": None, "phone": None, "party": None, "person_key": None, "state": "anonymised"}
    tx.execute(update(people_table).where(people_table.c.id == person_id).values(**nothing))
    tx.execute(delete(person_keys).where(person_keys.c.person_id == person_id))
