"""Two invented units whose members in service reported in, so that 双报到汇总 has something to show."""

from datetime import datetime, timedelta

from sqlalchemy import insert

from storage import ledgers, residents
from storage.database import Transaction
from storage.schema.report_ins import report_ins
from storage.times import local_date

_UNITS = ("示例税务所（示例）", "示例卫生院（示例）")
_OF_EACH = 3
_AGO = timedelta(days=300)


def keep(tx: Transaction, now: datetime) -> None:
    """Rows as the verb would have left them at the time; through it the audit log would hold them out of order."""
    came = ledgers.took_part(tx, now - 2 * timedelta(days=366), now)
    serving = [
        person
        for person in residents.everyone(tx)
        if person.member and person.residence == "local" and person.community_code is not None and person.id in came
    ]
    reported_at = now - _AGO
    rows = [
        {
            "person_id": person.id,
            "unit": _UNITS[place % len(_UNITS)],
            "community_code": person.community_code,
            "reported_at": reported_at,
            "ends_on": local_date(reported_at) + timedelta(days=365),
        }
        for place, person in enumerate(serving[: _OF_EACH * len(_UNITS)])
    ]
    tx.execute(insert(report_ins), rows)
