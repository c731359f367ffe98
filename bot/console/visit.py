"""One request of a signed-in person: what a page is given, and how it answers."""

import unicodedata
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Concatenate, ParamSpec, TypeVar

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from bot.console.access import Staff
from bot.console.navigation import menu_of
from bot.console.rendering import Rendering
from bot.console.settings import ConsoleSettings
from storage.database import Database, Transaction

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Visit:
    """`now` is the moment of the request; `form` is empty unless something was posted."""

    request: Request
    staff: Staff
    now: datetime
    form: FormData
    database: Database
    rendering: Rendering
    settings: ConsoleSettings
    wake: Callable[[], None]

    async def read(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.database.read(work, *args, **kwargs)

    async def write(self, work: Callable[Concatenate[Transaction, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self.database.write(work, *args, **kwargs)

    @property
    def is_partial(self) -> bool:
        """Whether a part of a page is asked for, to be put into the one that is open."""
        return self.request.headers.get("hx-request") == "true"

    def page(self, template: str, status: int = 200, /, **parts: object) -> Response:
        about = {
            "staff": self.staff,
            "menu": menu_of(self.staff),
            "here": self.request.url.path,
            "now": self.now,
            "is_sample": self.settings.is_sample,
            "support_phone": self.settings.support_phone,
            "said": self.asked("said", 200),
        }
        return HTMLResponse(self.rendering.page(template, **(about | parts)), status)

    def part(self, template: str, /, **parts: object) -> Response:
        return HTMLResponse(self.rendering.page(template, staff=self.staff, now=self.now, **parts))

    def goes_to(self, path: str) -> Response:
        return RedirectResponse(path, 303)

    def text(self, name: str, at_most: int = 200) -> str:
        """A field of the form, without control characters; empty when it is not there."""
        return _clean(self.form.get(name), at_most)

    def texts(self, name: str, at_most: int = 40) -> tuple[str, ...]:
        """All values of a field that may be chosen several times."""
        return tuple(_clean(value, at_most) for value in self.form.getlist(name))

    def asked(self, name: str, at_most: int = 200) -> str:
        """The same of the address."""
        return _clean(self.request.query_params.get(name), at_most)

    def number(self, name: str) -> int | None:
        return _number(self.text(name, 12))

    def asked_number(self, name: str) -> int | None:
        return _number(self.asked(name, 12))

    def asked_day(self, name: str) -> date | None:
        try:
            return date.fromisoformat(self.asked(name, 10))
        except ValueError:
            return None

    def path_number(self, name: str = "id") -> int:
        return int(self.request.path_params[name])


Page = Callable[[Visit], Awaitable[Response]]


def _clean(value: object, at_most: int) -> str:
    if not isinstance(value, str):
        return ""
    kept = (letter for letter in value[:at_most] if letter == "\n" or unicodedata.category(letter) not in ("Cc", "Cs"))
    return "".join(kept).strip()


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdecimal() else None
