"""See the module of the same name in `tests/dialogues`."""

from tests.dialogues.test_report_ins import *  # noqa: F403
