"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_broadcasts import *  # noqa: F403
