"""Everything held about one person, and nothing of anybody else (care.md P7)."""

import json
from datetime import timedelta

import pytest

from storage import accounts, consents, erasure, merging, needs, own_data, people, proxies, retention
from storage.audit import Actor
from storage.consents import ConsentText
from storage.people import Facts, Party
from storage.refusals import NotFound
from storage.schema import metadata
from storage.schema.people import consents as consents_table
from storage.schema.polls import polls, suggestions, votes
from storage.schema.wishes import wishes
from tests.conftest import MORNING

IN_THE_DATA = {  # tables with rows of a person, each shown to that person
    "accounts",
    "attendances",
    "call_list",
    "consents",
    "events",
    "exports",
    "files",
    "grants",
    "need_assignments",
    "needs",
    "outbox",
    "point_cards",
    "proxies",
    "queue_numbers",
    "report_ins",
    "sessions",
    "sign_ups",
    "suggestions",
    "votes",
    "wish_claims",
    "wishes",
}
ABOUT_OTHERS = {
    "people",  # who noted down somebody else: theirs to see
    "routing_rules",  # which office a need goes to: as long as a person holds it
}


def test_every_table_with_rows_of_a_person_is_shown():
    """A new table with a person in it must be thought of here, or somebody is not told all that is held."""
    assert {column.table.name for column in merging.MOVED} == IN_THE_DATA | ABOUT_OTHERS
    assert all(name in metadata.tables for name in IN_THE_DATA)


@pytest.fixture
async def does(database):
    return database.write


def a_person(tx, name="王建国", phone="13900000001"):
    facts = Facts(name=name, phone=phone, party=Party("yes", "示例支部"), origin="黑龙江", estate="示例花园")
    return people.add(tx, facts, MORNING)


async def test_what_was_stated_is_opened(does):
    person = await does(a_person)
    stated = (await does(own_data.of, person))["person"]
    assert (stated["name"], stated["phone"], stated["party_member"]) == ("王建国", "13900000001", "yes")
    assert (stated["home_branch"], stated["origin"], stated["estate"]) == ("示例支部", "黑龙江", "示例花园")
    assert stated["registered_at"] == "2026-11-23 10:00"


async def test_it_is_json(does):
    person = await does(a_person)
    await does(needs.tell, needs.Told(person, "路灯坏了", "web", "housing"), Actor(person), MORNING)
    assert json.loads(json.dumps(await does(own_data.of, person)))["needs"][0]["text"] == "路灯坏了"


async def test_words_of_wishes_and_suggestions_are_opened_and_votes_named(does):
    person = await does(a_person)

    def tell(tx):
        row = {"said_as": 1, "person_id": person}
        text = tx.vault.seal("想要一把轮椅", "wishes.text|XY2026-0001")
        tx.execute(
            wishes.insert(),
            {**row, "number": "XY2026-0001", "text": text, "state": "submitted", "sharers": 1, "submitted_at": MORNING},
        )
        text = tx.vault.seal("多放椅子", "suggestions.text|JY2026-0001")
        tx.execute(
            suggestions.insert(), {**row, "number": "JY2026-0001", "text": text, "at": MORNING, "published": False}
        )
        asked = {"number": "YS2026-0001", "said_as": 1, "question": "椅子放哪？", "options": '["东边", "西边"]'}
        asked |= {"opens_at": MORNING, "closes_at": MORNING, "made_by": person}
        poll = tx.execute(polls.insert().returning(polls.c.id), asked).scalar_one()
        tx.execute(votes.insert(), {"poll_id": poll, "person_id": person, "option": 1, "at": MORNING})

    await does(tell)
    data = await does(own_data.of, person)
    assert data["wishes"][0]["text"] == "想要一把轮椅"
    assert data["suggestions"][0]["text"] == "多放椅子"
    assert data["votes"][0]["option"] == "西边"


async def test_of_others_only_the_name_of_whoever_acts(does):
    person, other = await does(a_person), await does(a_person, "李秀兰", "13900000002")
    await does(proxies.ask, person, other, Actor(other), MORNING)
    await does(needs.tell, needs.Told(other, "看病", "web", "medical", told_by=person), Actor(person), MORNING)
    data = await does(own_data.of, person)
    assert [(row["name"], row["i_act_for_them"]) for row in data["proxies"]] == [("李秀兰", False)]
    assert data["needs"] == []
    assert "13900000002" not in json.dumps(data, ensure_ascii=False)


async def test_who_was_forgotten_has_nothing_to_show(does):
    person = await does(a_person)
    await does(erasure.erase, person, Actor(person), MORNING, "own wish")
    with pytest.raises(NotFound):
        await does(own_data.of, person)


async def test_consents_outlive_the_registration_by_three_years(does):
    person, stays = await does(a_person), await does(a_person, "李秀兰", "13900000002")
    for number, each in enumerate((person, stays, None)):
        account = await does(accounts.heard, "web", str(number), MORNING)
        account.person_id = each
        await does(consents.give, account, ConsentText("registration", "1", "…"), MORNING)
    await does(erasure.erase, person, Actor(person), MORNING, "own wish")

    async def left():
        step = retention.STEPS["consents"]
        await does(step, MORNING + timedelta(days=365 * 3 + days))
        kept = consents_table.select().order_by(consents_table.c.id)
        return await does(lambda tx: [row.person_id for row in tx.execute(kept)])

    days = 0
    assert await left() == [person, stays, None]
    days = 2
    assert await left() == [stays]
