"""Hours that volunteers gave, as planned, as measured, and as corrected by staff."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from storage import people
from storage.database import Transaction
from storage.ledgers import HELD, PERSON, called
from storage.schema.events import attendances, events
from storage.schema.people import people as people_table


@dataclass(frozen=True, slots=True)
class Served:
    """Volunteering of one person at one event, in minutes. `corrected` holds where staff changed what was measured."""

    name: str
    party_member: bool
    event_number: str
    starts_at: datetime
    title: str
    planned: int | None
    measured: int | None
    corrected: int | None
    reason: str
    approver: str

    @property
    def counted(self) -> int:
        return (self.measured if self.corrected is None else self.corrected) or 0


_approver = people_table.alias("approver")
_HOURS = (
    select(
        *PERSON,
        attendances.c.party_member,
        events.c.number,
        events.c.starts_at,
        events.c.title,
        attendances.c.minutes_planned,
        attendances.c.minutes_measured,
        attendances.c.minutes_corrected,
        attendances.c.reason,
        _approver.c.uid.label("approver_uid"),
        _approver.c.name.label("approver_name"),
        _approver.c.phone.label("approver_phone"),
    )
    .select_from(
        events.join(attendances, attendances.c.event_id == events.c.id)
        .join(people_table, people_table.c.id == attendances.c.person_id)
        .outerjoin(_approver, _approver.c.id == attendances.c.corrected_by)
    )
    .where(HELD, events.c.type == "volunteering", attendances.c.state == "attended", attendances.c.undone_at.is_(None))
    .order_by(events.c.starts_at, events.c.id, attendances.c.id)
)


def hours(tx: Transaction, begins: datetime, ends: datetime, *, masked: bool = True) -> list[Served]:
    """The volunteering of the period. Who approved a correction is named in full: they act in office."""
    served = []
    for row in tx.execute(_HOURS, {"begins": begins, "ends": ends}):
        approver = ""
        if row.minutes_corrected is not None and row.approver_name is not None:
            approver, _ = people.opened(tx, row.approver_uid, row.approver_name, row.approver_phone)
        served.append(
            Served(
                name=called(tx, row, masked=masked)[0],
                party_member=row.party_member,
                event_number=row.number or "",
                starts_at=row.starts_at,
                title=row.title,
                planned=row.minutes_planned,
                measured=row.minutes_measured,
                corrected=row.minutes_corrected,
                reason=row.reason or "" if row.minutes_corrected is not None else "",
                approver=approver,
            )
        )
    return served
