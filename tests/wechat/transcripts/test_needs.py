"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_needs import *  # noqa: F403
