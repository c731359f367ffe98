"""Who acts for whom: nothing before the yes, nothing after the end, and every step in the log."""

import pytest

from storage import people, proxies
from storage.audit import Actor
from storage.people import Facts
from storage.refusals import NotFound
from storage.schema.records import audit_log
from tests.conftest import MORNING

ACTOR = Actor(None, "resident", "web")


@pytest.fixture
async def family(database):
    """Numbers of a mother and her daughter."""

    def add(tx):
        mother = people.add(tx, Facts(name="李秀兰", phone="13900139000"), MORNING)
        return mother, people.add(tx, Facts(name="王小丽", phone="13800138000"), MORNING)

    return await database.write(add)


async def test_asking_alone_allows_nothing(database, family):
    await database.write(proxies.ask, *family, ACTOR, MORNING)
    assert not await database.read(proxies.may_act_for, *family)
    assert not any(proxy.agreed_at for proxy in await database.read(proxies.acts_for, family[1]))


async def test_a_yes_allows_one_direction_alone(database, family):
    mother, daughter = family
    proxy = await database.write(proxies.ask, mother, daughter, ACTOR, MORNING)
    await database.write(proxies.agree, proxy, ACTOR, MORNING)
    assert await database.read(proxies.may_act_for, mother, daughter)
    assert not await database.read(proxies.may_act_for, daughter, mother)
    assert [proxy.person_id for proxy in await database.read(proxies.acts_for, daughter)] == [mother]
    assert await database.read(proxies.acts_for, mother) == []


async def test_asking_again_changes_nothing(database, family):
    first = await database.write(proxies.ask, *family, ACTOR, MORNING)
    await database.write(proxies.agree, first, ACTOR, MORNING)
    again = await database.write(proxies.ask, *family, ACTOR, MORNING)
    assert again.id == first.id
    assert again.agreed_at == MORNING


async def test_after_the_end_it_can_only_be_asked_anew(database, family):
    first = await database.write(proxies.ask, *family, ACTOR, MORNING)
    await database.write(proxies.agree, first, ACTOR, MORNING)
    await database.write(proxies.end, first, ACTOR, MORNING)
    await database.write(proxies.end, first, ACTOR, MORNING)
    assert not await database.read(proxies.may_act_for, *family)
    with pytest.raises(NotFound):
        await database.read(proxies.get, first.id)
    again = await database.write(proxies.ask, *family, ACTOR, MORNING)
    assert again.id != first.id
    assert again.agreed_at is None


async def test_party_data_are_not_part_of_it_unless_said(database, family):
    proxy = await database.write(proxies.ask, *family, ACTOR, MORNING)
    await database.write(proxies.agree, proxy, ACTOR, MORNING)
    [kept] = await database.read(proxies.helpers_of, family[0])
    assert not kept.sees_party


async def test_each_step_is_logged_once(database, family):
    proxy = await database.write(proxies.ask, *family, ACTOR, MORNING)
    await database.write(proxies.agree, proxy, ACTOR, MORNING)
    await database.write(proxies.end, proxy, ACTOR, MORNING)
    await database.write(proxies.end, proxy, ACTOR, MORNING)
    rows = await database.read(lambda tx: tx.execute(audit_log.select()).all())
    assert [row.action for row in rows] == ["proxy.ask", "proxy.agree", "proxy.end"]
