"""Where a line of Chinese may end: after any letter, but never inside a number and never before a full stop."""

from collections.abc import Callable

WIDE = 0x2E7F  # from here on a letter is as wide as it is high
_NOT_FIRST = frozenset("，。、；：！？）》〉”’」』】％%,.;:!?)]}·—…")
_NOT_LAST = frozenset("（《〈“‘「『【([{")
_OPEN = " —“”‘’"  # may be parted from their neighbours, unlike the letters of a word


def broken(text: str, wide: Callable[[str], float], width: float) -> list[str]:
    """Lines no wider than `width`, in the measure of `wide`. A word wider than a line is torn."""
    lines = []
    for paragraph in text.split("\n"):
        line = ""
        for piece in _pieces(paragraph):
            for part in [piece] if wide(piece) <= width else list(piece):
                if line and wide(line + part.rstrip()) > width:
                    lines.append(line.rstrip(" "))
                    line = ""
                    part = part.lstrip(" ")
                line += part
        lines.append(line.rstrip(" "))
    return lines


def _pieces(text: str) -> list[str]:
    """What may not be torn apart: words, numbers, and signs with the letter before or after them."""
    pieces: list[str] = []
    for letter in text:
        last = pieces[-1][-1] if pieces else ""
        in_word = ord(letter) <= WIDE and letter not in _OPEN and bool(last) and ord(last) <= WIDE
        if pieces and (letter in _NOT_FIRST or last in _NOT_LAST or (in_word and last not in _OPEN)):
            pieces[-1] += letter
        else:
            pieces.append(letter)
    return pieces
