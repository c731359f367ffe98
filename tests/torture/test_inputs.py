"""The short form of the inputs behind `make torture`: some thousands, each answered in time and none a fault."""

from tests.torture import inputs


async def test_whatever_comes_through_a_door_is_answered():
    result = inputs.Result()
    await inputs.try_doors(result, 300, 20)
    assert result.faults == []
    assert result.inputs["Telegram webhook"] > 20
    assert result.inputs["chat page"] > 20


def test_whatever_is_read_is_read_or_refused():
    result = inputs.Result()
    inputs.try_parsers(result, 6_000, 8)
    assert result.faults == []
    assert len(result.inputs) == 6
