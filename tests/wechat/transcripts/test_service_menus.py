"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_service_menus import *  # noqa: F403
