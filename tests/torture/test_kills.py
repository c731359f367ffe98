"""The short form of the run behind `make torture`: three kills, everything else the same."""

from tests.torture.kills import Kills


async def test_what_people_were_told_is_there_once_after_kill_9(tmp_path, empty_database):
    result = await Kills(tmp_path, "polling", at_most=3, seconds=300).run(empty_database)
    assert result.lost == []
    assert result.kills == 3
    assert result.told_registered >= 1
    assert result.told_a_seat >= 1
    assert result.said_by_web >= 10
    assert result.said_by_wechat >= 10
    assert result.reminders_planned >= 3
