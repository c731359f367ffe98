"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_check_in import *  # noqa: F403
