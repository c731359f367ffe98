"""What each error code of the platform means for us: every one ends in a decision, none in a loop."""

from enum import Enum


class Verdict(Enum):
    """What to do after a refusal."""

    AGAIN = "the platform stumbled: a few more tries"
    NEW_TOKEN = "the access token is not valid: fetch one and repeat once"  # noqa: S105 - no secret  # nosec B105
    SETTINGS = "the settings are wrong: nothing goes out until staff correct them"
    PUNISHED = "the account is restricted: nothing goes out, staff must know"
    STRANGER = "this openid is not of our account: the person has no such route"
    NOT_FOLLOWING = "the person does not follow, or blocked us: another way"
    UPLOAD_AGAIN = "the upload is gone: once more"
    NO_TEMPLATE = "the template is not ours: another way, and staff must know"
    NO_RIGHT = "this kind of account may not: the feature is switched off"
    NO_CONSENT = "the consent is used up or withdrawn: another way"
    NO_WINDOW = "nothing may be sent unasked now: another way"
    NO_TEMPLATES_WANTED = "the person turned such messages off: another way"
    TOMORROW = "the day's quota is used: wait until midnight, staff must know"
    NEXT_MINUTE = "too fast: wait a minute"
    SENT = "it was sent before: done"
    DECORATION = "only “typing” failed: go on"
    TOO_LONG = "longer than the platform takes: shorter once, else another way"
    FAULT = "our request was wrong: refused, and staff must know"


_VERDICTS: dict[int, Verdict] = {
    -1: Verdict.AGAIN,
    40001: Verdict.NEW_TOKEN,
    40014: Verdict.NEW_TOKEN,
    42001: Verdict.NEW_TOKEN,
    40013: Verdict.SETTINGS,
    40125: Verdict.SETTINGS,
    40164: Verdict.SETTINGS,
    40003: Verdict.STRANGER,
    40004: Verdict.UPLOAD_AGAIN,
    40007: Verdict.UPLOAD_AGAIN,
    40037: Verdict.NO_TEMPLATE,
    40200: Verdict.NO_RIGHT,
    48001: Verdict.NO_RIGHT,
    43004: Verdict.NOT_FOLLOWING,
    43019: Verdict.NOT_FOLLOWING,
    43101: Verdict.NO_CONSENT,
    45001: Verdict.TOO_LONG,
    45002: Verdict.TOO_LONG,
    47003: Verdict.TOO_LONG,
    45009: Verdict.TOMORROW,
    45028: Verdict.TOMORROW,
    45011: Verdict.NEXT_MINUTE,
    45066: Verdict.NEXT_MINUTE,
    45015: Verdict.NO_WINDOW,
    45047: Verdict.NO_WINDOW,
    45065: Verdict.SENT,
    45072: Verdict.DECORATION,
    45080: Verdict.DECORATION,
    45081: Verdict.DECORATION,
    48002: Verdict.NO_TEMPLATES_WANTED,
    48004: Verdict.PUNISHED,
    50002: Verdict.PUNISHED,
}

KNOWN_FAULTS = frozenset({40008, 40033, 40053, 41001, 44004, 45008, 45067, 47001})


def verdict_on(code: int) -> Verdict:
    """An unknown code is taken for a fault of ours: it is never repeated."""
    return _VERDICTS.get(code, Verdict.FAULT)


def known_codes() -> frozenset[int]:
    return frozenset(_VERDICTS) | KNOWN_FAULTS
