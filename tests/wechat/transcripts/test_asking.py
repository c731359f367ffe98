"""See the module of the same name in `tests`."""

from tests.test_asking import *  # noqa: F403
