"""Roles: given with a scope and an end, taken back at once, and somebody is always left who can give them."""

from datetime import timedelta

import pytest

from storage import accounts, audit, grants, people
from storage.audit import Actor
from storage.people import Facts
from storage.refusals import LastDistrictAccount
from storage.schema.records import audit_log
from tests.conftest import ME, MORNING
from tests.dialogues.town import class_of, town

STAFF = Actor(None, "district_staff", "console")


@pytest.fixture
async def somebody(database):
    """A registered person and their account."""

    def add(tx):
        town(tx)
        account = accounts.heard(tx, *ME, MORNING)
        account.person_id = people.add(tx, Facts(name="李干事", phone="13600136000"), MORNING)
        accounts.belongs_to(tx, account.id, account.person_id)
        return account

    return await database.write(add)


def roles(tx, account, now=MORNING):
    return [grant.role for grant in grants.roles_of(tx, account, now)]


async def test_a_role_is_there_from_its_start_to_its_end(database, somebody):
    ends = MORNING + timedelta(days=30)
    given = {"person_id": somebody.person_id, "ends_at": ends}
    await database.write(grants.grant, "organiser", STAFF, MORNING, **given)
    assert await database.read(roles, somebody, MORNING - timedelta(seconds=1)) == []
    assert await database.read(roles, somebody) == ["organiser"]
    assert await database.read(roles, somebody, ends) == []


async def test_a_role_taken_back_is_gone_at_once(database, somebody):
    number = await database.write(grants.grant, "organiser", STAFF, MORNING, person_id=somebody.person_id)
    await database.write(grants.revoke, number, STAFF, MORNING)
    assert await database.read(roles, somebody) == []


async def test_the_scope_comes_with_the_role(database, somebody):
    def give(tx):
        event = class_of(tx)
        grants.grant(tx, "checker", STAFF, MORNING, person_id=somebody.person_id, event_id=event)
        grants.grant(tx, "point_lead", STAFF, MORNING, person_id=somebody.person_id, point_id=1)
        return event, grants.roles_of(tx, somebody, MORNING)

    event, (checker, lead) = await database.write(give)
    assert (checker.role, checker.event_id, checker.point_id) == ("checker", event, None)
    assert (lead.role, lead.event_id, lead.point_id) == ("point_lead", None, 1)


async def test_an_account_may_hold_a_role_before_it_is_registered(database):
    account = await database.write(accounts.heard, "telegram", "4711", MORNING)
    await database.write(grants.grant, "district_staff", STAFF, MORNING, account_id=account.id)
    assert await database.read(roles, account) == ["district_staff"]


async def test_the_last_district_account_stays(database, somebody):
    first = await database.write(grants.grant, "district_staff", STAFF, MORNING, person_id=somebody.person_id)
    with pytest.raises(LastDistrictAccount):
        await database.write(grants.revoke, first, STAFF, MORNING)
    account = await database.write(accounts.heard, "telegram", "4711", MORNING)
    await database.write(grants.grant, "district_staff", STAFF, MORNING, account_id=account.id)
    await database.write(grants.revoke, first, STAFF, MORNING)
    assert await database.read(roles, somebody) == []


async def test_a_district_role_that_has_ended_does_not_count_as_one_left(database, somebody):
    first = await database.write(grants.grant, "district_staff", STAFF, MORNING, person_id=somebody.person_id)
    ended = {"person_id": somebody.person_id, "ends_at": MORNING + timedelta(hours=1)}
    await database.write(grants.grant, "district_staff", STAFF, MORNING, **ended)
    with pytest.raises(LastDistrictAccount):
        await database.write(grants.revoke, first, STAFF, MORNING + timedelta(hours=2))


async def test_a_role_nobody_knows_is_refused(database, somebody):
    with pytest.raises(ValueError, match="emperor"):
        await database.write(grants.grant, "emperor", STAFF, MORNING, person_id=somebody.person_id)


async def test_on_duty_are_the_leads_of_the_point_and_the_district(database, somebody):
    def give(tx):
        other = people.add(tx, Facts(name="王区长", phone="13700137000"), MORNING)
        grants.grant(tx, "point_lead", STAFF, MORNING, person_id=somebody.person_id, point_id=1)
        grants.grant(tx, "district_staff", STAFF, MORNING, person_id=other)
        return other

    other = await database.write(give)
    assert set(await database.read(grants.on_duty, 1, MORNING)) == {somebody.person_id, other}
    assert await database.read(grants.on_duty, 2, MORNING) == [other]
    assert await database.read(grants.on_duty, None, MORNING) == [other]


async def test_giving_and_taking_back_stand_in_the_log_unbroken(database, somebody):
    account = await database.write(accounts.heard, "telegram", "4711", MORNING)
    await database.write(grants.grant, "district_staff", STAFF, MORNING, account_id=account.id)
    number = await database.write(grants.grant, "organiser", STAFF, MORNING, person_id=somebody.person_id)
    await database.write(grants.revoke, number, STAFF, MORNING)
    rows = await database.read(lambda tx: tx.execute(audit_log.select()).all())
    assert [row.action for row in rows] == ["role.grant", "role.grant", "role.revoke"]
    assert await database.read(audit.first_broken) is None
