"""Forgetting a person: nothing of them is left, and what others have is untouched (care.md P8)."""

from datetime import timedelta

import pytest

from reports.counts import counts
from reports.periods import Period
from storage import (
    accounts,
    attachments,
    attendance,
    consents,
    conversations,
    erasure,
    events,
    files,
    grants,
    inbox,
    merging,
    need_entries,
    needs,
    outbox,
    people,
    proxies,
    sessions,
    sign_ups,
)
from storage.audit import Actor
from storage.consents import ConsentText
from storage.people import Facts, Party
from storage.refusals import LastDistrictAccount
from storage.schema.people import consents as consents_table
from storage.schema.people import people as people_table
from storage.schema.people import person_keys
from storage.schema.records import audit_log
from storage.schema.talks import outbox as outbox_table
from storage.schema.wechat import wechat_answers
from storage.schema.wishes import wish_claims, wishes
from tests.conftest import MORNING

STAFF = Actor(None, "district_staff", "console")
NAME, PHONE, ESTATE = "欧阳建国", "13900000001", "示例花园"


def a_person(tx, name=NAME, phone=PHONE, **facts):
    facts = {"residence": "seasonal", "origin": "黑龙江哈尔滨", "estate": ESTATE, **facts}
    return people.add(tx, Facts(name=name, phone=phone, party=Party("yes", "示例支部"), **facts), MORNING)


def an_event(tx, capacity=2, starts_in=timedelta(days=3)):
    starts_at = MORNING + starts_in
    draft = events.Draft("sunset_school", "书法班", starts_at, starts_at + timedelta(hours=2), "春园社区")
    draft.capacity = capacity
    event_id = events.create(tx, draft, MORNING)
    events.publish(tx, event_id, STAFF, MORNING)
    return event_id


def a_need(tx, person_id, told_by=None):
    told = needs.Told(person_id, "路灯坏了", "web", "housing", told_by=told_by, place="三栋楼下")
    return needs.tell(tx, told, Actor(told_by or person_id), MORNING)


@pytest.fixture
async def does(database):
    return database.write


def erase(does, person, now=MORNING):
    return does(erasure.erase, person, Actor(person, "resident", "web"), now, "own wish")


async def test_nothing_that_was_stated_is_left(does):
    person = await does(a_person)
    await erase(does, person)
    row = await does(lambda tx: tx.execute(people_table.select().where(people_table.c.id == person)).one())
    left = {key: value for key, value in row._mapping.items() if value not in (None, False)}
    assert set(left) == {"id", "uid", "verification", "messages", "state", "created_at"}
    assert row.state == "anonymised"
    assert await does(people.find, person) is None
    assert await does(people.search, PHONE) == []
    assert await does(lambda tx: tx.execute(person_keys.select()).all()) == []


async def test_the_same_person_may_register_anew(does):
    await erase(does, await does(a_person))
    assert await does(people.same, PHONE, NAME) is None
    assert await does(a_person) == 2


async def test_what_was_counted_stays_and_a_coming_place_goes_to_the_next(does):
    today, coming = await does(an_event, starts_in=timedelta(minutes=30)), await does(an_event, capacity=1)
    person, other = await does(a_person), await does(a_person, "王建国", "13900000002")
    for event in (today, coming):
        for each in (person, other):
            await does(sign_ups.sign_up, event, [each], Actor(each), MORNING)
    await does(attendance.check_in, today, person, "by_staff", STAFF, MORNING)
    later = MORNING + timedelta(hours=1)  # the event of today is on
    erased = await erase(does, person, later)
    assert [entry.person_id for promotion in erased.promotions for entry in promotion.sign_ups] == [other]
    assert (await does(sign_ups.active, today, person)).state == "confirmed"
    await does(events.close, today, STAFF, MORNING + timedelta(hours=3))
    total = (await does(counts, Period.season(2026))).total
    assert (total.named, total.people, total.members, total.seasonal, total.signed_up) == (1, 1, 1, 1, 2)


async def test_accounts_and_what_was_said_in_them_are_forgotten(does):
    person = await does(a_person)
    account = await does(accounts.heard, "web", "me", MORNING)
    await does(accounts.belongs_to, account.id, person)
    desk = conversations.Desk(screen=[("a", NAME)])
    await does(conversations.save, account.id, desk, MORNING)
    await does(inbox.keep, "web", "m1", account.id, f"我叫{NAME}", "[]", MORNING)
    await does(attachments.add, account.id, "web", "photo", "ref", "照片", "image/jpeg", MORNING)
    token = await does(files.add, "我的信息.txt", "text/plain", NAME.encode(), person, MORNING)
    await erase(does, person)
    assert (await does(accounts.get, account.id)).person_id is None
    assert await does(conversations.of, account.id) == conversations.Desk()
    assert await does(inbox.spoken, account.id) == []
    assert await does(attachments.wanted, "web") == []
    assert await does(files.opened_by, token, MORNING) is None


async def test_answers_kept_for_wechat_are_forgotten(does):
    person = await does(a_person)
    account = await does(accounts.heard, "wechat", "openid", MORNING)
    await does(accounts.belongs_to, account.id, person)

    def answered(tx):
        row = {"message": "m1", "user": "openid", "body": b"x", "at": MORNING}
        tx.execute(wechat_answers.insert(), row)
        tx.execute(wechat_answers.insert(), row | {"message": "m2", "user": "somebody else"})

    await does(answered)
    await erase(does, person)
    left = await does(lambda tx: [row.user for row in tx.execute(wechat_answers.select())])
    assert left == ["somebody else"]


async def test_what_was_to_be_sent_is_not_sent_and_what_was_sent_is_blank(does):
    person = await does(a_person)
    for key in ("sent", "planned"):
        await does(outbox.plan, outbox.Planned("notice", key, NAME, MORNING, person_id=person), MORNING)
    await does(outbox.settle, outbox.Ended(1, "delivered"), MORNING)
    await erase(does, person)
    rows = await does(lambda tx: tx.execute(outbox_table.select().order_by(outbox_table.c.id)).all())
    assert [(row.state, row.reply) for row in rows] == [("delivered", b""), ("superseded", b"")]


async def test_needs_lose_their_words_and_keep_their_facts(does):
    person, other = await does(a_person), await does(a_person, "王建国", "13900000002")
    own = await does(a_need, person)
    await does(needs.add_to, own, f"打{PHONE}找我", (), Actor(person), MORNING)
    for_other = await does(a_need, other, told_by=person)
    erased = await erase(does, person)
    assert [need.number for need in erased.withdrawn] == [own.number]
    kept = await does(needs.get, own.id)
    assert (kept.person_id, kept.category, kept.outcome, kept.received_at) == (None, "housing", "withdrawn", MORNING)
    assert await does(needs.text_of, kept) == ("", "")
    assert not any(entry.text for entry in await does(need_entries.of, own.id, own.number))
    still = await does(needs.get, for_other.id)
    assert (still.person_id, still.told_by, still.is_open) == (other, None, True)
    assert await does(needs.text_of, still) == ("路灯坏了", "三栋楼下")


async def test_roles_proxies_and_consents_end(does):
    person, other = await does(a_person), await does(a_person, "王建国", "13900000002")
    account = await does(accounts.heard, "web", "me", MORNING)
    early = await does(grants.grant, "checker", STAFF, MORNING, account_id=account.id)
    await does(accounts.belongs_to, account.id, person)
    await does(grants.grant, "organiser", STAFF, MORNING, person_id=person)
    secret, _ = await does(sessions.begin, await does(sessions.link_for, person, MORNING), MORNING)
    await does(proxies.ask, other, person, Actor(person), MORNING)
    await does(proxies.ask, person, other, Actor(other), MORNING)
    account = await does(accounts.get, account.id)
    await does(consents.give, account, ConsentText("registration", "1", "…"), MORNING)
    await erase(does, person)
    assert early
    assert await does(sessions.person_of, secret, MORNING) is None
    assert await does(grants.roles_of, account, MORNING) == []
    assert await does(proxies.acts_for, person) == await does(proxies.helpers_of, person) == []
    rows = await does(lambda tx: tx.execute(consents_table.select()).all())
    assert [row.withdrawn_at for row in rows] == [MORNING]


async def test_the_last_district_account_hands_over_first(does):
    person = await does(a_person)
    await does(grants.grant, "district_staff", STAFF, MORNING, person_id=person)
    with pytest.raises(LastDistrictAccount):
        await erase(does, person)
    assert (await does(people.get, person)).name == NAME


async def test_companions_without_an_account_go_with_whoever_brought_them(does):
    person = await does(a_person)
    me = await does(people.get, person)
    wife = await does(people.add_companion, "李秀兰", me, MORNING)
    await erase(does, person)
    assert await does(people.find, wife) is None


async def test_whom_staff_registered_stays_when_the_member_of_staff_goes(does):
    staff = await does(a_person)
    resident = await does(people.add_by_staff, "李秀兰", "13900000009", staff, MORNING)
    without_phone = await does(people.add_by_staff, "张大爷", None, staff, MORNING)
    await erase(does, staff)
    assert await does(people.find, resident) is not None
    assert await does(people.find, without_phone) is not None


async def test_a_duplicate_merged_into_the_person_is_forgotten_too(does):
    person, twin = await does(a_person), await does(a_person, "欧阳建囯", "13900000002")
    await does(merging.merge, person, twin, STAFF, MORNING, "同一个人")
    await erase(does, person)
    rows = await does(lambda tx: tx.execute(people_table.select()).all())
    assert [(row.name, row.phone, row.party) for row in rows] == [(None, None, None)] * 2
    assert await does(people.find, twin) is None


async def test_wishes_are_withdrawn_and_those_taken_on_are_open_to_others(does):
    person, other = await does(a_person), await does(a_person, "王建国", "13900000002")

    def wish(tx, whose, number):
        row = {"number": f"XY2026-000{number}", "said_as": number, "person_id": whose, "text": b"x", "sharers": 1}
        tx.execute(wishes.insert(), {**row, "state": "claimed", "submitted_at": MORNING})
        claim = {"wish_id": number, "person_id": person if whose == other else other}
        tx.execute(wish_claims.insert(), {**claim, "claimed_at": MORNING, "lapses_at": MORNING})

    await does(wish, person, 1)
    await does(wish, other, 2)
    await erase(does, person)
    own, taken = await does(lambda tx: tx.execute(wishes.select().order_by(wishes.c.id)).all())
    assert (own.state, own.person_id, own.text) == ("withdrawn", None, None)
    assert (taken.state, taken.person_id, taken.text) == ("posted", other, b"x")
    claims = await does(lambda tx: tx.execute(wish_claims.select()).all())
    assert all(claim.ended_at == MORNING for claim in claims)


async def test_doing_it_twice_is_harmless(does):
    person = await does(a_person)
    await erase(does, person)
    await erase(does, person)
    rows = await does(lambda tx: tx.execute(audit_log.select()).all())
    assert [row.action for row in rows].count("person.erase") == 1


async def test_the_log_says_that_it_was_done_and_names_nobody(does):
    person = await does(a_person)
    await erase(does, person)
    row = (await does(lambda tx: tx.execute(audit_log.select()).all()))[-1]
    assert (row.action, row.object, row.reason) == ("person.erase", f"person {person}", "own wish")
    assert NAME not in f"{row.before}{row.after}"


async def test_what_would_be_lost_is_known_before(does):
    person, other = await does(a_person), await does(a_person, "王建国", "13900000002")
    event = await does(an_event)
    await does(sign_ups.sign_up, event, [person], Actor(person), MORNING)
    await does(a_need, person)
    asked = await does(proxies.ask, other, person, Actor(person), MORNING)
    await does(proxies.agree, asked, Actor(other), MORNING)
    await does(grants.grant, "organiser", STAFF, MORNING, person_id=person)
    assert await does(erasure.loss, person, MORNING) == erasure.Loss(places=1, open_needs=1, acts_for=1, roles=1)


async def test_an_older_state_brought_back_forgets_again(does):
    """As after a restore: the person is there again, and the list kept beside the backup says who was erased."""
    person = await does(a_person)
    uid = (await does(people.get, person)).uid
    assert len(await does(erasure.replay, [uid, "unknown"], MORNING)) == 1
    assert await does(people.find, person) is None
    assert await does(erasure.replay, [uid], MORNING) == []
