"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_refusals import *  # noqa: F403
