"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_forty_at_the_door import *  # noqa: F403
