"""Fills the templates of the console, and holds the files that go with them."""

import hashlib
import json
from datetime import date, datetime
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from bot.web import SHARED
from dialogue import texts
from storage.times import local, local_date

_HERE = Path(__file__).parent
_SHOWN = (".css", ".js", ".svg")
# No eval and no styles of its own: the content security policy allows neither. Answers that are no page (the sentence
# of a refusal) are shown as well.
HTMX = {
    "allowEval": False,
    "includeIndicatorStyles": False,
    "historyCacheSize": 0,
    "selfRequestsOnly": True,
    "responseHandling": [{"code": "204", "swap": False}, {"code": "...", "swap": True}],
}


class Rendering:
    """Built once."""

    def __init__(self) -> None:
        self._templates = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._templates.filters |= {
            "moment": texts.moment,
            "day": texts.day,
            "clock": _clock,
            "local_day": local_date,
            "stamp": _stamp,
            "phone": texts.spoken_phone,
        }
        self._templates.globals["htmx"] = json.dumps(HTMX)
        folders = (_HERE / "assets", SHARED)
        found = [path for folder in folders for path in folder.iterdir() if path.suffix in _SHOWN]
        self.assets = {path.name: path.read_bytes() for path in found}
        digest = hashlib.sha256(b"".join(self.assets[name] for name in sorted(self.assets)))
        self.version = digest.hexdigest()[:12]  # of all assets, so that a browser may keep them for good

    def page(self, template: str, **parts: object) -> str:
        return self._templates.get_template(template).render(version=self.version, **parts)


def _clock(moment: datetime) -> str:
    return f"{local(moment):%H:%M}"


def _stamp(moment: datetime | date | None) -> str:
    """As tables show it: 2026-12-08 14:30."""
    if moment is None:
        return ""
    return f"{local(moment):%Y-%m-%d %H:%M}" if isinstance(moment, datetime) else moment.isoformat()
