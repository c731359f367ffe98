"""Sign-ups, groups, offers, capacity, stalls, check-ins and merges in any order: nobody lost, doubled or oversold."""

import csv
from datetime import timedelta

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import bindparam, text

from dialogue.talk import Talk
from handlers import HOUSE, check_in
from handlers.events import card
from reports.attendance import Paper, attendance_sheet
from reports.counts import counts
from reports.csv import write_csv
from reports.periods import Period
from storage import attendance, events, markets, merging, queue_numbers, sign_ups
from storage.accounts import Account
from storage.audit import Actor
from storage.conversations import Said
from storage.database import Transaction
from storage.hours import MessageHours
from storage.markets import SlotDraft, StallDraft
from storage.migrations import engine_for
from storage.prepared import Statements
from storage.refusals import (
    CapacityBelowTaken,
    GroupTooLargeForEvent,
    NoNumberLeft,
    NoPlaceYet,
    NotFound,
    NotSignedUp,
    SlotGone,
)
from storage.schema.base import Moment
from storage.vault import Vault
from tests.conftest import MORNING
from tests.storage.test_sign_ups import STAFF, an_event, some_people

PEOPLE = 9
STARTS = MORNING + timedelta(days=30)
WHO = st.integers(0, PEOPLE - 1)
PARTY = st.tuples(WHO, st.integers(1, 3))
HALF = timedelta(minutes=30)
STALLS = (
    StallDraft("义诊", "大厅", (SlotDraft(timedelta(), HALF, 1), SlotDraft(HALF, 2 * HALF, 2))),
    StallDraft("理发", "一号桌", most=3),
)
STALL = st.integers(0, 1)


class Winter(RuleBasedStateMachine):
    """`same[n]` is who person n turned out to be; several of these numbers may mean one human being."""

    @initialize(capacity=st.integers(1, 4), offers=st.booleans(), first=st.lists(PARTY, min_size=4, max_size=8))
    def begin(self, capacity, offers, first):
        self.connection = self.opened.connect()
        self.transaction = self.connection.begin()
        self.house = self.vault, MessageHours(), self.statements
        self.now = MORNING
        self.event = self.does(an_event, capacity=capacity, asks_before_seating=offers, starts_at=STARTS)
        self.does(markets.open_stalls, self.event, STARTS, STALLS)
        self.stalls = [stall.id for stall in self.does(markets.of_event, self.event)]
        self.slots = self.does(markets.slots, self.stalls[0])
        self.persons = self.does(some_people, PEOPLE)
        self.same = {person: person for person in self.persons}
        self.merges = []  # who went into whom, the newest last
        self.explained = {}  # sign-up -> why it was promoted
        self.coming = set()  # who signed up and neither cancelled nor let an offer lapse, as a list on paper has it
        self.states = {}  # sign-up -> its state after the last step
        self.is_parted = False  # the last step took two registrations apart
        for who, size in first:  # whatever comes then meets people in places and in line
            self.sign_up(who, size)

    def does(self, work, *args, **kwargs):
        tx = Transaction(self.connection, *self.house)
        with tx.savepoint():
            return work(tx, *args, **kwargs)

    def who(self, number):
        person = self.persons[number]
        while self.same[person] != person:
            person = self.same[person]
        return person

    def note(self, promotions):
        for promotion in promotions:
            assert promotion.because
            for entry in promotion.sign_ups:
                self.explained[entry.id] = promotion.because

    @rule(party=PARTY)
    def more_sign_up(self, party):
        self.sign_up(*party)

    def sign_up(self, who, size):
        party = list(dict.fromkeys(self.who((who + n) % PEOPLE) for n in range(size)))
        try:
            self.does(sign_ups.sign_up, self.event, party, Actor(party[0]), self.now)
        except GroupTooLargeForEvent:
            return
        self.coming |= set(party)

    @rule(who=WHO)
    def cancel(self, who):
        try:
            self.note(self.does(sign_ups.cancel, self.event, self.who(who), STAFF, self.now))
        except NotSignedUp:
            assert self.who(who) not in self.coming
        self.coming.discard(self.who(who))

    @rule(who=WHO)
    def accept(self, who):
        try:
            self.does(sign_ups.accept, self.event, self.who(who), self.now)
        except NotSignedUp:
            return

    @rule(hours=st.integers(1, 30))
    def wait(self, hours):
        self.now += timedelta(hours=hours)
        if self.now > STARTS - timedelta(days=2):
            self.now = STARTS - timedelta(days=2)
        late = text("SELECT person_id FROM sign_ups WHERE state = 'offered' AND offer_ends_at <= :now")
        late = late.bindparams(bindparam("now", type_=Moment))
        self.coming -= {person for (person,) in self.connection.execute(late, {"now": self.now})}
        self.note(self.does(sign_ups.lapse, self.now))

    @rule(capacity=st.integers(1, 6))
    def change_capacity(self, capacity):
        try:
            self.does(events.change, self.event, {"capacity": capacity}, STAFF, self.now)
        except CapacityBelowTaken:
            return
        self.note(self.does(sign_ups.promote, self.event, self.now))

    @rule(one=WHO, other=WHO)
    def merge(self, one, other):
        kept, gone = self.who(one), self.who(other)
        if kept == gone:
            return
        self.note(self.does(merging.merge, kept, gone, STAFF, self.now, "示例"))
        self.same[gone] = kept
        self.merges.append(gone)
        self.coming = {self.who(self.persons.index(person)) for person in self.coming}

    @rule()
    def unmerge(self):
        if not self.merges:
            return
        gone = self.merges.pop()
        try:
            self.does(merging.unmerge, gone, STAFF, self.now, "示例")
        except NotFound:
            self.merges.append(gone)
            return
        kept, self.same[gone], self.is_parted = self.same[gone], gone, True
        self.note(self.does(sign_ups.promote, self.event, self.now))
        there = {person for person in (kept, gone) if self.does(sign_ups.active, self.event, person) is not None}
        assert bool(there) == (kept in self.coming)
        self.coming = self.coming - {kept} | there

    @rule(who=WHO, by=WHO)
    def check_in(self, who, by):
        checker = Actor(self.who(by), "checker", "test")
        self.does(attendance.check_in, self.event, self.who(who), "by_staff", checker, STARTS)
        assert self.does(attendance.of_person, self.event, self.who(who)).state == "attended"

    @rule(who=WHO)
    def excuse(self, who):
        self.does(attendance.check_in, self.event, self.who(who), "by_staff", STAFF, STARTS, state="excused")

    @rule(who=WHO)
    def undo(self, who):
        self.does(attendance.undo, self.event, self.who(who), STAFF, STARTS)
        assert self.does(attendance.of_person, self.event, self.who(who)) is None

    @rule(who=WHO, stall=STALL, slot=st.integers(0, 1))
    def take_a_number(self, who, stall, slot):
        try:
            taken, _ = self.does(
                queue_numbers.take, self.stalls[stall], self.who(who), STAFF, self.now, self.slots[slot].id
            )
        except NoPlaceYet:
            entry = self.does(sign_ups.active, self.event, self.who(who))
            assert entry is None or entry.state == "waitlisted"
        except (NoNumberLeft, SlotGone):
            return
        else:
            assert taken.state in queue_numbers.IN_LINE

    @rule(who=WHO, stall=STALL)
    def give_the_number_up_or_come_back(self, who, stall):
        for entry in self.does(queue_numbers.of_person, self.event, self.who(who)):
            if entry.stall_id == self.stalls[stall] and entry.state == "skipped":
                assert self.does(queue_numbers.come_back, entry.id, self.now).state == "waiting"
            elif entry.stall_id == self.stalls[stall]:
                self.does(queue_numbers.give_up, entry.id, self.now)

    @rule(stall=STALL, skips=st.booleans())
    def call_the_next(self, stall, skips):
        stall = self.stalls[stall]
        before = self.does(queue_numbers.standing, stall)
        after = before.current.number if before.current else 0
        called = self.does(queue_numbers.call_next, stall, STAFF, self.now, after, skips=skips)
        assert (called.current and called.current.id) == (before.waiting[0].id if before.waiting else None)
        assert not self.does(queue_numbers.call_next, stall, STAFF, self.now, after + 100).is_new

    @rule(heads=st.integers(0, 5))
    def count_heads(self, heads):
        self.does(attendance.count_heads, self.event, "unnamed", heads, STAFF, STARTS)

    @invariant()
    def nobody_is_oversold_doubled_or_somebody_who_went_into_another(self):
        if not hasattr(self, "explained"):
            return
        rows = self.connection.execute(text("SELECT id, person_id, state, number FROM sign_ups")).all()
        active = [row for row in rows if row.state in events.ACTIVE]
        taken = [row for row in active if row.state in events.TAKEN]
        assert len(taken) <= self.does(events.get, self.event).capacity
        assert len({row.person_id for row in active}) == len(active)
        assert len({row.number for row in rows}) == len(rows)
        assert {row.person_id for row in active} == self.coming

    @invariant()
    def whoever_moves_up_is_told_why_and_nobody_moves_down(self):
        if not hasattr(self, "explained"):
            return
        rows = self.connection.execute(text("SELECT id, state, because FROM sign_ups")).all()
        for row in rows:
            before = self.states.get(row.id)
            if before == "waitlisted" and row.state in events.TAKEN:
                assert row.because == self.explained.get(row.id, "合并：同一个人报了两次")
            assert before not in events.TAKEN or row.state != "waitlisted" or self.is_parted
        self.states, self.is_parted = {row.id: row.state for row in rows}, False
        self.explained.clear()  # who falls back when a merge is undone needs another reason the next time

    @invariant()
    def no_slot_is_oversold_and_nobody_stands_twice_in_a_line(self):
        if not hasattr(self, "explained"):
            return
        rows = self.connection.execute(
            text("SELECT stall_id, slot_id, person_id, number, state FROM queue_numbers")
        ).all()
        for stall in self.stalls:
            here = [row for row in rows if row.stall_id == stall]
            waiting = [row.person_id for row in here if row.state in queue_numbers.IN_LINE]
            assert len(set(waiting)) == len(waiting)
            assert all(self.same[person] == person for person in waiting)
            assert len({row.number for row in here}) == len(here)
            assert sum(row.state == "called" for row in here) <= 1
        held = [row.slot_id for row in rows if row.state != "given_up"]
        assert all(held.count(slot.id) <= slot.places for slot in self.slots)
        assert held.count(None) <= 3

    @invariant()
    def every_count_is_that_of_a_naive_recount(self):
        if not hasattr(self, "explained"):
            return
        came = self.connection.execute(
            text("SELECT DISTINCT person_id FROM attendances WHERE undone_at IS NULL AND state = 'attended'")
        ).all()
        heads = self.connection.execute(text("SELECT sum(people) FROM head_counts WHERE undone_at IS NULL")).scalar()
        assert attendance.attended(self.does(attendance.roll, self.event)) == len(came)
        assert all(self.same[row.person_id] == row.person_id for row in came)
        assert self.does(attendance.heads, self.event) == (heads or 0)
        self.figures = len(came), heads or 0

    def teardown(self):
        if not hasattr(self, "transaction"):
            return
        try:
            self.the_report_says_the_same()
        finally:
            self.transaction.rollback()
            self.connection.close()

    def the_report_says_the_same(self):
        """In the words of the chat, in the report, and in the cells of the file."""
        named, heads = getattr(self, "figures", (0, 0))
        seated, waiting = self.by_hand("'confirmed', 'offered'"), self.by_hand("'waitlisted'")
        event = self.does(events.get, self.event)
        left = event.capacity - seated
        shown = f"还有 {left} 个名额。" if left else f"名额满了，{waiting} 人在候补。"
        assert shown in self.does(card, event, self.now).splitlines()
        said = self.said(check_in.tell, event, "").splitlines()
        assert f"现在一共签到 {named} 位" + (f"，清点 {heads} 位。" if heads else "。") in said
        if named + heads:
            self.does(events.close, self.event, STAFF, STARTS + timedelta(hours=3))
            found = self.does(counts, Period.season(2026)).total
            assert (found.events, found.attendances, found.people) == (1, named + heads, named)
            sheet = self.does(attendance_sheet, self.event, Paper("示例单位", STARTS))
            write_csv(sheet, self.file)
            rows = list(csv.reader(self.file.read_text(encoding="utf-8-sig").splitlines()))
            place = rows[0].index("签到时间")
            assert sum(bool(row[place]) for row in rows[1:]) == named
            assert dict(sheet.heads)["实到"] == f"{named + heads}人次"

    def by_hand(self, states):
        counted = text(f"SELECT count(DISTINCT person_id) FROM sign_ups WHERE state IN ({states})")
        return self.connection.execute(counted).scalar_one()

    def said(self, tell, *args):
        """What a checker reads."""

        def work(tx):
            talk = Talk(tx, Account(0, "web", "", None, True, None), STARTS, HOUSE, Said("", STARTS))
            tell(talk, *args)
            return "\n".join(reply.text for reply in talk.replies)

        return self.does(work)


def test_any_order_of_people_groups_offers_and_merges_keeps_the_rules(databases, tmp_path):
    with engine_for(databases.new(tmp_path / "hongyan.db")) as opened_engine:

        class Here(Winter):
            opened = opened_engine
            file = tmp_path / "sheet.csv"
            vault = Vault.load_or_create(tmp_path / "key")
            statements = Statements()

        here = settings(max_examples=40, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
        run_state_machine_as_test(Here, settings=here)
