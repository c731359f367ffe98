"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_albums import *  # noqa: F403
