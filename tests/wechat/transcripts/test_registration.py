"""See the module of the same name in `tests/dialogues`; here the program also restarts between any two words."""

import pytest

from tests.dialogues.test_registration import *  # noqa: F403


@pytest.fixture(params=[False, True], ids=["steady", "restarting"])
def restarting(request):
    return request.param
