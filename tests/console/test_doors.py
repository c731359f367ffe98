"""The pages that the menu leads to, for every role. Who may open which address at all: tests/roles."""

import re

import pytest

from tests.console.conftest import ROLES


@pytest.mark.parametrize("role", ROLES)
async def test_every_page_of_the_menu_opens_and_is_small(house, visitor, role):
    await visitor.signs_in(role)
    pages = re.findall(r'<li><a href="(/console[^"]*)"', visitor.html)
    assert pages[0] == "/console"
    for page in pages:
        answer = await visitor.opens(page)
        assert answer.status_code == 200, page
        assert len(answer.content) < 100_000, page
        assert "StrictUndefined" not in answer.text
