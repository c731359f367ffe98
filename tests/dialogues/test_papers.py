"""What is printed and signed: the sheet at the door, and the proof a resident takes home."""

import json

import pytest

from storage import attendance, audit, events, sign_ups
from storage.audit import Actor
from storage.schema.exports import exports
from storage.times import day_ends, day_starts, local_date
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.town import class_of, registered, staff


def asked(tx):
    return [(json.loads(row.wanted), row.account_id) for row in tx.execute(exports.select()).all()]


async def noted(chat):
    day = local_date(chat.clock())
    return [act.action for act in await chat.does(lambda tx: list(audit.between(tx, day_starts(day), day_ends(day))))]


@pytest.fixture
async def door(town_chat):
    """An event of 8 December with one who signed up, and the volunteer who will check in."""
    town_chat.checker = await registered(town_chat, "李干事", "13700137000")
    town_chat.resident = await registered(town_chat, "王建国", "13800138000", SOMEONE_ELSE)
    await town_chat.does(class_of)
    await town_chat.does(staff, town_chat.checker, "checker", event_id=1)
    await town_chat.does(sign_ups.sign_up, 1, [town_chat.resident], Actor(town_chat.resident), town_chat.clock())
    return town_chat


async def test_the_sheet_of_an_event_that_comes_is_made_for_who_checks_in(door):
    door.clock.passes(days=10)
    assert "《书法班》的签到表正在做" in await door("签到表")
    [(wanted, account)] = await door.does(asked)
    assert (wanted["report"], wanted["event"], wanted["format"], wanted["blank"]) == (
        "attendance_sheet",
        1,
        "pdf",
        True,
    )
    assert wanted["unmasked"] == "李干事"
    assert account is not None
    assert "report.export" in await noted(door)


async def test_too_early_the_number_of_the_event_names_it(door):
    assert "没有您管签到的活动" in await door("签到表")
    assert "《书法班》的签到表" in await door("签到表 1")


async def test_of_several_events_one_is_chosen(door):
    await door.does(class_of, "合唱")
    await door.does(staff, door.checker, "organiser", point_id=1)
    door.clock.passes(days=10)
    assert "打印哪一场" in await door("签到表")
    assert "《合唱》" in await door("2")


async def test_the_sheet_of_an_event_of_others_is_not_given_out(door):
    await door.does(class_of, "合唱")
    assert "签到员" in await door("签到表 2")
    door.who = SOMEONE_ELSE
    await door("签到表 1")
    assert await door.does(asked) == []


async def test_a_resident_gets_the_proof_of_what_they_came_to(door):
    def came(tx):
        starts_at = events.get(tx, 1).starts_at
        attendance.check_in(tx, 1, door.resident, "by_staff", Actor(), starts_at)
        events.close(tx, 1, Actor(), starts_at)

    door.clock.passes(days=16)
    await door.does(came)
    door.who = SOMEONE_ELSE
    assert "2026—2027候鸟季您参加过 1 次活动，证明正在开" in await door("参加证明")
    [(wanted, account)] = await door.does(asked)
    assert (wanted["report"], wanted["person"]) == ("participation_proof", door.resident)
    assert (wanted["from"], wanted["to"]) == ("2026-10-01", "2027-04-30")
    assert account is not None
    assert "proof.issue" in await noted(door)


async def test_nothing_is_proved_where_nobody_came(door):
    door.who = SOMEONE_ELSE
    assert "2025年还没有您到场的记录" in await door("参加证明 2025年")
    assert await door.does(asked) == []


async def test_who_is_not_registered_is_shown_the_way(door):
    door.who = ME._replace(user="a third")
    assert "登记" in await door("参加证明")
    assert await door.does(asked) == []
