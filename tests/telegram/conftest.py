"""A fake Telegram for each test, which fails when the program made a call that Telegram would object to."""

import pytest

from tests.telegram.server import FakeTelegram


@pytest.fixture
async def telegram():
    async with FakeTelegram() as server:
        yield server
    assert server.mistakes == []
