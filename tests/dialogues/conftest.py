"""The district that the transcripts happen in."""

import pytest

from tests.dialogues.town import town


@pytest.fixture
async def town_chat(chat):
    """`chat`, in a district with two communities."""
    await chat.does(town)
    return chat
