"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_papers import *  # noqa: F403
