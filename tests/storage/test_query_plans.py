"""No statement that runs every minute or for every message reads the history of what was sent."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from dialogue.message import Reply, encoded
from handlers import reminders as words
from storage import accounts, call_list, delivery, outbox, reminders
from storage.accounts import Account
from storage.outbox import Ended, Planned
from storage.times import at, local_date
from tests.conftest import MORNING
from tests.test_reminders import event as make_event
from tests.test_reminders import joins, resident

ME = Account(1, "web", "me", 1, True, None)
ENDS = [Ended(1, "delivered"), Ended(2, "unreachable", account_id=1), Ended(3, "waiting")]
AGAIN = [Ended(4, "planned", again_at=MORNING, account_id=1)]
WORK = {
    "a turn of delivery": lambda tx: delivery.turn(tx, "web", [*ENDS, *AGAIN], 5, MORNING, [7]),
    "routing": lambda tx: delivery.route(tx, MORNING, ["web"]),
    "looking for the next": lambda tx: delivery.next_due(tx, "web", MORNING),
    "the start": lambda tx: delivery.after_a_stop(tx, MORNING),
    "an answer": lambda tx: outbox.answer(
        tx, Planned("answer", "a", encoded(Reply("好")), MORNING, account_id=1, channel="web"), "me", MORNING
    ),
    "what waits for whoever writes": lambda tx: outbox.take_waiting(tx, ME, 3, MORNING),
    "expiry": lambda tx: outbox.expire(tx, MORNING),
    "a cancelled sign-up": lambda tx: outbox.withdraw(tx, 1, "cancelled", MORNING),
    "a lost account": lambda tx: outbox.give_up_on(tx, 1, "blocked", MORNING),
    "reminders": lambda tx: reminders.plan_due(tx, MORNING + timedelta(days=1, hours=8), words.written),
    "the call list": lambda tx: call_list.make(tx, at(local_date(MORNING), MORNING.time().replace(hour=16))),
    "missed news": lambda tx: call_list.sweep(tx, MORNING),
}


@pytest.mark.of_sqlite
@pytest.mark.parametrize("what", WORK)
async def test_it_reads_no_table_that_grows_from_end_to_end(database, what):
    start = MORNING + timedelta(days=1, hours=4)
    one = await make_event(database, start)
    someone = await resident(database)
    await joins(database, one, someone)
    plans = []

    def explained(connection, cursor, statement, parameters, context, many):
        if statement.startswith(("SELECT", "UPDATE", "DELETE")):
            given = parameters[0] if many else parameters
            found = connection.connection.cursor().execute(f"EXPLAIN QUERY PLAN {statement}", given)
            plans.extend((row[3], statement) for row in found)

    def work(tx):
        accounts.belongs_to(tx, accounts.heard(tx, "web", "me", MORNING).id, someone)
        for number in range(1, 6):
            planned = Planned("notice", f"n{number}", "{}", MORNING, person_id=someone)
            outbox.plan(tx, planned, MORNING)
        event.listen(tx.connection, "before_cursor_execute", explained)
        try:
            WORK[what](tx)
        finally:
            event.remove(tx.connection, "before_cursor_execute", explained)

    await database.write(work)
    assert plans
    growing = ("outbox", "sign_ups", "people", "accounts", "inbox", "event_changes", "attendances")
    scans = [(step, statement) for step, statement in plans if step in {f"SCAN {table}" for table in growing}]
    assert scans == []
