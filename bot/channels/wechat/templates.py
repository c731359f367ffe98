"""Template messages: what their fields take, and how a reply is brought into them."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.channels.wechat.xml import clean
from dialogue.message import Reply
from storage.times import local

_KEY = re.compile(r"([a-z_]+?)[0-9]{1,3}", re.ASCII)
_DAY = r"(?:(?P<month>1?[0-9])月(?P<day>[1-3]?[0-9])[日号](?:（周.）)?|(?P<near>今天|明天|后天))"
_HOUR = r"(?P<period>凌晨|早上|上午|中午|下午|晚上)?(?P<hour>[0-2]?[0-9])[点:：]"
_MOMENT = re.compile(_DAY + r"\s*" + _HOUR + r"(?:(?P<minute>[0-5]?[0-9])分?|(?P<half>半))?")
_PHONE = re.compile(
    r"(?<![0-9])(?:1[3-9][0-9] ?[0-9]{4} ?[0-9]{4}|0[0-9]{2,3}-[0-9]{4}(?:-[0-9]{4}|[0-9]{3,4}))(?![0-9])"
)
_SENTENCE = re.compile(r"[^。！？；\n]+")
_TITLE = re.compile(r"《([^》]{1,40})》")
_WHERE = re.compile(r"地点：([^。；\n]{1,40})")
THING = 20  # characters of a `thing`

FIELD_RULES: dict[str, re.Pattern[str]] = {
    # As published for subscription messages; the platform's staff confirm them for the templates of a category.
    "thing": re.compile(r"[^\x00-\x1f\n]{1,20}"),
    "number": re.compile(r"[0-9]{1,32}(?:\.[0-9]+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}"),
    "time": re.compile(r"(?:.{6,20} )?[0-2]?[0-9]:[0-5][0-9](?::[0-5][0-9])?(?:~(?:.{6,20} )?[0-2]?[0-9]:[0-5][0-9])?"),
    "date": re.compile(
        r"[0-9]{4}(?:年[0-9]{1,2}月[0-9]{1,2}日|[-/.][0-9]{1,2}[-/.][0-9]{1,2})(?: [0-2]?[0-9]:[0-5][0-9])?"
    ),
    "amount": re.compile(r"[¥$€]?[0-9]{1,10}(?:\.[0-9]{1,2})?元?"),
    "phone_number": re.compile(r"[0-9+-]{1,17}"),
    "car_number": re.compile(r"\w{1,8}"),
    "name": re.compile(r"[^\W\d_·]{1,10}|[A-Za-z .·]{1,20}"),
    "phrase": re.compile(r"[\u4e00-\u9fff]{1,5}"),
}


def kind_of(key: str) -> str:
    """`thing` of `thing1`; empty when the key is not of that form."""
    found = _KEY.fullmatch(key)
    return "" if found is None else found[1]


def fits(key: str, value: str) -> bool:
    """Whether the platform takes `value` in field `key`; kinds it does not document are let through."""
    rule = FIELD_RULES.get(kind_of(key))
    return bool(value) and (rule is None or rule.fullmatch(value) is not None)


def filled(fields: Sequence[str], reply: Reply, now: datetime, *, things: int = THING) -> dict[str, str] | None:
    """A value for each field, all within the rules, or None when the reply has nothing to put into one of them.

    A template announces; what it has no room for is shown in full with the person's next message. `things` is the
    most characters of a `thing`.
    """
    text = clean(reply.text)
    # The title if there is one, then what is said besides the time; “提醒您：” leads to something and says nothing.
    sayings = _TITLE.findall(text) + _WHERE.findall(text)
    parts = (part.strip(" ，,、") for part in _SENTENCE.findall(_MOMENT.sub("。", text)))
    sayings += [part for part in parts if part and not part.endswith(("：", ":"))]
    if reply.venue is not None:
        sayings[1:1] = [reply.venue.name]
    values: dict[str, str] = {}
    for key in fields:
        value = _value(kind_of(key), text, sayings, now, things)
        if value is None or not fits(key, value):
            return None
        values[key] = value
    return values


def _value(kind: str, text: str, sayings: list[str], now: datetime, things: int) -> str | None:
    match kind:
        case "thing":
            return _short(sayings.pop(0), things) if sayings else None
        case "time" | "date":
            return _moment_in(text, now)
        case "phone_number":
            found = _PHONE.search(text)
            return None if found is None else found[0].replace(" ", "")
        case _:
            return None


def _short(text: str, at_most: int) -> str:
    return text if len(text) <= at_most else text[: at_most - 1] + "…"


def _moment_in(text: str, now: datetime) -> str | None:
    """The first moment the text names, as the platform writes it: 2025年12月8日 14:30."""
    found = _MOMENT.search(text)
    if found is None:
        return None
    hour = int(found["hour"])
    if (found["period"] in ("下午", "晚上") and hour < 12) or (found["period"] == "中午" and hour < 3):
        hour += 12
    minute = 30 if found["half"] else int(found["minute"] or 0)
    today = local(now).date()
    if found["near"]:
        day = today + timedelta(days=("今天", "明天", "后天").index(found["near"]))
    else:
        month = int(found["month"])
        # Read in December, January is next year's; read in January, December was last year's.
        year = today.year + (month - today.month < -6) - (month - today.month > 6)
        try:
            day = today.replace(year=year, month=month, day=int(found["day"]))
        except ValueError:
            return None
    return f"{day.year}年{day.month}月{day.day}日 {hour:02}:{minute:02}" if hour < 24 else None
