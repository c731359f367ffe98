"""The menu at the foot of the chat. Nothing depends on it: every word in it can be typed."""

from collections.abc import Mapping, Sequence

from bot.channels.wechat.api import Json

_MOST_BUTTONS, _MOST_BELOW = 3, 5
_LONGEST, _LONGEST_BELOW = 16, 60  # bytes of a name
_LONGEST_KEY = 128


def body(buttons: Mapping[str, Sequence[str]]) -> Json:
    """The menu as the platform takes it: each button with the words below it; one without says its own name.

    Tapping a word is saying it. Raises `ValueError` for what the platform would refuse.
    """
    if not 1 <= len(buttons) <= _MOST_BUTTONS:
        raise ValueError("1 to 3 buttons")
    return {"button": [_button(name, words) for name, words in buttons.items()]}


def _button(name: str, words: Sequence[str]) -> Json:
    if not words:
        return _click(name, _LONGEST)
    if len(words) > _MOST_BELOW:
        raise ValueError("at most 5 words below a button")
    if len(name.encode()) > _LONGEST:
        raise ValueError(f"the name of a button has at most {_LONGEST} bytes")
    return {"name": name, "sub_button": [_click(word, _LONGEST_BELOW) for word in words]}


def _click(word: str, longest: int) -> Json:
    if not word or len(word.encode()) > min(longest, _LONGEST_KEY):
        raise ValueError(f"a word of 1 to {longest} bytes")
    return {"type": "click", "name": word, "key": word}
