"""Every conversation here is held three times: steady, restarting before every message, and through WeChat."""

import pytest

from tests.conftest import Chat
from tests.wechat.chat import WechatChat
from tests.wechat.server import FakeWechat


@pytest.fixture(params=["steady", "restarting", "wechat"])
async def chat(request, empty_database, tmp_path, vault):
    path = tmp_path / "chat.db"
    path.write_bytes(empty_database.read_bytes())
    if request.param != "wechat":
        chat = Chat(path, vault, restarting=request.param == "restarting")
        yield chat
        await chat.close()
        return
    async with FakeWechat.open(None) as wechat:
        chat = WechatChat(path, vault, wechat)
        yield chat
        await chat.close()
        wechat.assert_content()
