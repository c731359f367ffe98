"""The audit log is read by people who know no code."""

import ast
from pathlib import Path

import pytest

from reports.acts import ACTS, facts_in_words, thing_in_words

ROOT = Path(__file__).parents[2]
TITLES = {"checker": "签到员"}


def noted():
    """Every action that is written out in a call of `audit.note`."""
    for room in ("storage", "handlers", "bot"):
        for path in (ROOT / room).rglob("*.py"):
            for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "audit.note":
                    yield from (one.value for one in ast.walk(call.args[2]) if isinstance(one, ast.Constant))


def test_every_act_has_words():
    actions = {action for action in noted() if not action.endswith(".")}
    assert len(actions) > 90
    assert actions <= set(ACTS)


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (None, ""),
        (
            '{"role": "checker", "point_id": null, "ends_at": "2026-12-24 15:51:24.020633+00:00"}',
            "职务：签到员；到：2026-12-24 23:51",
        ),
        ('{"changed": ["hours", "phone"], "works": true}', "改了：hours、phone；上班：是"),
        ('{"first": "2027-02-05", "moved": {"a": [1]}}', '从：2027-02-05；moved：{"a": [1]}'),
        ("50", "50"),
    ],
)
def test_what_was_changed_is_said_in_words_as_far_as_there_are_any(kept, read):
    assert facts_in_words(kept, TITLES) == read
    assert thing_in_words("event 12") == "活动 12"
    assert thing_in_words("2027-02-05") == "2027-02-05"
