"""Every address of the console, by every role with every scope and by nobody; and no form but those of our pages."""

import re
from datetime import timedelta

import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from bot.console import ConsoleSettings, console_routes
from bot.console.identity import Identity
from storage import grants, sessions
from storage.audit import Actor
from storage.refusals import NotAllowed
from tests.conftest import MORNING, Clock
from tests.roles.district import EVERYONE, OFFICES, WITHOUT, arrange
from tests.roles.pages import HIDDEN, PAGES
from tests.roles.trying import Undone, Within, changes, no_longer_watch, watch

KEY = b"a key for the forms of tests...."
ELSEWHERE = ("王秀英", "王*英", "王＊英", "示例resident", "13900001001", "139****1001", "王秀兰", "路灯")
"""People of point 1, in full and masked, and what they told: nobody with another point reads of them on any page."""
OF_EVERY_VISIT = {"console_sessions"}
HEADERS = {
    "content-security-policy": "default-src 'none'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
}


class Answer:
    def __init__(self, status, headers, body, changed):
        self.status, self.headers, self.body, self.changed = status, headers, body, changed


class Desk:
    """Asks the console in the middle of a transaction that is taken back after each answer."""

    def __init__(self, database):
        self.database = database
        self.within = Within()
        settings = ConsoleSettings("http://console", "0898-0000-0000")
        self.routes = console_routes(self.within, Clock(), KEY, settings, lambda: None)
        self.app = Starlette(routes=self.routes)
        self.identity = Identity(KEY, is_secure=False)
        self.asked = 0

    async def open(self):
        self.numbers = await self.database.write(arrange)
        self.secrets = await self.database.write(_sign_in_all, self.numbers)
        await self.database.write(watch)

    async def asks(self, method, path, who, fields=None, **headers):
        found = []

        def run(tx):
            self.within.tx = tx
            with changes(tx) as changed:
                found.append(self._answer(method, path, who, fields, headers, changed))
            raise Undone

        with pytest.raises(Undone):
            await self.database.write(run)
        return found[0]

    def token(self, who):
        return self.identity.form_token(self.secrets.get(who, ""))

    def _answer(self, method, path, who, fields, headers, changed):
        self.asked += 1
        body = "&".join(
            f"{name}={str(value).format(**self.numbers)}" for name, value in (fields or {}).items()
        ).encode()
        sent = {"host": "console", "cookie": f"hongyan-console={self.secrets.get(who, '')}", **headers}
        sent |= {"content-type": "application/x-www-form-urlencoded", "content-length": str(len(body))}
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query.encode(),
            "headers": [(name.replace("_", "-").encode(), value.encode()) for name, value in sent.items()],
            "client": (f"10.{self.asked >> 16}.{self.asked >> 8 & 255}.{self.asked & 255}", 1),  # of a house of its own
            "server": ("console", 80),
        }
        messages = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message):
            messages.append(message)

        try:
            self.app(scope, receive, send).send(None)
        except StopIteration:
            start = messages[0]
            said = {name.decode(): value.decode() for name, value in start["headers"]}
            content = b"".join(message.get("body", b"") for message in messages[1:])
            return Answer(start["status"], said, content.decode(errors="replace"), changed())
        raise AssertionError(f"{path} waits for something")


def _sign_in_all(tx, numbers):
    """Sessions of all staff; also of those who are it no more, begun while they were."""
    secrets = {name: _signed_in(tx, numbers[name], MORNING) for name in OFFICES}
    secrets["expired"] = _signed_in(tx, numbers["expired"], MORNING - timedelta(hours=1))
    again = grants.grant(tx, "district_staff", Actor(), MORNING, person_id=numbers["revoked"])
    secrets["revoked"] = _signed_in(tx, numbers["revoked"], MORNING)
    grants.revoke(tx, again, Actor(), MORNING)
    for name in ("resident", "owner"):
        with pytest.raises(NotAllowed):
            sessions.link_for(tx, numbers[name], MORNING)
    return secrets


def _signed_in(tx, person_id, now):
    secret, _ = sessions.begin(tx, sessions.link_for(tx, person_id, now), now)
    return secret


def kinds(routes):
    return {(method, route.path) for route in routes for method in route.methods - {"HEAD"}}


def address(path, numbers, given):
    """The path with the numbers of what it is about: the first of its kind, if nothing else is given."""
    return re.sub(
        r"\{(\w+)(:\w+)?\}", lambda found: str(numbers.get(given.get(found[1]), given.get(found[1], 1))), path
    )


@pytest.fixture
async def desk(database):
    desk = Desk(database)
    await desk.open()
    yield desk
    await database.write(no_longer_watch)


async def test_every_address_is_in_the_table(desk):
    assert all(isinstance(route, Route) for route in desk.routes)
    assert set(PAGES) == kinds(desk.routes) - set(HIDDEN)


async def test_what_is_open_to_everyone_is_guarded_too(desk):
    for (method, path), status in HIDDEN.items():
        answer = await desk.asks(method, path.format(token="x" * 20, name="console.css"), "nobody", {})
        assert answer.status == status, path
        assert not answer.changed
        assert [name for name, value in HEADERS.items() if unguarded(answer, name, value)] == [], path


async def test_whoever_may_gets_in_and_nobody_else_and_every_answer_is_guarded(desk):
    wrong = []
    for (method, path), page in PAGES.items():
        where = address(path, desk.numbers, page.at)
        for who in EVERYONE:
            fields = {**page.form, "form_token": desk.token(who)} if method == "POST" else None
            answer = await desk.asks(method, where, who, fields)
            if problem := problem_of(page, who, answer):
                wrong.append(f"{method} {path} / {who}: {problem}")
            wrong += [f"{method} {path}: {name}" for name, value in HEADERS.items() if unguarded(answer, name, value)]
    assert not wrong, "\n".join(wrong)


def problem_of(page, who, answer):
    if answer.status >= 500:
        return f"fault {answer.status}"
    if who in WITHOUT:
        expected = {401}
    elif who in page.by:
        expected = {200, 303, 409, 422} if page.finds else {404}
    else:
        expected = {403, 404}
    if answer.status not in expected:
        return f"answered {answer.status}"
    if who not in page.by and answer.changed - OF_EVERY_VISIT:
        return f"changed {answer.changed}"
    if (who not in page.by or who.startswith("there")) and (
        names := [each for each in ELSEWHERE if each in answer.body]
    ):
        return f"names {names}"
    return ""


def unguarded(answer, name, value):
    return value not in answer.headers.get(name, "")


async def test_no_form_is_taken_that_a_page_of_ours_did_not_make(desk):
    wrong = []
    for (method, path), page in PAGES.items():
        if method != "POST":
            continue
        where = address(path, desk.numbers, page.at)
        who = next(iter(sorted(page.by)))
        token = desk.token(who)
        other = desk.token("district" if who != "district" else "auditor")
        tries = {
            "no token": (page.form, {}),
            "a wrong token": ({**page.form, "form_token": token[:-1] + "!"}, {}),
            "a token of somebody else": ({**page.form, "form_token": other}, {}),
            "from elsewhere": ({**page.form, "form_token": token}, {"origin": "http://elsewhere"}),
            "across sites": ({**page.form, "form_token": token}, {"sec_fetch_site": "cross-site"}),
        }
        for name, (fields, headers) in tries.items():
            answer = await desk.asks(method, where, who, fields, **headers)
            if answer.status != 403 or answer.changed - OF_EVERY_VISIT:
                wrong.append(f"{path}, {name}: {answer.status} {answer.changed}")
    assert not wrong, "\n".join(wrong)
