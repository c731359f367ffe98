"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_need_work import *  # noqa: F403
