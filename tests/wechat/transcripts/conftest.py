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
    # These count by channel how many are reached, and look at what Telegram was sent.
    "test_a_picture_goes_with_it_once_it_is_here",
    "test_above_the_number_a_second_person_must_agree",
    "test_an_emergency_asks_why_and_counts_who_read_it",
    "test_an_event_goes_with_it_and_can_be_signed_up_for",
    "test_an_organiser_reaches_people_of_own_events_alone",
    "test_it_is_seen_on_ones_own_phone_with_how_many_are_reached_before_anything_leaves",
    "test_the_result_says_who_was_not_reached_and_lists_them_for_calls",
    # In WeChat a word is said where other channels have a link.
    "test_the_code_on_the_wall_brings_who_scans_it_to_this_event",
    # Pictures sent together are told apart from others in Telegram alone.
    "test_an_album_out_of_the_blue_gets_one_answer_and_its_pictures_stay_together",
    "test_an_album_as_an_answer_is_one_answer",
    "test_what_comes_after_the_need_was_told_belongs_to_it_too",
    "test_another_album_is_answered_again",
    # These give a message a time of its own, which here the platform alone gives.
    "test_it_is_taken_though_the_time_for_it_or_the_event_is_over",
    "test_what_was_typed_while_the_network_was_down_keeps_its_own_time",
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
async def chat(request, restarting, databases, tmp_path, vault):
    if request.node.originalname in ABOUT_ANOTHER_CHANNEL:
        pytest.skip("about another channel")
    url = databases.new(tmp_path / "chat.db")
    async with FakeWechat.open(None) as wechat:
        chat = WechatChat(url, vault, wechat, restarting=restarting)
        yield chat
        await chat.close()
        wechat.assert_content()
