"""Consents: to these words, for this purpose, until withdrawn; nothing else counts as a yes."""

from datetime import timedelta

from storage import accounts, consents, people
from storage.consents import ConsentText
from storage.people import Facts
from storage.schema.people import consents as table
from tests.conftest import ME, MORNING, SOMEONE_ELSE

OLD = ConsentText("registration", "1", "登记要记您的姓名。")
NEW = ConsentText("registration", "2", "登记要记您的姓名和手机号。")
PARTY = ConsentText("party", "1", "党员身份只给支部看。")


async def account(database, who=ME):
    return await database.write(accounts.heard, *who, MORNING)


async def test_a_yes_stands_for_its_purpose_and_version_alone(database):
    me = await account(database)
    await database.write(consents.give, me, OLD, MORNING)
    assert await database.read(consents.current, me, OLD)
    assert not await database.read(consents.current, me, NEW)
    assert not await database.read(consents.current, me, PARTY)


async def test_the_newest_answer_counts(database):
    me = await account(database)
    await database.write(consents.give, me, OLD, MORNING)
    await database.write(consents.give, me, OLD, MORNING, given=False)
    assert not await database.read(consents.current, me, OLD)
    await database.write(consents.give, me, OLD, MORNING)
    assert await database.read(consents.current, me, OLD)


async def test_a_withdrawal_ends_it_and_the_row_stays(database):
    me = await account(database)
    await database.write(consents.give, me, OLD, MORNING)
    await database.write(consents.give, me, PARTY, MORNING)
    await database.write(consents.withdraw, me, "party", MORNING + timedelta(days=1))
    assert not await database.read(consents.current, me, PARTY)
    assert await database.read(consents.current, me, OLD)
    assert [purpose for purpose, _, _ in await database.read(consents.standing, me)] == ["registration"]
    assert len(await database.read(lambda tx: tx.execute(table.select()).all())) == 2


async def test_what_an_account_agreed_to_is_its_person_s_on_every_channel(database):
    me, elsewhere = await account(database), await account(database, SOMEONE_ELSE)
    await database.write(consents.give, me, OLD, MORNING)
    person = await database.write(people.add, Facts(name="王建国", phone="13800138000"), MORNING)
    await database.write(consents.adopt, me, person)
    for chat in (me, elsewhere):
        chat.person_id = person
        assert await database.read(consents.current, chat, OLD)


async def test_somebody_else_s_yes_is_not_mine(database):
    me, other = await account(database), await account(database, SOMEONE_ELSE)
    await database.write(consents.give, other, OLD, MORNING)
    assert not await database.read(consents.current, me, OLD)


def test_other_words_have_another_hash():
    assert OLD.hash != NEW.hash
    assert len(OLD.hash) == 64
