"""A running program, a plain HTTP visitor without scripts, and a real Chromium."""

import re

import httpx
import pytest

from tests.browser import chromium as chromium  # a fixture for the tests here
from tests.web.program import running


@pytest.fixture
async def program(database):
    async with running(database) as program:
        yield program


class Visitor:
    """A browser without scripts: keeps cookies, reads forms, posts them."""

    def __init__(self, url, **given):
        self.http = httpx.AsyncClient(base_url=url, trust_env=False, **{"timeout": 60, **given})
        self.html = ""
        self.status = 0

    async def opens(self, address="/chat", **given):
        response = await self.http.get(address, follow_redirects=True, **given)
        self.html, self.status = response.text, response.status_code
        return response

    @property
    def token(self):
        return re.search(r'data-token="([^"]+)"', self.html)[1]

    async def posts(self, *, files=None, headers=None, address="/chat", follow=True, **fields):
        """Fill in the form of the page and send it. Opens the page first, as everybody does."""
        if not self.html:
            await self.opens()
        given = {"token": self.token, "id": re.search(r'name="id" value="(\w+)"', self.html)[1], **fields}
        response = await self.http.post(address, data=given, files=files, headers=headers)
        if response.status_code == 303 and follow:
            return await self.opens(response.headers["location"])
        if "text/html" in response.headers.get("content-type", ""):
            self.html, self.status = response.text, response.status_code
        return response

    async def asks(self, address="/chat", **fields):
        """The same as a script does it."""
        if not self.html:
            await self.opens()
        files = fields.pop("files", None)
        return await self.http.post(
            address, data={"token": self.token, **fields}, files=files, headers={"accept": "application/json"}
        )

    def reads(self):
        return words(self.html)


def words(html):
    """What a person reads of the chat, without tags."""
    log = html.split('role="log"')[-1].split("</main>")[0].partition(">")[2]
    text = re.sub(r"<[^>]+>", " ", log)
    return re.sub(r"\s+", " ", text).strip()


@pytest.fixture
async def visitor(program):
    visitor = Visitor(program.url)
    yield visitor
    await visitor.http.aclose()


@pytest.fixture
async def another(program):
    visitor = Visitor(program.url)
    yield visitor
    await visitor.http.aclose()


class Watched:
    """A page on a telephone. What the browser complains about is a fault, unless the test expects it."""

    def __init__(self, page, url):
        self.page = page
        self.url = url
        self.complaints = []
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", self._heard)
        page.set_default_timeout(60_000)  # of a busy machine; nothing here waits on purpose

    def _heard(self, message):
        # Lost connections are what some tests are about; the browser reports each of them.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)

    async def opens(self, address="/chat"):
        await self.page.goto(self.url + address)
        return self.page

    async def says(self, text):
        """Type and press Enter; wait for the answer."""
        before = await self.turns()
        await self.page.fill("#text", text)
        await self.page.press("#text", "Enter")
        await self.answered(before)

    async def taps(self, name, *, last=True):
        before = await self.turns()
        buttons = self.page.get_by_role("button", name=name)
        await (buttons.last if last else buttons.first).click()
        await self.answered(before)

    async def answered(self, before):
        await self.page.wait_for_function(
            "before => document.querySelectorAll('.turn[data-mine]:not(.waiting)').length > before"
            " && !document.querySelector('.waiting')",
            arg=before,
        )

    async def turns(self):
        return await self.page.locator(".turn[data-mine]:not(.waiting)").count()

    async def reads(self):
        return re.sub(r"\s+", " ", await self.page.inner_text("#log"))

    async def shows(self, text):
        await self.page.locator("#log").get_by_text(text).last.wait_for()


PHONE_SCREEN = {"viewport": {"width": 390, "height": 844}, "locale": "zh-CN", "has_touch": True}


@pytest.fixture
async def telephone(chromium, program):
    context = await chromium.new_context(**PHONE_SCREEN)
    watched = Watched(await context.new_page(), program.url)
    yield watched
    await context.close()
    assert watched.complaints == []
