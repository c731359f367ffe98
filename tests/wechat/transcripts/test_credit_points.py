"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_credit_points import *  # noqa: F403
