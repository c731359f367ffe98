"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_my_data import *  # noqa: F403
