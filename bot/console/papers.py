"""What is printed and signed, seen on the screen first: the sheet of an event, and the proof of a person."""

from starlette.responses import Response

from bot.console.access import CHECKERS, SECRETARIES
from bot.console.doors import Door
from bot.console.events import seen
from bot.console.people import sees_party
from bot.console.reports import asked_period, period_between, quick_periods
from bot.console.visit import Visit
from reports.attendance import attendance_sheet, paper
from reports.members import participation_proof
from reports.periods import Period
from reports.sheet import Sheet, shown
from storage import audit, exports, people
from storage.database import Transaction
from storage.refusals import NotFound
from storage.times import local_date


def doors() -> list[Door]:
    return [
        Door("/console/events/{id:int}/sheet", sheet, CHECKERS),
        Door("/console/people/{id:int}/proof", proof, SECRETARIES),
        Door("/console/people/{id:int}/proof", issue, SECRETARIES, "POST"),
    ]


async def sheet(visit: Visit) -> Response:
    """活动签到表, masked; ?blank=yes as it lies on the table before anybody came."""
    event_id, is_blank = visit.path_number(), visit.asked("blank", 3) == "yes"

    def look(tx: Transaction) -> dict[str, object]:
        event = seen(tx, visit.staff, event_id)
        visit.staff.acting_on(event, CHECKERS)
        made = attendance_sheet(tx, event_id, paper(tx, visit.now), blank=is_blank)
        return {"event": event, **_table(made)}

    return visit.page("event_sheet.html", is_blank=is_blank, **await visit.read(look))


async def proof(visit: Visit) -> Response:
    """参加活动证明 as it will look, the name masked: in full it is on the page that is handed over."""
    period = asked_period(visit)

    def look(tx: Transaction) -> dict[str, object]:
        person = _person(tx, visit)
        return _table(participation_proof(tx, person, period, paper(tx, visit.now), masked=True))

    shown_as = await visit.read(look)
    return visit.page(
        "proof.html",
        person_id=visit.path_number(),
        period=period,
        quick=quick_periods(local_date(visit.now)),
        **shown_as,
    )


async def issue(visit: Visit) -> Response:
    period = period_between(visit.text("from", 10), visit.text("to", 10)) or Period.season_around(local_date(visit.now))

    def work(tx: Transaction) -> None:
        person = _person(tx, visit)
        wanted = {"report": "participation_proof", "person": person, "format": "pdf", "subject": f"{person}号"}
        wanted |= {"from": period.first.isoformat(), "to": period.last.isoformat(), "name": period.name}
        export_id = exports.ask(tx, "report", wanted, visit.staff.person_id, None, visit.now)
        actor = visit.staff.actor(visit.staff.first_of(SECRETARIES))
        after = {"export": export_id, "masked": False}
        audit.note(tx, actor, "proof.issue", f"person {person}", visit.now, after=after, reason="开具参加活动证明")

    await visit.write(work)
    return visit.goes_to("/console/files?said=正在开，开好了在这里拿。")


def _person(tx: Transaction, visit: Visit) -> int:
    """Of the own branch, as only there membership may be read. Raises `NotFound`."""
    person = people.get(tx, visit.path_number())
    if not sees_party(visit.staff, person.host_branch_id):
        raise NotFound("人")
    return person.id


def _table(made: Sheet) -> dict[str, object]:
    kinds = [column.kind for column in made.columns]
    rows = [[shown(value, kind) for value, kind in zip(row, kinds, strict=True)] for row in made.rows]
    total = made.total() if made.total else ()
    return {
        "title": made.title,
        "heads": made.heads,
        "columns": made.columns,
        "rows": rows,
        "total": [shown(value, kind) for value, kind in zip(total, kinds, strict=False)],
        "notes": made.notes,
    }
