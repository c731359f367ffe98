"""Needs through a whole season, in any order: a clerk with a minute clock and a notebook finds nothing wrong."""

import bisect
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from storage import assignments, follow_ups, need_clock, need_counts, need_rulings, need_work, needs, people, routing
from storage.audit import Actor
from storage.calendar import is_working_day
from storage.database import Transaction
from storage.hours import MessageHours
from storage.migrations import engine_for
from storage.need_warnings import warn_due
from storage.needs import Told
from storage.prepared import Statements
from storage.refusals import NotAllowed, NotNow, OwnFollowUp, PauseTooLong, RulingStands, TooLateToReopen
from storage.routing import Rule
from storage.schema.needs import need_calls, need_follow_ups
from storage.schema.needs import needs as needs_table
from storage.schema.places import communities
from storage.schema.records import audit_log
from storage.times import local, local_date
from storage.vault import Vault

FIRST, LAST = datetime(2026, 9, 30, 16, tzinfo=UTC), datetime(2027, 6, 30, 16, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
DAY = 600  # minutes of working time
STEPS = st.sampled_from([7, 45, 240, 24 * 60, 3 * 24 * 60, 12 * 24 * 60])  # minutes
NORMAL = {"direct": 7 * DAY, "joint": 15 * DAY}
MAY = {
    "received": {None, "resident", "owner"},
    "assigned": {None, "district_staff"},
    "accepted": {"owner"},
    "in_progress": {"owner"},
    "answered": {"owner", "district_staff"},
    "follow_up": {None, "resident", "point_lead", "district_staff"},
    "closed": {None},
}


class MinuteClock:
    """Working minutes, counted one by one over the whole season."""

    def __init__(self):
        self.worked = [0]
        moment = FIRST
        while moment < LAST:
            here = local(moment)
            works = is_working_day(here.date()) and time(8) <= here.time() < time(18)
            # A day at a time where nothing changes would be faster, and no longer a clock that looks at every minute.
            self.worked.append(self.worked[-1] + works)
            moment += MINUTE

    def at(self, moment):
        return self.worked[int((moment - FIRST) / MINUTE)]

    def is_open(self, moment):
        return self.at(moment + MINUTE) > self.at(moment)

    def opening(self, moment):
        while not self.is_open(moment):
            moment += MINUTE
        return moment

    def when(self, worked):
        """The first moment at which so many minutes were worked since the beginning."""
        return FIRST + bisect.bisect_left(self.worked, worked) * MINUTE


class Deadline:
    """What the clerk notes of one deadline."""

    def __init__(self, clock, began, allowed):
        self.clock = clock
        self.began = began
        self.allowed = allowed
        self.ended = None
        self.because = None
        self.due_when_ended = None

    def elapsed(self, now, pauses):
        used = max(self.clock.at(now) - self.clock.at(self.began), 0)
        for begins, ends in pauses:
            begins, ends = max(begins, self.began), min(ends, now)
            if begins < ends:
                used -= self.clock.at(ends) - self.clock.at(begins)
        return used

    def due(self, pauses):
        """Minute by minute, standing still in pauses."""
        left = self.allowed
        moment = self.began
        while True:
            paused = next((ends for begins, ends in pauses if begins <= moment < ends), None)
            if paused is not None:
                moment = paused
                continue
            until = min((begins for begins, _ in pauses if begins > moment), default=LAST)
            here = self.clock.at(until) - self.clock.at(moment)
            if here >= left:
                return self.clock.when(self.clock.at(moment) + left)
            left -= here
            moment = until


class Noted:
    """What the clerk notes of one need."""

    def __init__(self, number, resident):
        self.number = number
        self.resident = resident
        self.mode, self.urgent = "direct", False
        self.deadlines = []
        self.pauses = []
        self.returned = []
        self.reopened = []
        self.asked = []  # [due, result, satisfaction, void]
        self.merged = False
        self.warned = []  # (deadline, level) in order


class Season(RuleBasedStateMachine):
    @initialize(start=st.integers(0, 200 * 24), first=st.integers(0, 59))
    def begin(self, start, first):
        self.connection = self.opened.connect()
        self.transaction = self.connection.begin()
        self.now = FIRST + timedelta(hours=start, minutes=first)
        self.began_at = self.now
        self.warnings = []
        self.notes = {}
        self.leaves = {}  # resident -> day, as known now
        self.does(self.lay_out)

    def lay_out(self, tx):
        row = {"code": "1", "official_name": "春园社区居委会", "display_name": "春园社区", "short_name": "春园"}
        tx.execute(communities.insert(), {**row, "kind": "residents_committee", "active": True})
        names = ("居民甲", "居民乙", "承办甲", "承办乙", "督办人", "区干事", "点长甲")
        made = [
            people.add(tx, people.Facts(name=name, phone=f"1390000000{n}"), self.now) for n, name in enumerate(names)
        ]
        self.residents, self.owners, (self.supervisor, self.staff, self.lead) = made[:2], made[2:4], made[4:]
        table = [Rule(self.owners[0], "承办甲", community_code="1", supervisor_id=self.supervisor)]
        routing.publish(tx, table, Actor(self.staff, "district_staff"), self.now)

    def does(self, work, *args, **kwargs):
        tx = Transaction(self.connection, self.vault, MessageHours(), self.statements)
        with tx.savepoint():
            return work(tx, *args, **kwargs)

    def need(self, number):
        return self.does(needs.get, number)

    def coordinator(self):
        return Actor(self.staff, "district_staff", "web")

    def owner_of(self, need):
        found = self.does(assignments.lead, need.id)
        return Actor(found.person_id, "owner", "web") if found else None

    def paused(self, note):
        return any(begins <= self.now < ends for begins, ends in note.pauses)

    def cut_pause(self, note):
        if note.pauses and note.pauses[-1][1] > self.now:
            note.pauses[-1] = (note.pauses[-1][0], self.now)

    def limited(self, note, began, normal):
        leaves_on = self.leaves[note.resident]
        if leaves_on is None or leaves_on < local_date(began):
            return normal
        last = leaves_on - timedelta(days=2)
        while not is_working_day(last):
            last -= timedelta(days=1)
        closing = datetime.combine(last, time(18), local(began).tzinfo).astimezone(UTC)
        left = max(self.clock.at(closing) - self.clock.at(began), 0) if closing > began else 0
        return min(normal, max(left, DAY))

    def start(self, note, began, normal):
        note.deadlines.append(Deadline(self.clock, began, self.limited(note, began, normal)))

    def stop(self, note, because):
        deadline = note.deadlines[-1]
        if deadline.ended is None:
            deadline.ended, deadline.because = self.now, because
            deadline.due_when_ended = deadline.due(note.pauses)

    def normal(self, note):
        return DAY if note.urgent else NORMAL[note.mode]

    # What people do.

    @rule(data=st.data(), stays=st.one_of(st.none(), st.integers(0, 40)), routed=st.booleans())
    def tell(self, data, stays, routed):
        resident = data.draw(st.sampled_from(self.residents))
        leaves_on = self.leaves[resident] = None if stays is None else local_date(self.now) + timedelta(days=stays)
        person = self.does(people.get, resident)
        person.leaves_on = leaves_on
        self.does(people.change, person, self.now)
        told = Told(resident, "路灯坏了", "web", data.draw(st.sampled_from(["transport", "housing"])))
        told.community_code = "1" if routed else None
        need = self.does(needs.tell, told, Actor(resident, "resident", "web"), self.now)
        note = self.notes[need.id] = Noted(need.number, resident)
        self.start(note, self.clock.opening(self.now), 7 * DAY)

    @rule(data=st.data(), pick=st.integers(0, 50), times=st.integers(3, 10))
    def somebody_acts(self, data, pick, times):
        """On a need, as its stage allows; several times in a row, so that some get far."""
        if not self.notes:
            return
        number = sorted(self.notes)[pick % len(self.notes)]
        for _ in range(times):
            need = self.need(number)
            acts = ACTS[need.stage] if need.outcome != "duplicate" else (Season.separate,)
            data.draw(st.sampled_from(acts))(self, need, data)
            if data.draw(st.booleans()):
                self.let_pass(data.draw(STEPS))

    def assign(self, need, data):
        owner = data.draw(st.sampled_from(self.owners))
        wanted = Rule(owner, "承办", supervisor_id=self.supervisor, mode=self.notes[need.id].mode)
        self.does(need_rulings.assign, need, wanted, self.coordinator(), self.now)

    def accept(self, need, data):
        self.does(need_work.accept, need, self.owner_of(need), self.now)

    def begin_work(self, need, data):
        self.does(need_work.begin, need, self.owner_of(need), self.now)

    def answer(self, need, data):
        note = self.notes[need.id]
        how = data.draw(st.sampled_from(["done", "explained", "referred"]))
        self.cut_pause(note)
        if how == "referred":
            actor = data.draw(st.sampled_from([self.owner_of(need), self.coordinator()]))
            self.does(need_work.hand_to_12345, need, "转给12345了", "GD20260001", actor, self.now)
        else:
            self.does(need_work.answer, need, "修好了", how, self.owner_of(need), self.now)
        self.stop(note, "answered")
        day = local_date(self.now) + timedelta(days=1)
        while not is_working_day(day):
            day += timedelta(days=1)
        note.asked.append([datetime.combine(day, time(8), local(self.now).tzinfo), None, None, False])

    def give_back(self, need, data):
        note, owner = self.notes[need.id], self.owner_of(need)
        proposed = next(one for one in self.owners if one != owner.person_id)
        if need.ruled:
            with pytest.raises(RulingStands):
                self.does(need_work.give_back, need, "不归我管", proposed, owner, self.now)
            return
        after = self.does(need_work.give_back, need, "不归我管", proposed, owner, self.now)
        assert after.stage == ("assigned" if not note.returned else "received")
        note.returned.append(self.now)
        self.cut_pause(note)

    def pause(self, need, data):
        note, owner = self.notes[need.id], self.owner_of(need)
        until = local_date(self.now) + timedelta(days=data.draw(st.integers(0, 18)))
        ends = datetime.combine(until, time(8), local(self.now).tzinfo).astimezone(UTC)
        used = sum(self.clock.at(end) - self.clock.at(begin) for begin, end in note.pauses)
        fits = until > local_date(self.now) and used < 10 * DAY
        fits = fits and used + self.clock.at(ends) - self.clock.at(self.now) <= 10 * DAY
        if self.paused(note):
            with pytest.raises(NotNow):
                self.does(need_work.pause, need, "等配件", until, owner, self.now)
        elif not fits:
            with pytest.raises(PauseTooLong):
                self.does(need_work.pause, need, "等配件", until, owner, self.now)
        else:
            self.does(need_work.pause, need, "等配件", until, owner, self.now)
            note.pauses.append((self.now, ends))

    def resume(self, need, data):
        note = self.notes[need.id]
        if self.paused(note):
            self.does(need_work.resume, need, self.owner_of(need), self.now)
            self.cut_pause(note)
        else:
            with pytest.raises(NotNow):
                self.does(need_work.resume, need, self.owner_of(need), self.now)

    def speed(self, need, data):
        note = self.notes[need.id]
        changes = (
            (need_rulings.set_urgent, (data.draw(st.booleans()),)),
            (need_rulings.set_mode, (data.draw(st.sampled_from(["direct", "joint"])), ())),
        )
        for change, value in changes:
            before = self.normal(note)
            need = self.does(change, need, *value, self.coordinator(), self.now)
            note.urgent, note.mode = need.urgent, need.mode
            if self.normal(note) != before and need.round == 1:
                began = note.deadlines[-1].began
                self.stop(note, "changed")
                self.start(note, began, self.normal(note))

    def withdraw(self, need, data):
        if data.draw(st.integers(0, 3)):
            return  # people rarely do
        self.does(needs.withdraw, need, Actor(need.person_id, "resident", "web"), self.now)
        self.ends_without_question(need, "withdrawn")

    def merge(self, need, data):
        others = [self.need(number) for number in self.notes if number != need.id]
        parents = [one for one in others if one.is_open and one.parent_id is None]
        if parents:
            parent = data.draw(st.sampled_from(parents))
            self.does(need_rulings.merge, need, parent, self.coordinator(), self.now)
            self.ends_without_question(need, "duplicate")
            self.notes[need.id].merged = True

    def ends_without_question(self, need, because):
        note = self.notes[need.id]
        self.cut_pause(note)
        self.stop(note, because)
        for one in note.asked:
            if one[1] is None:
                one[3] = True

    def separate(self, need, data):
        note = self.notes[need.id]
        wanted = Rule(self.owners[0], "承办", mode=note.mode)
        self.does(need_rulings.separate, need, wanted, self.coordinator(), self.now)
        note.merged = False
        if note.deadlines[-1].because == "duplicate":
            note.deadlines[-1].ended = note.deadlines[-1].because = None

    # What residents say to it.

    def say(self, need, data):
        note = self.notes[need.id]
        result = data.draw(st.sampled_from(["solved", "partly_solved", "unsolved"]))
        if note.asked[-1][1] is not None:
            with pytest.raises(NotNow):
                self.does(follow_ups.record, need, result, "chat", Actor(need.person_id, "resident"), self.now)
            return
        called = data.draw(st.booleans())
        owner = self.does(assignments.lead, need.id)
        if called and owner is not None:
            own = Actor(owner.person_id, "point_lead", "phone")
            with pytest.raises(OwnFollowUp):
                self.does(follow_ups.record, need, result, "call", own, self.now)
        actor = Actor(self.lead, "point_lead", "phone") if called else Actor(need.person_id, "resident", "web")
        after = self.does(follow_ups.record, need, result, "call" if called else "chat", actor, self.now)
        note.asked[-1][1] = result
        if result == "unsolved":
            self.noted_again(need, after)
        else:
            assert after.stage == ("closed" if result == "solved" else "follow_up")

    def noted_again(self, need, after):
        note = self.notes[need.id]
        assert after.stage == "assigned"
        assert after.round == need.round + 1
        first = next(one for one in note.deadlines if one.because != "changed")
        note.reopened.append(self.now)
        self.start(note, self.clock.opening(self.now), round(first.allowed / 2))

    def rate(self, need, data):
        answered = [one for one in self.notes[need.id].asked if one[1] is not None]
        satisfaction = data.draw(st.sampled_from(["satisfied", "mostly_satisfied", "dissatisfied"]))
        actor = Actor(need.person_id, "resident")
        if not answered:
            with pytest.raises(NotNow):
                self.does(follow_ups.rate, need, satisfaction, actor, self.now)
            return
        self.does(follow_ups.rate, need, satisfaction, actor, self.now)
        answered[-1][2] = satisfaction

    def decide(self, need, data):
        again = data.draw(st.booleans())
        has_one = self.does(assignments.supervisor, need.id)
        who = Actor(self.supervisor, "supervisor") if has_one else self.coordinator()
        if self.notes[need.id].asked[-1][1] != "partly_solved":
            with pytest.raises(NotNow):
                self.does(follow_ups.decide, need, again=again, reason="还差一段", actor=who, now=self.now)
            return
        after = self.does(follow_ups.decide, need, again=again, reason="还差一段", actor=who, now=self.now)
        if again:
            self.noted_again(need, after)

    def reopen(self, need, data):
        actor = Actor(need.person_id, "resident", "web")
        if need.outcome == "withdrawn":
            with pytest.raises(NotNow):
                self.does(follow_ups.reopen, need, actor, self.now)
        elif self.now - need.closed_at > timedelta(days=30):
            with pytest.raises(TooLateToReopen):
                self.does(follow_ups.reopen, need, actor, self.now)
        else:
            self.noted_again(need, self.does(follow_ups.reopen, need, actor, self.now))

    def phone_in_vain(self, need, data):
        if self.notes[need.id].asked[-1][1] is None:
            after, days = self.does(follow_ups.no_answer, need, Actor(self.lead, "point_lead", "phone"), self.now)
            assert (after.stage == "closed") == (days >= 3)

    def the_wrong_person_tries(self, need, data):
        lead = self.does(assignments.lead, need.id)
        other = next(one for one in self.owners if lead is None or one != lead.person_id)
        strangers = (Actor(other, "owner"), Actor(need.person_id, "resident"), Actor(self.lead, "point_lead"), Actor())
        for actor in strangers:
            for work, args in (
                (need_work.accept, ()),
                (need_work.answer, ("好了", "done")),
                (need_work.give_back, ("不归我管", other)),
                (need_work.pause, ("等", local_date(self.now) + timedelta(days=1))),
            ):
                with pytest.raises(NotAllowed):
                    self.does(work, need, *args, actor, self.now)
            with pytest.raises(NotAllowed):
                self.does(need_rulings.set_urgent, need, True, actor, self.now)

    # Time passes, and the program does its chores.

    @rule(step=STEPS)
    def time_passes(self, step):
        self.let_pass(step)

    def let_pass(self, step):
        until = min(self.now + step * MINUTE, LAST - timedelta(days=75))
        while self.now < until:
            self.now = min(until, self.now + (45 * MINUTE if step < 3000 else timedelta(hours=5)))
            self.does(need_work.resume_due, self.now)
            for need in self.does(follow_ups.ask_due, self.now):
                assert MessageHours().are_on(self.now)
                assert self.notes[need.id].asked[-1][0] <= self.now
            self.does(warn_due, self.now, self.warned)
            self.expect_warnings()

    def warned(self, _tx, warned, now):
        assert self.clock.is_open(now)
        assert not self.paused(self.notes[warned.need.id])
        self.warnings.append((warned.need.id, warned.deadline.round, warned.deadline.id, warned.level))

    def expect_warnings(self):
        if not self.clock.is_open(self.now):
            return
        for note in self.notes.values():
            deadline = note.deadlines[-1]
            if deadline.ended is not None or self.paused(note):
                continue
            used = deadline.elapsed(self.now, note.pauses)
            for level, limit in (
                ("soon", deadline.allowed * 0.8),
                ("due", deadline.allowed),
                ("overdue", deadline.allowed + 2 * DAY),
            ):
                place = (len(note.deadlines), level)
                if used >= limit and place not in note.warned:
                    note.warned.append(place)

    # What the clerk finds.

    @invariant()
    def no_warning_is_lost_or_doubled(self):
        assert len(set(self.warnings)) == len(self.warnings)
        by_need = {number: [] for number in self.notes}
        for number, _, deadline, level in self.warnings:
            ids = [one.id for one in self.does(need_clock.of, number)]
            by_need[number].append((ids.index(deadline) + 1, level))
        assert by_need == {number: note.warned for number, note in self.notes.items()}

    @invariant()
    def every_clock_is_right(self):
        for number, note in self.notes.items():
            need = self.need(number)
            kept = self.does(need_clock.of, number)
            assert len(kept) == len(note.deadlines)
            for one, noted in zip(kept, note.deadlines, strict=True):
                assert one.began_at == noted.began
                assert one.allowed == noted.allowed
                assert (one.because or None) == noted.because
                assert one.due_at == (noted.due_when_ended if noted.ended else noted.due(note.pauses))
            assert need.due_at == kept[-1].due_at
            clock = self.does(need_clock.clock_of, kept[-1])
            assert clock.elapsed(self.now) == note.deadlines[-1].elapsed(self.now, note.pauses) * MINUTE

    @invariant()
    def nothing_is_closed_on_paper(self):
        rows = self.connection.execute(select(needs_table).where(needs_table.c.stage == "closed")).all()
        for row in rows:
            asked = select(need_follow_ups).where(need_follow_ups.c.need_id == row.id).order_by(need_follow_ups.c.id)
            last = self.connection.execute(asked).all()[-1:]
            if row.outcome in ("withdrawn", "duplicate"):
                continue
            [last] = last
            days = set(
                self.connection.execute(select(need_calls.c.day).where(need_calls.c.follow_up_id == last.id)).scalars()
            )
            assert last.result in ("solved", "partly_solved") or len(days) >= 3
            if last.result == "partly_solved":
                assert last.decided_at is not None

    @invariant()
    def numbers_never_change(self):
        assert {number: self.need(number).number for number in self.notes} == {
            number: note.number for number, note in self.notes.items()
        }

    @invariant()
    def every_step_is_in_the_log_and_nobodys_but_theirs(self):
        wanted = select(audit_log).where(audit_log.c.action == "need.stage").order_by(audit_log.c.id)
        stands = {}
        for row in self.connection.execute(wanted):
            after = row.after.split('"stage": "')[1].split('"')[0]
            before = row.before.split('"stage": "')[1].split('"')[0] if row.before else None
            assert stands.get(row.object) == before
            assert row.role in MAY[after]
            assert (row.actor_id is None) == (row.role is None)
            stands[row.object] = after
        assert stands == {f"need {number}": self.need(number).stage for number in self.notes}

    @invariant()
    def rates_are_those_of_the_notebook(self):
        begins, ends = self.began_at, self.now + timedelta(days=30)
        kept = self.does(need_counts.counts, begins, ends, self.now)
        notes = list(self.notes.values())
        fell = [(one, note) for note in notes for one in note.deadlines if self.fell_due(one, note, begins, ends)]
        asked = [one for note in notes for one in note.asked if not one[3] and begins <= one[0] < ends]
        asked = [one for one in asked if one[0] <= self.now or one[1] is not None]
        assert kept == need_counts.Figures(
            received=len(notes),
            due=len(fell),
            in_time=sum(one.because == "answered" and one.ended <= one.due_when_ended for one, _ in fell),
            to_ask=len(asked),
            asked=sum(one[1] is not None for one in asked),
            solved=sum(one[1] == "solved" for one in asked),
            rated=sum(one[2] is not None for one in asked),
            satisfied=sum(one[2] in ("satisfied", "mostly_satisfied") for one in asked),
            duplicates=sum(note.merged for note in notes),
            returned=sum(len(note.returned) for note in notes),
            reopened=sum(len(note.reopened) for note in notes),
        )
        parts = self.does(need_counts.counts_by, begins, ends, self.now, "category").values()
        assert sum(parts, need_counts.Figures()) == kept

    def fell_due(self, one, note, begins, ends):
        if one.because not in ("answered", None):
            return False
        due = one.due_when_ended if one.ended else one.due(note.pauses)
        return begins <= due < ends and (one.because == "answered" or due <= self.now)

    def teardown(self):
        if hasattr(self, "transaction"):
            self.transaction.rollback()
            self.connection.close()


_WORKING = (
    Season.answer,
    Season.give_back,
    Season.pause,
    Season.speed,
    Season.withdraw,
    Season.merge,
    Season.the_wrong_person_tries,
)
ACTS = {
    "received": (Season.assign, Season.assign, Season.speed, Season.withdraw, Season.the_wrong_person_tries),
    "assigned": (Season.accept, Season.begin_work, Season.assign, *_WORKING),
    "accepted": (Season.begin_work, *_WORKING),
    "in_progress": (Season.answer, Season.resume, Season.assign, *_WORKING),
    "answered": (Season.say, Season.say, Season.phone_in_vain, Season.withdraw),
    "follow_up": (Season.say, Season.say, Season.decide, Season.phone_in_vain, Season.withdraw),
    "closed": (Season.rate, Season.reopen),
}


def test_a_whole_season_leaves_no_need_behind(databases, tmp_path):
    Season.vault, Season.clock = Vault.load_or_create(tmp_path / "key"), MinuteClock()
    Season.statements = Statements()
    with engine_for(databases.new(tmp_path / "season.db")) as Season.opened:
        run_state_machine_as_test(
            Season,
            settings=settings(
                max_examples=12, stateful_step_count=25, deadline=None, suppress_health_check=list(HealthCheck)
            ),
        )
