"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_everyday_words import *  # noqa: F403
