"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_consent_changes import *  # noqa: F403
