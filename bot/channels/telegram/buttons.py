"""What a button carries in its 64 bytes: the question it belongs to and the choice it stands for.

`turn|value` as a rule. A value that does not fit, or begins with `#`, travels as `turn|#3`: the third choice shown
with that turn. `Message.choice` is then `"#3"`, and whoever knows what was shown finds the value again, also after a
restart. A standing word has no turn to look it up by; where it does not fit there is no button.
"""

from dialogue.message import Choice

MOST_BYTES = 64
_BETWEEN = "|"
_NUMBERED = "#"


def data_for(turn: str, number: int, choice: Choice) -> str | None:
    """Button data for `choice`, shown as the `number`-th (from 1) of `turn`; None when no button can carry it."""
    if _BETWEEN in turn:
        return None
    data = f"{turn}{_BETWEEN}{choice.value}"
    if len(data.encode()) <= MOST_BYTES and not choice.value.startswith(_NUMBERED):
        return data
    data = f"{turn}{_BETWEEN}{_NUMBERED}{number}"
    return data if turn and len(data.encode()) <= MOST_BYTES else None


def read_data(data: str) -> tuple[str, str | None]:
    """Choice and turn of a tapped button. Anybody can send anything here: both are looked up, never trusted."""
    turn, between, value = data.partition(_BETWEEN)
    return (value, turn or None) if between else (data, None)
