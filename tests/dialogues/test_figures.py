"""统计: asked for in the chat, counted beside it, handed over when ready."""

import json
from datetime import date

import pytest

from handlers.figures import read_period
from storage.schema.exports import exports
from tests.conftest import SOMEONE_ELSE
from tests.dialogues.town import registered, staff

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("said", "first", "last"),
    [
        ("11月", "2026-11-01", "2026-11-30"),
        ("12月", "2025-12-01", "2025-12-31"),
        ("2025年3月", "2025-03-01", "2025-03-31"),
        ("第三季度", "2026-07-01", "2026-09-30"),
        ("2025年", "2025-01-01", "2025-12-31"),
        ("候鸟季", "2026-10-01", "2027-04-30"),
        ("2025候鸟季", "2025-10-01", "2026-04-30"),
        ("上个月", "2026-10-01", "2026-10-31"),
        ("今年", "2026-01-01", "2026-12-31"),
    ],
)
def test_a_period_is_understood_as_people_name_it(said, first, last):
    period = read_period(said, TODAY)
    assert (period.first.isoformat(), period.last.isoformat()) == (first, last)


def asked(tx):
    return [json.loads(row.wanted) for row in tx.execute(exports.select()).all()]


@pytest.fixture
async def office(town_chat):
    lead = await registered(town_chat, "李点长", "13700137000")
    await town_chat.does(staff, lead, "point_lead", point_id=1)
    return town_chat


async def test_the_period_is_named_back_and_the_count_begins(office):
    assert "2026年10月" in await office("统计 10月")
    [wanted] = await office.does(asked)
    assert (wanted["from"], wanted["to"]) == ("2026-10-01", "2026-10-31")


async def test_without_a_period_it_is_asked_for(office):
    assert "哪一段时间" in await office("统计")
    assert "候鸟季" in await office("3")
    assert len(await office.does(asked)) == 1


async def test_a_resident_gets_no_figures(office):
    await registered(office, "老张", "13600136000", SOMEONE_ELSE)
    office.who = SOMEONE_ELSE
    assert "要点长来办" in await office("统计 10月")
    assert await office.does(asked) == []
