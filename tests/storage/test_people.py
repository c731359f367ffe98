"""Persons: sealed, found again without being readable, and never twice by accident."""

from datetime import date

import pytest
from sqlalchemy import update

from storage import people, person_keys
from storage.people import Facts, Party
from storage.refusals import NotFound, ThirdOnOnePhone
from storage.schema.people import people as table
from storage.schema.people import person_keys as keys_table
from tests.conftest import MORNING

WANG = {"name": "王建国", "phone": "13800138000"}


def add(tx, name="王建国", phone="13800138000", **facts):
    return people.add(tx, Facts(name=name, phone=phone, **facts), MORNING)


def names(found):
    return [person.name for person in found]


async def test_what_is_stated_comes_back_as_it_was(database):
    party = Party("yes", "哈尔滨市道里区示例社区党支部", "mobile_member")
    stay = {"arrives_on": date(2026, 10, 20), "leaves_on": date(2027, 4, 5)}
    number = await database.write(add, residence="seasonal", origin="黑龙江哈尔滨", party=party, **stay)
    person = await database.read(people.get, number)
    assert (person.name, person.phone, person.party) == ("王建国", "13800138000", party)
    assert (person.arrives_on, person.leaves_on) == (date(2026, 10, 20), date(2027, 4, 5))


@pytest.mark.parametrize("name", ["𠮷田䶮", "买买提·艾力", "欧阳修", "O'Brien"])
async def test_every_name_is_kept_and_found(database, name):
    await database.write(add, name)
    assert names(await database.read(people.search, name)) == [name]


async def test_the_joint_of_a_name_may_be_left_out(database):
    await database.write(add, "买买提·艾力")
    assert names(await database.read(people.search, "买买提艾力")) == ["买买提·艾力"]
    assert names(await database.read(people.search, "买买提•艾力")) == ["买买提·艾力"]


async def test_the_file_holds_no_name_phone_or_party(database, tmp_path):
    await database.write(add, party=Party("yes", "示例社区党支部"))
    kept = b"".join(path.read_bytes() for path in tmp_path.glob("hongyan.db*"))
    for secret in ("王建国", "13800138000", "8000", "wangjianguo", "示例社区党支部"):
        assert secret.encode() not in kept


async def test_what_is_sealed_for_one_row_cannot_be_read_in_another(database):
    """Copying a cell does not make one person another."""
    first = await database.write(add)
    second = await database.write(add, "李秀兰", "13900139000")

    def swap(tx):
        name = tx.execute(table.select().where(table.c.id == first)).one().name
        tx.execute(update(table).where(table.c.id == second).values(name=name))
        return people.get(tx, second)

    with pytest.raises(Exception, match=r"people\.name"):
        await database.write(swap)


@pytest.mark.parametrize(
    "words",
    [
        "王建国",
        "建国",
        "国",
        "王建",
        "王",
        "wangjianguo",
        "wjg",
        "WJG",
        "13800138000",
        "138 0013 8000",
        "+86 138-0013-8000",
        "１３８００１３８０００",
        "8000",
    ],
)
async def test_a_person_is_found_by_what_staff_type(database, words):
    await database.write(add)
    await database.write(add, "李秀兰", "13900139111")
    assert names(await database.read(people.search, words)) == ["王建国"]


async def test_a_homophone_finds_the_name(database):
    await database.write(add)
    assert names(await database.read(people.search, "汪建国")) == ["王建国"]


@pytest.mark.parametrize("words", ["", "  ", "赵", "0000000", "1", "。"])
async def test_what_nobody_is_called_finds_nobody(database, words):
    await database.write(add)
    assert await database.read(people.search, words) == []


@pytest.mark.of_sqlite
async def test_a_search_touches_only_those_it_finds(database):
    """The index is looked up by whole keys, so finding somebody costs the same among ten as among ten thousand."""

    def plan(tx):
        statement = "EXPLAIN QUERY PLAN SELECT person_id FROM person_keys WHERE key = x'00'"
        return str(tx.connection.exec_driver_sql(statement).all())

    assert "SEARCH" in await database.read(plan)


def test_the_keys_of_a_long_name_stay_few():
    assert len(list(person_keys.of("买买提·吐尔逊·艾力江", "13800138000"))) < 20


async def test_phone_and_name_are_the_identity(database):
    number = await database.write(add)
    await database.write(add, "李秀兰")
    assert (await database.read(people.same, "13800138000", "王建国")).id == number
    assert await database.read(people.same, "13800138000", "王小明") is None
    assert await database.read(people.same, "13900139000", "王建国") is None


async def test_two_may_share_a_phone_and_the_third_needs_staff(database):
    await database.write(add)
    await database.write(add, "李秀兰")
    with pytest.raises(ThirdOnOnePhone):
        await database.write(add, "王小明")
    assert len(await database.read(people.with_phone, "13800138000")) == 2
    await database.write(
        lambda tx: people.add(tx, Facts(name="王小明", phone="13800138000"), MORNING, checked_by_staff=True)
    )


async def test_who_changes_phone_is_found_by_the_new_one_alone(database):
    number = await database.write(add)

    def change(tx):
        person = people.get(tx, number)
        person.phone = "13900139000"
        people.change(tx, person, MORNING)

    await database.write(change)
    assert await database.read(people.search, "8000") == []
    assert names(await database.read(people.search, "9000")) == ["王建国"]
    assert await database.read(people.same, "13800138000", "王建国") is None


async def test_staff_noting_the_same_person_twice_note_them_once(database):
    lead = await database.write(add, "李干事", "13600136000")
    first = await database.write(people.add_by_staff, *WANG.values(), lead, MORNING)
    assert await database.write(people.add_by_staff, *WANG.values(), lead, MORNING) == first


async def test_without_a_phone_two_of_one_name_are_two_people(database):
    lead = await database.write(add, "李干事", "13600136000")
    first = await database.write(people.add_by_staff, "王秀英", None, lead, MORNING)
    assert await database.write(people.add_by_staff, "王秀英", None, lead, MORNING) != first


async def test_who_was_merged_is_the_one_they_were_merged_into(database):
    kept = await database.write(add)
    gone = await database.write(add, "王健国")
    merged = update(table).where(table.c.id == gone).values(state="merged", merged_into=kept)
    await database.write(lambda tx: tx.execute(merged))
    assert (await database.read(people.get, gone)).id == kept
    assert (await database.read(people.same, "13800138000", "王健国")).id == kept
    assert names(await database.read(people.with_phone, "13800138000")) == ["王建国"]


async def test_who_was_anonymised_is_nobody(database):
    number = await database.write(add)
    await database.write(lambda tx: tx.execute(update(table).values(state="anonymised")))
    assert await database.read(people.find, number) is None
    assert await database.read(people.same, *reversed(WANG.values())) is None
    with pytest.raises(NotFound):
        await database.read(people.get, number)


@pytest.mark.parametrize(
    ("residence", "arrives", "leaves", "in_town"),
    [
        ("local", None, None, True),
        ("seasonal", date(2026, 10, 20), date(2027, 4, 5), True),
        ("seasonal", date(2026, 11, 23), date(2026, 11, 23), True),
        ("seasonal", date(2026, 11, 24), None, False),
        ("seasonal", date(2026, 10, 1), date(2026, 11, 22), False),
        ("seasonal", date(2026, 10, 1), None, True),
        ("seasonal", None, None, True),
        (None, None, None, True),
    ],
)
def test_in_town_follows_from_the_dates(residence, arrives, leaves, in_town):
    facts = Facts(name="王建国", residence=residence, arrives_on=arrives, leaves_on=leaves)
    assert people.is_in_town(facts, date(2026, 11, 23)) is in_town


@pytest.mark.parametrize(
    ("residence", "member", "is_one"),
    [("seasonal", "yes", True), ("local", "yes", False), ("seasonal", "no", False), ("seasonal", "undeclared", False)],
)
def test_a_seasonal_member_is_both(residence, member, is_one):
    assert people.is_seasonal_member(Facts(name="王建国", residence=residence, party=Party(member))) is is_one


async def test_the_keys_of_an_erased_name_are_gone(database):
    number = await database.write(add)

    def rename(tx):
        person = people.get(tx, number)
        person.name = "王国"
        people.change(tx, person, MORNING)
        return tx.vault.person_keys("name", "王建国")[0], {row.key for row in tx.execute(keys_table.select())}

    old, kept = await database.write(rename)
    assert old not in kept
