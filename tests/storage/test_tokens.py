"""One-time codes and links: used once, soon over, unreadable in the database, and not to be guessed."""

from datetime import timedelta

import pytest

from storage import accounts, tokens
from storage.refusals import CodeNotValid, TooManyTries
from storage.schema.people import tokens as table
from tests.conftest import ME, MORNING

PERSON = {"person": 7}


async def heard(database, user="me"):
    return await database.write(accounts.heard, "web", user, MORNING)


async def test_a_link_opens_once(database):
    token = await database.write(tokens.issue, "invitation", PERSON, MORNING)
    assert await database.read(tokens.read, "invitation", token, MORNING) == PERSON
    assert await database.write(tokens.redeem, "invitation", token, MORNING) == PERSON
    with pytest.raises(CodeNotValid):
        await database.write(tokens.redeem, "invitation", token, MORNING)
    with pytest.raises(CodeNotValid):
        await database.read(tokens.read, "invitation", token, MORNING)


async def test_a_token_opens_nothing_but_what_it_was_made_for(database):
    token = await database.write(tokens.issue, "invitation", PERSON, MORNING)
    with pytest.raises(CodeNotValid):
        await database.write(tokens.redeem, "console", token, MORNING)


async def test_it_ends_at_its_time(database):
    token = await database.write(tokens.issue, "console", PERSON, MORNING, timedelta(minutes=5))
    with pytest.raises(CodeNotValid):
        await database.write(tokens.redeem, "console", token, MORNING + timedelta(minutes=5))


async def test_the_database_holds_only_hashes(database):
    token = await database.write(tokens.issue, "console", PERSON, MORNING)
    code = await database.write(tokens.issue_code, "link", PERSON, MORNING)
    rows = str(await database.read(lambda tx: tx.execute(table.select()).all()))
    assert token not in rows
    assert code not in rows


async def test_codes_are_six_digits_and_differ(database):
    def many(tx):
        return [tokens.issue_code(tx, "link", PERSON, MORNING) for _ in range(200)]

    codes = await database.write(many)
    assert all(len(code) == 6 and code.isdecimal() for code in codes)
    assert len(set(codes)) == 200


async def test_digits_that_are_over_can_be_given_out_again(database, monkeypatch):
    monkeypatch.setattr("storage.tokens.secrets.randbelow", lambda most: 42)
    assert await database.write(tokens.issue_code, "link", PERSON, MORNING) == "000042"
    later = MORNING + tokens.CODE_LASTS
    assert await database.write(tokens.issue_code, "link", {"person": 8}, later) == "000042"
    account = await heard(database)
    assert await database.write(tokens.redeem_code, "link", "000042", account, later) == {"person": 8}


async def test_wrong_codes_are_counted_for_each_account(database):
    one, other = await heard(database), await heard(database, "other")
    code = await database.write(tokens.issue_code, "link", PERSON, MORNING, timedelta(hours=1))
    for _ in range(tokens.MOST_WRONG):
        assert await database.write(tokens.redeem_code, "link", "wrong", one, MORNING) is None
    with pytest.raises(TooManyTries):
        await database.write(tokens.redeem_code, "link", code, one, MORNING)
    assert await database.write(tokens.redeem_code, "link", code, other, MORNING) == PERSON


async def test_many_accounts_cannot_guess_together(database):
    """A chat on the web costs nothing, so a thousand of them must not have five tries each."""
    code = await database.write(tokens.issue_code, "link", PERSON, MORNING, timedelta(hours=1))
    for number in range(tokens.MOST_WRONG_IN_ALL):
        account = await heard(database, f"guesser {number}")
        await database.write(tokens.redeem_code, "link", "wrong", account, MORNING)
    fresh = await heard(database, "fresh")
    with pytest.raises(TooManyTries):
        await database.write(tokens.redeem_code, "link", code, fresh, MORNING)
    later = MORNING + tokens.REST
    assert await database.write(tokens.redeem_code, "link", code, fresh, later) == PERSON


async def test_what_is_over_is_forgotten(database):
    await database.write(tokens.issue_code, "link", PERSON, MORNING)
    await database.write(tokens.issue, "invitation", PERSON, MORNING)
    later = MORNING + tokens.CODE_LASTS
    assert await database.write(tokens.forget_expired, later) == 1
    assert len(await database.read(lambda tx: tx.execute(table.select()).all())) == 1


async def test_no_name_of_a_channel_matters(database):
    account = await database.write(accounts.heard, *ME, MORNING)
    assert await database.write(tokens.redeem_code, "link", "", account, MORNING) is None
