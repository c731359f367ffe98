"""Where a chat stands is kept between two messages, and never keeps anyone from being answered."""

import pytest

from storage import accounts, conversations
from storage.conversations import Desk, Said, State
from storage.schema.talks import conversations as table
from tests.conftest import MORNING

pytestmark = pytest.mark.both_engines


@pytest.fixture
async def me(database):
    return (await database.write(accounts.heard, "web", "me", MORNING)).id


async def test_a_desk_comes_back_as_it_was(database, me):
    desk = Desk(State("登记", Said("", MORNING), answers={"name": Said("王建国", MORNING)}), misses=1)
    await database.write(conversations.save, me, desk, MORNING)
    assert await database.read(conversations.of, me) == desk


@pytest.mark.parametrize("spoil", ["another key", "another shape"])
async def test_a_desk_that_cannot_be_read_is_an_empty_one(database, me, vault, caplog, spoil):
    context = f"conversations.state|{me}"
    sealed = {
        "another key": bytes([9]) + bytes(40),
        "another shape": vault.seal('{"talk":{"name":"登记","opening":{"text":5}}}', context),
    }[spoil]
    await database.write(conversations.save, me, Desk(), MORNING)
    await database.write(lambda tx: tx.execute(table.update().values(state=sealed)))
    assert await database.read(conversations.of, me) == Desk()
    assert "begins anew" in caplog.text
