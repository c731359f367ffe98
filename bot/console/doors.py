"""Every address of the console goes through here: who is it, may they, and does the form come from a page of ours."""

import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, Response

from bot.console import texts
from bot.console.access import Staff
from bot.console.identity import Identity
from bot.console.rendering import Rendering
from bot.console.settings import ConsoleSettings
from bot.console.visit import Page, Visit
from bot.web.limits import Limit, address_of
from bot.web.origin import is_from_here
from dialogue.texts import sentence
from storage import grants, people, sessions
from storage.database import Database, StorageFault, Transaction
from storage.refusals import NotAllowed, NotFound, Refused

_LARGEST = 10 * 1024 * 1024 + 64 * 1024  # bytes of a request
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Door:
    """A page, at `path`, for holders of one of `roles`. A poll is asked by a page that is open, not by a person."""

    path: str
    page: Page
    roles: tuple[str, ...]
    method: str = "GET"
    is_poll: bool = False


@dataclass(eq=False)
class Closed(Exception):
    """The door stays shut; `sentence` says why."""

    status: int
    sentence: str


class Doorkeeper:
    """Opens doors. `key` signs what forms carry."""

    def __init__(
        self,
        database: Database,
        clock: Callable[[], datetime],
        key: bytes,
        settings: ConsoleSettings,
        wake: Callable[[], None],
    ) -> None:
        self.database = database
        self.clock = clock
        self.settings = settings
        self.identity = Identity(key, is_secure=settings.is_secure)
        self.rendering = Rendering()
        self._wake = wake
        # An office has one address: fifty people whose pages ask for news, and who all come in at eight o'clock.
        self._requests = Limit(600, 60)
        self._sign_ins = Limit(120, 0.5)

    async def open(self, door: Door, request: Request) -> Response:
        try:
            return await self._through(door, request)
        except Closed as closed:
            return self.closed(request, closed.status, closed.sentence)
        except Refused as refused:
            status = 404 if isinstance(refused, NotFound) else 403 if isinstance(refused, NotAllowed) else 409
            return self.closed(request, status, sentence(refused))
        except StorageFault:
            return self.closed(request, 503, texts.storage_fault(self.settings.support_phone))
        except ClientDisconnect:
            return Response()
        except Exception:  # noqa: BLE001 - the outermost edge: a fault is logged, and the person hears of it
            number = secrets.token_hex(2).upper()
            _log.exception("console fault %s at %s", number, door.path)
            return self.closed(request, 500, texts.fault(number, self.settings.support_phone))

    async def _through(self, door: Door, request: Request) -> Response:
        now = self.clock()
        address = self._take(self._requests, request)
        secret = self.identity.secret(request)
        staff, is_due = await self.database.read(self._staff, secret, now) if secret else (None, False)
        if staff is None:
            raise Closed(401, texts.SIGNED_OUT)
        if not staff.holds(*door.roles):
            raise Closed(403, texts.NOT_YOURS)
        form = FormData()
        if door.method == "POST":
            if not is_from_here(request, self.settings.public_url):
                raise Closed(403, texts.STALE)
            form = await read_form(request)
            token = form.get("form_token")
            if not isinstance(token, str) or not self.identity.is_form_token(secret, token):
                raise Closed(403, texts.STALE)
        if is_due and not door.is_poll:
            await self.database.write(sessions.seen, secret, now)
        parts = self.database, self.rendering, self.settings, self._wake
        response = await door.page(Visit(request, staff, now, form, *parts))
        _log.debug("console %s %s %s %d", address, door.method, door.path, response.status_code)
        return response

    def take_sign_in(self, request: Request) -> None:
        """Raises `Closed` for an address that tries too many links."""
        self._take(self._sign_ins, request)

    def closed(self, request: Request, status: int, said: str) -> Response:
        if request.headers.get("hx-request") == "true" and status != 401:
            part = self.rendering.page("refused_part.html", sentence=said)
            return HTMLResponse(part, status, {"hx-retarget": "#said", "hx-reswap": "innerHTML"})
        parts = {"sentence": said, "status": status, "support_phone": self.settings.support_phone}
        page = self.rendering.page("refused.html", is_sample=self.settings.is_sample, **parts)
        headers = {"hx-refresh": "true"} if request.headers.get("hx-request") == "true" else None
        return HTMLResponse(page, status, headers)

    def _take(self, limit: Limit, request: Request) -> str:
        address = address_of(request.client.host if request.client else "")
        if limit.take(address, self.clock().timestamp()):
            raise Closed(429, texts.TOO_FAST)
        return address

    def _staff(self, tx: Transaction, secret: str, now: datetime) -> tuple[Staff | None, bool]:
        """Who holds the secret, with the roles of this very moment: a role taken back counts at once."""
        person_id = sessions.person_of(tx, secret, now)
        person = people.find(tx, person_id)
        if person is None:
            return None, False
        held = grants.of_person(tx, person.id, now)
        if not held:
            return None, False
        staff = Staff(person.id, person.name, tuple(held), self.identity.form_token(secret))
        return staff, sessions.must_note(tx, secret, now)


async def read_form(request: Request) -> FormData:
    """What was posted. Raises `Closed` when it is too large, or no form."""
    length = request.headers.get("content-length", "")
    if not length.isdecimal() or int(length) > _LARGEST:
        raise Closed(413 if length.isdecimal() else 411, texts.TOO_LARGE)
    try:
        return await request.form(max_files=2, max_fields=400, max_part_size=_LARGEST)
    except (HTTPException, MultiPartException, UnicodeError):
        raise Closed(400, texts.NOT_READ) from None
