"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_polls import *  # noqa: F403
