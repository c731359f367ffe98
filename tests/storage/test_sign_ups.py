"""The rules of sign-up and waiting list (domain 6.2), one promise each, and all of them in any order."""

import asyncio
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text

from storage import attendance, events, people, sign_ups
from storage.audit import Actor
from storage.database import Transaction
from storage.hours import MessageHours
from storage.migrations import engine_for
from storage.prepared import Statements
from storage.refusals import (
    EventCancelled,
    EventOver,
    GroupTooLarge,
    GroupTooLargeForEvent,
    MembersOnly,
    NotSignedUp,
    SignUpClosed,
    SignUpNotOpenYet,
)
from storage.vault import Vault
from tests.conftest import MORNING

pytestmark = pytest.mark.both_engines

STAFF = Actor(None, "organiser", "test")


def an_event(tx, capacity=2, **more):
    starts_at = more.pop("starts_at", MORNING + timedelta(days=3))
    draft = events.Draft("sunset_school", "书法班", starts_at, starts_at + timedelta(hours=2), "春园社区", **more)
    draft.capacity = capacity
    event_id = events.create(tx, draft, MORNING)
    events.publish(tx, event_id, STAFF, MORNING)
    return event_id


def some_people(tx, number):
    return [people.add(tx, people.Facts(name=f"老人{n}", phone=f"1390000{n:04d}"), MORNING) for n in range(number)]


@pytest.fixture
async def scene(database):
    """Returns `does(work, …)`: run a storage function and wait until it is kept."""
    return database.write


async def full_event(does, waiting=2, **more):
    """An event of two places with `waiting` people on the list."""
    event = await does(an_event, **more)
    persons = await does(some_people, 2 + waiting)
    for person in persons:
        await does(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    return event, persons


async def test_signing_up_twice_is_harmless(scene):
    event = await scene(an_event)
    [person] = await scene(some_people, 1)
    first = await scene(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    again = await scene(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    assert (first.state, first.is_new, again.state, again.is_new) == ("confirmed", True, "confirmed", False)


@pytest.mark.slow_there
async def test_ten_thousand_claims_at_once_do_not_oversell(scene):
    event = await scene(an_event, capacity=20)
    persons = await scene(some_people, 200)
    outcomes = await asyncio.gather(
        *(scene(sign_ups.sign_up, event, [person], Actor(person), MORNING) for person in persons)
    )
    assert sum(outcome.state == "confirmed" for outcome in outcomes) == 20
    assert sorted(outcome.position for outcome in outcomes if outcome.position) == list(range(1, 181))


async def test_a_freed_seat_goes_to_the_first_who_waits(scene):
    event, persons = await full_event(scene)
    [promotion] = await scene(sign_ups.cancel, event, persons[0], Actor(persons[0]), MORNING)
    assert [entry.person_id for entry in promotion.sign_ups] == [persons[2]]
    assert promotion.because == "排在最前"
    assert (await scene(sign_ups.active, event, persons[2])).state == "confirmed"


async def test_a_pair_is_admitted_together_or_not_at_all(scene):
    event, persons = await full_event(scene, waiting=0)
    pair = (await scene(some_people_more, 3))[:2]
    single = (await scene(some_people_more, 1))[0]
    outcome = await scene(sign_ups.sign_up, event, pair, Actor(pair[0]), MORNING)
    assert {entry.state for entry in outcome.sign_ups} == {"waitlisted"}
    await scene(sign_ups.sign_up, event, [single], Actor(single), MORNING)

    [promotion] = await scene(sign_ups.cancel, event, persons[0], STAFF, MORNING)
    assert [entry.person_id for entry in promotion.sign_ups] == [single]
    assert "坐不下" in promotion.because
    [promotion] = await scene(sign_ups.cancel, event, persons[1], STAFF, MORNING) or [None]
    assert promotion is None
    [promotion] = await scene(sign_ups.cancel, event, single, STAFF, MORNING)
    assert [entry.person_id for entry in promotion.sign_ups] == pair


def some_people_more(tx, number):
    return [people.add(tx, people.Facts(name=f"客人{n}"), MORNING) for n in range(number)]


async def test_promotion_stops_three_hours_before_the_start(scene):
    event, persons = await full_event(scene)
    late = MORNING + timedelta(days=3) - timedelta(hours=2, minutes=59)
    assert await scene(sign_ups.cancel, event, persons[0], STAFF, late) == []
    newcomer = (await scene(some_people_more, 1))[0]
    outcome = await scene(sign_ups.sign_up, event, [newcomer], Actor(newcomer), late)
    assert outcome.state == "waitlisted"


async def test_nobody_is_promoted_at_night_for_an_early_morning(scene):
    """The news could not arrive an hour before the start: staff phone instead."""
    at_eight_thirty = MORNING + timedelta(days=3) - timedelta(hours=1, minutes=30)
    event, persons = await full_event(scene, starts_at=at_eight_thirty)
    evening_before = at_eight_thirty - timedelta(hours=10)
    assert await scene(sign_ups.cancel, event, persons[0], STAFF, evening_before) == []


async def test_in_offer_mode_the_seat_waits_for_a_yes_and_goes_on_without(scene):
    event, persons = await full_event(scene, asks_before_seating=True)
    [promotion] = await scene(sign_ups.cancel, event, persons[0], STAFF, MORNING)
    assert [entry.state for entry in promotion.sign_ups] == ["offered"]
    assert await scene(events.taken, event) == 2
    [following] = await scene(sign_ups.lapse, MORNING + timedelta(hours=25))
    assert [entry.person_id for entry in following.sign_ups] == [persons[3]]
    await scene(sign_ups.accept, event, persons[3], MORNING + timedelta(hours=26))
    assert (await scene(sign_ups.active, event, persons[3])).state == "confirmed"


async def test_more_places_let_the_waiting_in(scene):
    event, persons = await full_event(scene)
    await scene(events.change, event, {"capacity": 3}, STAFF, MORNING)
    [promotion] = await scene(sign_ups.promote, event, MORNING)
    assert [entry.person_id for entry in promotion.sign_ups] == [persons[2]]


async def test_numbers_on_the_list_never_change(scene):
    event, persons = await full_event(scene)
    await scene(sign_ups.cancel, event, persons[0], STAFF, MORNING)
    again = await scene(sign_ups.sign_up, event, [persons[0]], Actor(persons[0]), MORNING)
    assert again.sign_ups[0].number == 5
    assert [entry.number for entry in await scene(sign_ups.of_event, event)] == [1, 2, 3, 4, 5]


async def test_an_override_is_recorded_and_seats_above_capacity(scene):
    event, _ = await full_event(scene)
    guest = (await scene(some_people_more, 1))[0]
    outcome = await scene(sign_ups.sign_up, event, [guest], STAFF, MORNING, override="家属陪同")
    assert outcome.state == "confirmed"
    assert (await scene(sign_ups.active, event, guest)).because == "家属陪同"


@pytest.mark.parametrize(
    ("more", "later", "refusal"),
    [
        ({"sign_up_opens_at": MORNING + timedelta(days=1)}, timedelta(), SignUpNotOpenYet),
        ({"sign_up_closes_at": MORNING + timedelta(days=1)}, timedelta(days=2), SignUpClosed),
        ({}, timedelta(days=3, minutes=1), SignUpClosed),
        ({}, timedelta(days=4), EventOver),
        ({"members_only": True}, timedelta(), MembersOnly),
    ],
)
async def test_who_may_not_join_is_told_why(scene, more, later, refusal):
    event = await scene(an_event, **more)
    [person] = await scene(some_people, 1)
    with pytest.raises(refusal):
        await scene(sign_ups.sign_up, event, [person], Actor(person), MORNING + later)


async def test_groups_have_a_limit_and_must_fit_the_event(scene):
    event = await scene(an_event, capacity=3)
    persons = await scene(some_people, 5)
    with pytest.raises(GroupTooLarge):
        await scene(sign_ups.sign_up, event, persons, STAFF, MORNING)
    with pytest.raises(GroupTooLargeForEvent):
        await scene(sign_ups.sign_up, event, persons[:4], STAFF, MORNING)


async def test_a_cancelled_event_takes_nobody_and_keeps_who_must_be_told(scene):
    event, persons = await full_event(scene)
    await scene(events.cancel, event, "台风", STAFF, MORNING)
    assert [person for person, _ in await scene(events.concerned, event)] == persons
    with pytest.raises(EventCancelled):
        await scene(sign_ups.sign_up, event, [persons[0]], STAFF, MORNING)


async def test_who_did_not_sign_up_cannot_cancel(scene):
    event = await scene(an_event)
    [person] = await scene(some_people, 1)
    with pytest.raises(NotSignedUp):
        await scene(sign_ups.cancel, event, person, Actor(person), MORNING)


class Season(RuleBasedStateMachine):
    """People come and go in any order; nobody is oversold, lost, doubled or passed over in silence."""

    @initialize(capacity=st.integers(1, 5))
    def begin(self, capacity):
        self.connection = self.opened.connect()
        transaction = self.connection.begin()
        self.house = self.vault, MessageHours(), self.statements
        self.now = MORNING
        self.event = self.does(an_event, capacity=capacity)
        self.persons = self.does(some_people, 12)
        self.came = {}
        self.transaction = transaction

    def does(self, work, *args, **kwargs):
        tx = Transaction(self.connection, *self.house)
        with tx.savepoint():
            return work(tx, *args, **kwargs)

    @rule(who=st.integers(0, 11), size=st.integers(1, 3))
    def sign_up(self, who, size):
        party = [self.persons[(who + n) % 12] for n in range(size)]
        try:
            outcome = self.does(sign_ups.sign_up, self.event, party, Actor(party[0]), self.now)
        except GroupTooLargeForEvent:
            return
        assert len({entry.state for entry in outcome.sign_ups}) == 1 or not outcome.is_new

    @rule(who=st.integers(0, 11))
    def cancel(self, who):
        try:
            promotions = self.does(sign_ups.cancel, self.event, self.persons[who], STAFF, self.now)
        except NotSignedUp:
            return
        assert all(promotion.because for promotion in promotions)

    @rule(more=st.integers(0, 2))
    def grow(self, more):
        capacity = self.does(events.get, self.event).capacity
        self.does(events.change, self.event, {"capacity": capacity + more}, STAFF, self.now)
        self.does(sign_ups.promote, self.event, self.now)

    @rule(who=st.integers(0, 11))
    def check_in(self, who):
        at_the_door = MORNING + timedelta(days=3)
        entry = self.does(attendance.check_in, self.event, self.persons[who], "by_staff", STAFF, at_the_door)
        assert entry.is_new == (who not in self.came)
        self.came[who] = True

    @rule(who=st.integers(0, 11))
    def undo(self, who):
        undone = self.does(attendance.undo, self.event, self.persons[who], STAFF, MORNING + timedelta(days=3))
        assert (undone is not None) == (self.came.pop(who, None) is not None)

    @invariant()
    def nobody_is_oversold_or_doubled(self):
        if not hasattr(self, "event"):
            return
        rows = self.connection.execute(text("SELECT person_id, state, number FROM sign_ups")).all()
        taken = [row for row in rows if row.state in ("confirmed", "offered")]
        active = [row.person_id for row in rows if row.state in events.ACTIVE]
        assert len(taken) <= self.does(events.get, self.event).capacity
        assert len(active) == len(set(active))
        assert len({row.number for row in rows}) == len(rows)

    @invariant()
    def no_seat_stays_free_for_whom_it_would_suffice(self):
        if not hasattr(self, "event"):
            return
        free = self.does(events.get, self.event).capacity - self.does(events.taken, self.event)
        groups = {}
        for entry in self.does(sign_ups.of_event, self.event):
            if entry.state == "waitlisted":
                groups.setdefault(entry.group_id or entry.id, []).append(entry)
        assert all(len(group) > free for group in groups.values())

    @invariant()
    def the_count_is_that_of_those_who_came(self):
        if hasattr(self, "event"):
            assert attendance.attended(self.does(attendance.roll, self.event)) == len(self.came)

    def teardown(self):
        if hasattr(self, "transaction"):
            self.transaction.rollback()
            self.connection.close()


@pytest.mark.slow_there
def test_any_order_of_people_keeps_the_rules(databases, tmp_path):
    with engine_for(databases.new(tmp_path / "hongyan.db")) as opened_engine:

        class Here(Season):
            opened = opened_engine
            vault = Vault.load_or_create(tmp_path / "key")
            statements = Statements()

        here = settings(max_examples=60, stateful_step_count=40, deadline=None, suppress_health_check=list(HealthCheck))
        run_state_machine_as_test(Here, settings=here)
