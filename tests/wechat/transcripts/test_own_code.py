"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_own_code import *  # noqa: F403
