"""What happens to people after an event, and must not change what was counted: merged, erased, become a member."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import bindparam, insert, select, update

from storage import erasure, merging, people
from storage.audit import Actor
from storage.database import Transaction
from storage.demo.crowd import Neighbour
from storage.demo.programme import Programmed
from storage.people import Facts, Party
from storage.schema.events import attendances, sign_ups

_STANDING = select(attendances).where(
    attendances.c.event_id == bindparam("event"),
    attendances.c.person_id == bindparam("person"),
    attendances.c.undone_at.is_(None),
)


def happen(
    tx: Transaction,
    programme: Sequence[Programmed],
    crowd: Sequence[Neighbour],
    ids: Sequence[int],
    event_ids: Sequence[int],
    staff: Mapping[str, int],
    now: datetime,
) -> None:
    regulars = [neighbour for neighbour in crowd if len(neighbour.came_to) >= 3]
    twice = next(neighbour for neighbour in regulars if neighbour.place % 10 >= 4)
    erased = next(neighbour for neighbour in regulars if neighbour.place > twice.place and neighbour.place % 4)
    joined = next(neighbour for neighbour in regulars if not neighbour.member)
    _merge(tx, twice, ids[twice.place], event_ids, programme, staff["district_staff"])
    leaver = ids[erased.place]
    erasure.erase(tx, leaver, Actor(leaver, "resident", "web"), now - timedelta(days=9), "own wish")
    person = people.get(tx, ids[joined.place])
    person.party = Party("yes", "示例厂离退休党支部", "mobile_member")
    people.change(tx, person, now - timedelta(days=5))


def _merge(
    tx: Transaction, twice: Neighbour, kept: int, event_ids: Sequence[int], programme: Sequence[Programmed], staff: int
) -> None:
    """Somebody registered twice and was ticked off twice at one event; staff found it and merged the two."""
    first, later = twice.came_to[0], twice.came_to[-1]
    event_id, event = event_ids[first], programme[first]
    facts = Facts(name=f"{twice.name[:1]}先生", residence="seasonal", is_sample=True)
    duplicate = people.add(tx, facts, event.starts_at - timedelta(days=3))
    row = tx.execute(_STANDING, {"event": event_id, "person": kept}).one()
    ticked = {**row._mapping, "person_id": duplicate}
    del ticked["id"]
    tx.execute(insert(attendances), ticked)
    for table in (attendances, sign_ups):  # another time they were noted under the second registration alone
        tx.execute(
            update(table)
            .where(table.c.event_id == event_ids[later], table.c.person_id == kept)
            .values(person_id=duplicate)
        )
    signed = {
        "event_id": event_id,
        "person_id": duplicate,
        "state": "confirmed",
        "number": 99,
        "joined_at": event.starts_at - timedelta(days=2),
        "changed_at": event.starts_at - timedelta(days=2),
    }
    tx.execute(insert(sign_ups), signed)
    merged_at = programme[later].ends_at + timedelta(days=2)
    merging.merge(tx, kept, duplicate, Actor(staff, "district_staff"), merged_at, "同一人登记了两次（示例）")
