"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_wall_codes import *  # noqa: F403
