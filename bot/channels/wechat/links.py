"""Links inside WeChat texts: choices to tap, pages, and ways on the map."""

import re
from urllib.parse import quote

from bot.channels.wechat.xml import clean
from dialogue.message import Venue

_UNSAFE_IN_URL = re.compile(r"[\s\"'<>\\^`{|}]")
_CHOICES_PER_ANSWER = 100


def escape(text: str) -> str:
    """`text` as WeChat shows it: a name must not be able to forge a link."""
    return clean(text).replace("<", "＜").replace(">", "＞")


def anchor(url: str, label: str) -> str:
    return f'<a href="{_UNSAFE_IN_URL.sub(_percent, clean(url))}">{_in_one_line(label)}</a>'


def tap(said: str, number: int, place: int, label: str) -> str:
    """A link that says `said` in the person's name. `number` is the answer's, `place` counts its choices from 1.

    The address belongs to the client, not to the API; both of its values must be there, or nothing happens.
    """
    said = re.sub(r'["<>&\s]', "", clean(said)) or str(place)
    url = f"weixin://bizmsgmenu?msgmenucontent={said}&msgmenuid={link_id(number, place)}"
    return f'<a href="{url}">{_in_one_line(label)}</a>'


def link_id(number: int, place: int) -> int:
    """Both in one short number: clients are known to drop longer ids."""
    return number * _CHOICES_PER_ANSWER + place


def from_link_id(text: str) -> tuple[int, int]:
    """The answer's number and the place of the choice in it; (0, 0) when the client dropped the id."""
    if not text.isascii() or not text.isdecimal() or len(text) > 12:
        return 0, 0
    return divmod(int(text), _CHOICES_PER_ANSWER)


def walks(venue: Venue, source: str) -> list[str]:
    """Links that lead to the venue on foot, from where the phone is. Tencent first: WeChat opens it inside itself."""
    place = venue.place.as_gcj02()
    latitude, longitude = f"{place.latitude:.6f}", f"{place.longitude:.6f}"
    name, app = quote(clean(venue.name), safe=""), quote(source, safe="")
    tencent = (
        "https://apis.map.qq.com/uri/v1/routeplan"
        f"?type=walk&to={name}&tocoord={latitude},{longitude}&coord_type=2&referer={app}"
    )
    amap = f"https://uri.amap.com/navigation?to={longitude},{latitude},{name}&mode=walk&src={app}&callnative=1"
    return [anchor(tencent, "看怎么走（腾讯地图）"), anchor(amap, "看怎么走（高德地图）")]


def _in_one_line(label: str) -> str:
    return escape(re.sub(r"\s*[\n\t]\s*", " ", label.strip()))


def _percent(found: re.Match[str]) -> str:
    return quote(found[0], safe="")
