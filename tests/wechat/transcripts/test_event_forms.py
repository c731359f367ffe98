"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_event_forms import *  # noqa: F403
