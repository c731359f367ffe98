"""Takes out of what people type the numbers we never keep: identity cards and bank cards (care.md P5)."""

import re
import unicodedata

# Eighteen characters with a plausible birth date inside, the last may be X; or the fifteen digits of before 1999.
_IDENTITY = re.compile(
    r"(?<!\d)[1-9]\d{5}[ -]?(?:19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])[ -]?\d{3}[\dXx](?!\d)"
    r"|(?<!\d)[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)"
)
# Any number as long as a bank card: nothing we give out is, and a mistyped card is still somebody's.
_CARD = re.compile(r"(?<!\d)\d(?:[ -]?\d){15,18}(?!\d)")
_SHORTEST = 15  # digits of the shortest of them


def scrub(text: str) -> tuple[str, bool]:
    """`text` with such numbers masked, and whether there were any. Full-width digits count as digits."""
    if len(text) < _SHORTEST:
        return text, False
    # Character by character: other normal forms would change the length, and with it what the matches point at.
    plain = "".join(_narrow(character) for character in text)
    found = [match.span() for pattern in (_IDENTITY, _CARD) for match in pattern.finditer(plain)]
    if not found:
        return text, False
    kept = list(text)
    for start, end in found:
        digits = [place for place in range(start, end) if plain[place].isalnum()]
        for place in digits[4:-4]:
            kept[place] = "*"
    return "".join(kept), True


def _narrow(character: str) -> str:
    narrow = unicodedata.normalize("NFKC", character)
    return narrow if len(narrow) == 1 else character
