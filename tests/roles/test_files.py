"""Files that staff take away: a point's hold no other point's people, masked or not."""

import pytest

from reports import attendance, catalogue
from reports.catalogue import Wanted
from reports.periods import Period
from storage import attendance as attendance_store
from storage import events
from storage.audit import Actor
from storage.times import local_date
from tests.conftest import MORNING
from tests.roles.district import YESTERDAY, arrange

HERE, THERE = frozenset({1}), frozenset({2})
PERIOD = Period(local_date(YESTERDAY), local_date(MORNING))


def both_held(tx):
    """Somebody of each point came to the event of theirs."""
    numbers = arrange(tx)
    for event_id, name in ((1, "王秀英"), (2, "张桂芳")):
        office = Actor(numbers["district"], "district_staff")
        if event_id == 2:
            attendance_store.check_in(tx, event_id, numbers[name], "by_staff", office, MORNING)
        events.close(tx, event_id, office, MORNING)


@pytest.mark.parametrize("name", ["attendance", "season", "came"])
@pytest.mark.parametrize(("point_ids", "who"), [(HERE, {"王*英"}), (THERE, {"张*芳"}), (None, {"王*英", "张*芳"})])
async def test_rows_with_names_are_of_the_own_point(database, name, point_ids, who):
    def read(tx):
        wanted = Wanted(PERIOD, attendance.paper(tx, MORNING), point_ids=point_ids)
        book = catalogue.book(tx, name, wanted)
        sheet = book.raw or book.sheets[0]
        place = [column.header for column in sheet.columns].index("姓名")
        return {row[place] for row in sheet.rows}

    await database.write(both_held)
    assert await database.read(read) - {""} == who
