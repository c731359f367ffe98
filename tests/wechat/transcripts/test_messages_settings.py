"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_messages_settings import *  # noqa: F403
