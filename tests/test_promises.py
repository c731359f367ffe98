"""What holds whatever people say."""

import asyncio
import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.vault import Vault
from tests.conftest import Chat
from tests.dialogues.town import class_of, town

COMMANDS = (
    "登记 取消 上一步 帮助 人工 重新开始 菜单 活动 报名 我的活动 不来 来 "
    "找服务点 说难处 我的信息 退订 签到 发布活动 统计"
).split()
ANSWERS = [
    "王建国",
    "13800138000",
    "1",
    "2",
    "9",
    "0",
    "对",
    "改",
    "春园",
    "示例小区",
    "跳过",
    "同意",
    "明天下午三点",
    "书法",
]
NOTHING = ["", "  ", "？？", "😀", "8" * 30]


async def play(databases, words, restarting):
    """Say `words`; return all that was answered."""
    with tempfile.TemporaryDirectory() as folder:
        chat = Chat(
            databases.new(Path(folder) / "chat.db"), Vault.load_or_create(Path(folder) / "key"), restarting=restarting
        )
        await chat.does(town)
        await chat.does(class_of)
        answers = [await chat(word) for word in words]
        await chat.close()
    assert all(answers), "the bot always answers"
    assert not [answer for answer in answers if "编号" in answer and "毛病" in answer], "and never with a fault"
    return answers


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.sampled_from(COMMANDS + ANSWERS + NOTHING), max_size=20))
def test_a_restart_is_never_noticed(databases, words):
    """Whatever is said, a program restarted before every message answers like one that never was."""
    steady = asyncio.run(play(databases, words, restarting=False))
    assert asyncio.run(play(databases, words, restarting=True)) == steady


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.lists(st.text(max_size=60), min_size=1, max_size=6))
def test_any_text_is_answered_without_a_fault(databases, words):
    asyncio.run(play(databases, ["登记", "1", *words], restarting=False))
