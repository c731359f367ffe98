"""The short form of the inputs behind `make torture`: some thousands, each answered in time and none a fault."""

from tests.torture import inputs
from tests.torture.doors import try_doors
from tests.torture.parsers import parsers
from tests.torture.result import Result
from tests.torture.spoiler import Spoiler

DOORS = {
    "Telegram webhook", "WeChat, signed", "chat page", "deep links", "uploads", "console forms", "console pages",
    "imports", "files and news", "strangers", "stream of events",
}  # fmt: skip


async def test_whatever_comes_through_a_door_is_answered():
    result = Result()
    await try_doors(result, 320, 20)
    assert result.faults == []
    assert set(result.inputs) == DOORS


def test_whatever_is_read_is_read_or_refused():
    result = Result()
    inputs.try_parsers(result, 4_000, 8)
    assert result.faults == []
    assert set(result.inputs) == set(parsers(Spoiler(1)))


def test_what_once_was_a_fault_is_none_any_more():
    result = Result()
    inputs.try_kept(result)
    assert result.faults == []
    assert {name for name, _ in inputs.kept()} == set(parsers(Spoiler(1)))
