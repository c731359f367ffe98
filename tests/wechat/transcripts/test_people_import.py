"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_people_import import *  # noqa: F403
