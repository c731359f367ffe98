"""No statement that runs every minute or for every message reads the history of what was sent."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from dialogue.message import Reply, encoded
from handlers import reminders as words
from handlers.consent_texts import REGISTRATION
from storage import (
    accounts,
    audit,
    broadcasts,
    call_list,
    consents,
    counts,
    delivery,
    events,
    ledgers,
    merges,
    missed,
    need_board,
    need_rulings,
    outbox,
    own_data,
    people,
    recipients,
    reminders,
    residents,
    sign_ups,
    vitals,
)
from storage.accounts import Account
from storage.audiences import Audience
from storage.audit import Actor
from storage.outbox import Ended, Planned
from storage.sign_ups import SignUp
from storage.times import at, local_date
from tests.conftest import MORNING
from tests.test_reminders import event as make_event
from tests.test_reminders import joins, resident

WAITS = SignUp(1, 1, 1, "waitlisted", None, 1, None, None)
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
    "a sign-up": lambda tx: sign_ups.sign_up(tx, 1, [1], Actor(), MORNING),
    "the next number on a list": lambda tx: sign_ups.next_list_number(tx, 1),
    "a place on the waiting list": lambda tx: sign_ups.position(tx, WAITS),
    "offers that nobody took": lambda tx: sign_ups.lapse(tx, MORNING),
    "lotteries to be drawn": lambda tx: sign_ups.to_draw(tx, MORNING),
    "the events to come": lambda tx: events.coming(tx, MORNING),
    "what was lost lately": lambda tx: (missed.count(tx, MORNING, MORNING), vitals.look(tx, MORNING)),
    "whether figures may differ": lambda tx: counts.may_differ(tx, MORNING, MORNING, counts.marks(tx)),
    "the figures of a season": lambda tx: (
        counts.held_events(tx, MORNING, MORNING),
        counts.people(tx, MORNING, MORNING),
    ),
    "the board of needs": lambda tx: (need_board.under_way(tx, None), need_rulings.unassigned(tx)),
    "a consent": lambda tx: consents.current(tx, ME, REGISTRATION),
    "somebody found by name": lambda tx: people.search(tx, "王"),
    "a page of people": lambda tx: residents.page(tx, 0, 50, point_ids=None, branch_ids=None),
    "whom to phone": lambda tx: call_list.to_call(tx, MORNING),
    "a broadcast that goes out": lambda tx: (
        recipients.progress(tx, broadcasts.get(tx, 1)),
        recipients.missed(tx, 1),
        recipients.carry_on(tx, 1, MORNING),
    ),
    "members without a branch": lambda tx: residents.members_without_branch(tx, 0, 5),
    "a page of a branch": lambda tx: residents.of_branch(tx, 1, 0, 5),
    "a page of the audit log": lambda tx: audit.newest(
        tx, MORNING, MORNING, list(audit.kinds(tx, MORNING, MORNING)), 0, 5
    ),
    "a page of what did not arrive": lambda tx: (
        missed.newest(tx, MORNING, MORNING, at_most=5),
        missed.tallies(tx, MORNING, MORNING),
    ),
    "where the audit log goes on from": audit._anchor,
    "what was merged": merges.standing,
    "whether papers are samples": ledgers.holds_samples,
    "everything about one person": lambda tx: own_data.of(tx, 1),
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
            planned = Planned("notice", f"n{number}", encoded(Reply("好")), MORNING, person_id=someone)
            outbox.plan(tx, planned, MORNING)
        broadcasts.draft(tx, encoded(Reply("好")), Audience(), Actor(someone, "district_staff"), MORNING)
        broadcasts.hand_in(tx, 1, Actor(someone, "district_staff"), MORNING)
        tx._statements = None  # what is prepared goes past SQLAlchemy, and would not be seen
        event.listen(tx.connection, "before_cursor_execute", explained)
        try:
            WORK[what](tx)
        finally:
            event.remove(tx.connection, "before_cursor_execute", explained)

    await database.write(work)
    assert plans
    growing = ("outbox", "sign_ups", "people", "accounts", "inbox", "event_changes", "attendances")
    growing += ("events", "needs", "need_assignments", "consents", "attachments")
    growing += ("audit_log", "file_pieces")
    # In the order of its index an event is found only after all that were before it.
    from_end_to_end = {f"SCAN {table}" for table in growing} | {"SCAN events USING INDEX ix_events_starts_at"}
    # Of those that arrived, nearly all, the rows are only counted.
    from_end_to_end |= {"SEARCH outbox USING INDEX ix_outbox_broadcast_id (broadcast_id=?)"}
    from_end_to_end |= {"SEARCH people USING INDEX ix_people_stay (state=?)"}  # nearly all of them
    scans = [(step, statement) for step, statement in plans if step in from_end_to_end]
    assert scans == []
