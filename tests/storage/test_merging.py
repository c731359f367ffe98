"""Two registrations of one human being: made into one, and taken apart again (domain 4.2.3)."""

from datetime import timedelta

import pytest

from reports.counts import counts
from reports.periods import Period
from storage import accounts, attendance, events, merging, needs, people, proxies, sign_ups
from storage.audit import Actor
from storage.people import Facts, Party
from storage.refusals import NotFound
from storage.schema import metadata
from tests.conftest import MORNING

STAFF = Actor(None, "district_staff", "console")
YEAR = Period.season(2026)

WHO_DID_IT = {  # columns that say who wrote something down: a merge leaves them as they were
    "broadcasts.approved_by",
    "broadcasts.made_by",
    "call_list.called_by",
    "event_changes.by_person",
    "handouts.added_by",
    "sign_ups.by_person",
    "attendances.undone_by",
    "attendances.recorded_by",
    "attendances.corrected_by",
    "head_counts.recorded_by",
    "routing_tables.made_by",
    "need_entries.by_person",
    "need_returns.by_person",
    "need_returns.ruled_by",
    "need_returns.proposed_id",
    "need_follow_ups.by_person",
    "need_calls.by_person",
    "need_visits.noted_by",
    "people.merged_into",
    "person_keys.person_id",  # what staff search by; the keys of who is merged find nobody
    "grants.revoked_by",
    "grants.granted_by",
    "suggestions.answered_by",
    "polls.made_by",
    "queue_numbers.by_person",
    "wishes.posted_by",
    "report_snapshots.made_by",
    "point_rules.made_by",
    "spendings.by_person",
}


def test_every_column_that_names_a_person_either_moves_or_says_who_did_it():
    """A new table with a person in it must be thought of here, or a merge leaves half of somebody behind."""
    naming = {
        f"{table.name}.{key.parent.name}"
        for table in metadata.tables.values()
        for key in table.foreign_keys
        if key.target_fullname == "people.id"
    }
    assert naming == {str(column) for column in merging.MOVED} | WHO_DID_IT


@pytest.fixture
async def twice(database):
    """One woman registered twice, under two spellings. Returns `does`, the first and the second number."""

    def add(tx):
        first = people.add(tx, Facts(name="李秀兰", phone="13900000001", residence="local"), MORNING)
        second = people.add(
            tx, Facts(name="李秀蓝", phone="13900000002", origin="黑龙江", party=Party("yes", "示例支部")), MORNING
        )
        return first, second

    return database.write, *await database.write(add)


def an_event(tx, capacity=2, starts_in=timedelta(days=3), title="书法班"):
    starts_at = MORNING + starts_in
    draft = events.Draft("sunset_school", title, starts_at, starts_at + timedelta(hours=2), "春园社区")
    draft.capacity = capacity
    event_id = events.create(tx, draft, MORNING)
    events.publish(tx, event_id, STAFF, MORNING)
    return event_id


def a_need(tx, person_id):
    return needs.tell(tx, needs.Told(person_id, "路灯坏了", "web", "housing"), Actor(person_id), MORNING).id


async def merged(does, kept, gone, now=MORNING):
    return await does(merging.merge, kept, gone, STAFF, now, "同一个人登记了两次")


async def test_what_the_one_had_is_found_with_the_other(twice):
    does, first, second = twice
    event = await does(an_event)
    await does(sign_ups.sign_up, event, [second], Actor(second), MORNING)
    need = await does(a_need, second)
    account = await does(accounts.heard, "web", "her", MORNING)
    await does(accounts.belongs_to, account.id, second)

    await merged(does, first, second)
    assert (await does(people.find, second)).id == first
    assert (await does(sign_ups.active, event, first)).state == "confirmed"
    assert [each.id for each in await does(needs.of_person, first)] == [need]
    assert [each.id for each in await does(accounts.of_person, first)] == [account.id]
    assert [found.id for found in await does(people.search, "李秀蓝")] == [first]


async def test_what_only_one_had_stated_is_kept(twice):
    does, first, second = twice
    await merged(does, first, second)
    person = await does(people.get, first)
    assert (person.phone, person.origin, person.party.home_branch) == ("13900000001", "黑龙江", "示例支部")


async def test_of_two_sign_ups_the_earlier_stays_and_the_place_held_twice_goes_to_the_next(twice):
    does, first, second = twice
    event = await does(an_event)
    waiting = await does(people.add, Facts(name="王建国", phone="13900000003"), MORNING)
    for person in (second, first, waiting):
        await does(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    [promotion] = await merged(does, first, second)
    assert [entry.person_id for entry in promotion.sign_ups] == [waiting]
    entries = await does(sign_ups.of_event, event)
    assert [(entry.person_id, entry.state) for entry in entries] == [
        (first, "confirmed"),
        (first, "cancelled"),
        (waiting, "confirmed"),
    ]


async def test_a_place_is_not_lost_because_the_earlier_sign_up_only_waited(twice):
    does, first, second = twice
    event = await does(an_event, capacity=1)
    other = await does(people.add, Facts(name="王建国", phone="13900000003"), MORNING)
    for person in (other, first):
        await does(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    await does(sign_ups.sign_up, event, [second], STAFF, MORNING, override="老师请的")
    assert await merged(does, first, second) == []
    entries = {entry.id: (entry.person_id, entry.state) for entry in await does(sign_ups.of_event, event)}
    assert list(entries.values()) == [(other, "confirmed"), (first, "confirmed"), (first, "cancelled")]


async def test_who_was_ticked_off_twice_came_once(twice):
    does, first, second = twice
    event = await does(an_event, starts_in=timedelta(minutes=30))
    await does(attendance.check_in, event, first, "by_staff", STAFF, MORNING, state="absent")
    await does(attendance.check_in, event, second, "by_staff", STAFF, MORNING + timedelta(minutes=9))
    await merged(does, first, second, MORNING + timedelta(hours=1))
    [standing] = await does(attendance.of_event, event)
    assert (standing.person_id, standing.state) == (first, "attended")
    await does(events.close, event, STAFF, MORNING + timedelta(hours=3))
    total = (await does(counts, YEAR)).total
    assert (total.named, total.people) == (1, 1)


def everything(tx, but=()):
    """All rows that a merge may touch, without what only says when."""
    kept = {}
    for column in merging.MOVED:
        rows = tx.execute(column.table.select().order_by(column.table.c.id)).all()
        kept[column.table.name] = [
            {key: value for key, value in row._mapping.items() if key not in ("changed_at", "last_contact_at", *but)}
            for row in rows
        ]
    return kept


async def test_taken_apart_everything_is_as_it_was(twice):
    does, first, second = twice
    event = await does(an_event)
    now = await does(an_event, starts_in=timedelta(minutes=30), title="太极")
    for person in (first, second):
        await does(sign_ups.sign_up, event, [person], Actor(person), MORNING)
        await does(attendance.check_in, now, person, "by_staff", STAFF, MORNING)
        await does(a_need, person)
    await does(proxies.ask, first, second, Actor(second), MORNING)
    sealed = ("name", "phone", "party")  # sealed anew with each change
    before = await does(everything, sealed)
    stated = [await does(people.get, person) for person in (first, second)]

    await merged(does, first, second)
    assert await does(everything, sealed) != before
    await does(merging.unmerge, second, STAFF, MORNING + timedelta(days=1), "是两个人")
    assert await does(everything, sealed) == before
    assert [await does(people.get, person) for person in (first, second)] == stated
    assert [found.id for found in await does(people.search, "李秀蓝")] == [second]


async def test_a_place_given_away_meanwhile_is_waited_for(twice):
    does, first, second = twice
    event = await does(an_event)
    for person in (first, second):
        await does(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    await merged(does, first, second)
    other = await does(people.add, Facts(name="王建国", phone="13900000003"), MORNING)
    await does(sign_ups.sign_up, event, [other], Actor(other), MORNING)
    await does(merging.unmerge, second, STAFF, MORNING, "是两个人")
    assert (await does(sign_ups.active, event, first)).state == "confirmed"
    assert (await does(sign_ups.active, event, second)).state == "waitlisted"


async def test_a_sign_up_cancelled_after_the_merge_stays_cancelled(twice):
    does, first, second = twice
    event = await does(an_event)
    for person in (first, second):
        await does(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    await merged(does, first, second)
    await does(sign_ups.cancel, event, first, Actor(first), MORNING)
    await does(merging.unmerge, second, STAFF, MORNING, "是两个人")
    assert {entry.state for entry in await does(sign_ups.of_event, event)} == {"cancelled"}


async def test_what_came_after_the_merge_stays(twice):
    does, first, second = twice
    await merged(does, first, second)
    need = await does(a_need, first)
    await does(merging.unmerge, second, STAFF, MORNING, "是两个人")
    assert [each.id for each in await does(needs.of_person, first)] == [need]


async def test_nobody_is_merged_with_themself_or_with_somebody_gone(twice):
    does, first, second = twice
    with pytest.raises(NotFound):
        await merged(does, first, first)
    await merged(does, first, second)
    with pytest.raises(NotFound):
        await merged(does, first, second)
    with pytest.raises(NotFound):
        await does(merging.unmerge, first, STAFF, MORNING, "没有合并过")
