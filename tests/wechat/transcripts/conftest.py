"""The conversations of the other channels, held through WeChat over real HTTP."""

import pytest

from tests.dialogues.conftest import *  # noqa: F403 - the fixtures that the conversations use
from tests.wechat.chat import WechatChat
from tests.wechat.server import FakeWechat


@pytest.fixture
def restarting():
    return False


@pytest.fixture
async def chat(restarting, empty_database, tmp_path, vault):
    path = tmp_path / "chat.db"
    path.write_bytes(empty_database.read_bytes())
    async with FakeWechat.open(None) as wechat:
        chat = WechatChat(path, vault, wechat, restarting=restarting)
        yield chat
        await chat.close()
        wechat.assert_content()
