"""The conversations of the other channels, held through WeChat over real HTTP."""

import sys
from pathlib import Path

import pytest

from tests.dialogues.conftest import *  # noqa: F403 - the fixtures that the conversations use
from tests.wechat.chat import WechatChat, in_wechat
from tests.wechat.server import FakeWechat

ABOUT_ANOTHER_CHANNEL = {
    # These look at an account or a queue of another channel by its name.
    "test_whoever_is_linked_is_told_on_the_other_side_and_can_part",
    "test_without_the_word_it_goes_out",
}


def pytest_collection_modifyitems(items):
    """Each conversation once more over HTTP takes minutes in all; tests/wechat itself is part of every run."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.long)


@pytest.fixture(autouse=True)
def everybody_has_wechat(request, monkeypatch):
    """Whoever a conversation names is in WeChat here, wherever the test looks them up."""
    module = sys.modules[request.function.__module__]
    for name, value in list(vars(module).items()):
        monkeypatch.setattr(module, name, in_wechat(value))


@pytest.fixture
def restarting():
    return False


@pytest.fixture
async def chat(request, restarting, empty_database, tmp_path, vault):
    if request.node.originalname in ABOUT_ANOTHER_CHANNEL:
        pytest.skip("about another channel")
    path = tmp_path / "chat.db"
    path.write_bytes(empty_database.read_bytes())
    async with FakeWechat.open(None) as wechat:
        chat = WechatChat(path, vault, wechat, restarting=restarting)
        yield chat
        await chat.close()
        wechat.assert_content()
