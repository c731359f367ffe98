"""Whoever has an office sees its work in the menu, and no longer than they have it."""

import pytest

from bot import words
from bot.staff_menus import StaffMenus
from storage import grants
from storage.audit import Actor
from tests.conftest import MORNING
from tests.dialogues.town import person, staff, town


class Told:
    """The menu at the edge: notes what Telegram was told."""

    def __init__(self):
        self.lists = {}

    async def try_for(self, people):
        self.lists.update({user: [command.words for command in commands] for user, commands in people.items()})
        return True


async def test_the_menu_follows_the_roles(database):
    told = Told()
    menus = StaffMenus(database, told, lambda: MORNING)

    def office(tx):
        town(tx)
        who = person(tx, "李干事", "13700137000", ("telegram", "7"))
        staff(tx, who, "checker", point_id=1)
        person(tx, "王建国", "13800138000", ("telegram", "8"))

    await database.write(office)
    await menus.publish()
    assert list(told.lists) == ["7"]
    assert told.lists["7"][:2] == ["签到", "菜单"]

    def revoke(tx):
        [held] = grants.of_person(tx, 1, MORNING)
        grants.revoke(tx, held.id, Actor(), MORNING)

    await database.write(revoke)
    await menus.publish()
    assert told.lists["7"] == []


@pytest.mark.parametrize("role", grants.ROLES)
def test_every_list_fits_and_every_command_is_named_as_telegram_wants(role):
    commands = words.commands_for({role})
    names = [command.name for command in commands]
    assert len(names) == len(set(names)) <= 100
    assert all(name.isascii() and name.islower() and len(name) <= 32 for name in names)


def test_a_resident_has_no_list_of_their_own():
    assert words.commands_for(set()) == ()
