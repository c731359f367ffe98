"""What we say unasked: it reaches an open page at once, waits for the others, and is never lost or doubled."""

import asyncio
import contextlib
import re

import httpx
import pytest

from bot.channels import NotNow, Rejected, TryLater
from dialogue.message import Choice, Reply, encoded
from storage import accounts, outbox
from storage.database import StorageFault
from storage.outbox import Planned
from tests.web.conftest import words
from tests.web.program import running


@contextlib.asynccontextmanager
async def open_line(visitor):
    """The line of an open page; gives a function that waits for the next nudge."""
    async with visitor.http.stream("GET", "/chat/events", timeout=60) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        lines = response.aiter_lines()
        assert await anext(lines) == "retry: 3000"

        async def nudged():
            async for line in lines:
                if line == "event: news":
                    return

        yield nudged


def user_of(visitor):
    return next(iter(visitor.http.cookies.values())).partition(".")[0]


async def account_of(visitor, database):
    return await database.read(accounts.find, "web", user_of(visitor))


async def waits_for(visitor, program, *replies):
    """Put messages into the outbox as every part of the program does."""
    account = await account_of(visitor, program.database)
    for number, reply in enumerate(replies):
        now = program.clock()
        planned = Planned("emergency", f"note {number} {reply.text}", encoded(reply), now, account_id=account.id)
        planned.channel = "web"
        await program.database.write(outbox.plan, planned, now)


def send_to(visitor, program, text):
    return asyncio.create_task(program.channel.send(user_of(visitor), Reply(text)))


async def test_nobody_is_there_so_it_waits(program, visitor):
    await visitor.posts(text="你好")
    with pytest.raises(NotNow):
        await send_to(visitor, program, "好消息")
    await visitor.opens()
    assert "好消息" not in visitor.reads()


async def test_an_open_page_gets_it_at_once_and_still_shows_it_when_opened_again(program, visitor):
    await visitor.posts(text="你好")
    last = re.findall(r'class="turn" id="([^"]+)"', visitor.html)[-1]
    async with open_line(visitor) as nudged:
        sending = send_to(visitor, program, "好消息")
        await nudged()
        response = await visitor.asks("/chat/news", after=last)
        assert words('role="log">' + response.json()["html"]) == "红雁说： 好消息"
        platform_id = await sending
    await visitor.opens()
    assert visitor.reads().count("好消息") == 1
    assert f'id="{platform_id}"' in visitor.html


async def test_a_page_that_fell_asleep_does_not_count_as_reached(database):
    from tests.web.conftest import Visitor

    async with running(database, patience=0.05) as program:
        visitor = Visitor(program.url)
        await visitor.posts(text="你好")
        async with open_line(visitor):
            with pytest.raises(NotNow):
                await send_to(visitor, program, "好消息")
            assert len(program.channel.pages) == 0
        await visitor.opens()
        assert "好消息" not in visitor.reads()  # it stays with the outbox, which gives it at the next visit
        await visitor.http.aclose()


async def test_of_two_pages_both_show_it_and_it_is_kept_once(program, visitor):
    await visitor.posts(text="你好")
    async with open_line(visitor) as first, open_line(visitor) as second:
        sending = send_to(visitor, program, "好消息")
        await first()
        await second()
        one, two = await asyncio.gather(visitor.asks("/chat/news"), visitor.asks("/chat/news"))
        await sending
        third = await visitor.asks("/chat/news")
        assert "好消息" in one.text + two.text
        assert third.json()["html"].count("好消息") == 1


async def test_what_cannot_be_kept_is_tried_later(program, visitor, monkeypatch):
    await visitor.posts(text="你好")
    async with open_line(visitor) as nudged:
        sending = send_to(visitor, program, "好消息")
        await nudged()

        async def full(*args, **kwargs):
            raise StorageFault("disk full")

        monkeypatch.setattr(program.database, "write", full)
        assert (await visitor.asks("/chat/news")).status_code == 503
        with pytest.raises(TryLater):
            await sending
        monkeypatch.undo()
    await visitor.opens()
    assert "好消息" not in visitor.reads()


async def test_what_waited_is_given_when_the_page_is_opened_and_stays_in_the_chat(program, visitor):
    await visitor.posts(text="你好")
    await waits_for(visitor, program, Reply("座位有了"))
    await visitor.opens()
    await visitor.opens()
    assert visitor.reads().count("座位有了") == 1
    assert await program.database.read(outbox.states) == {"delivered": 1}


async def test_a_number_answers_what_was_given_at_the_visit(program, visitor):
    await visitor.posts(text="你好")
    await waits_for(visitor, program, Reply("私塾明天开课。", (Choice("再来", "再来一次"), Choice("看看", "看看"))))
    await visitor.opens()
    await visitor.posts(text="1")
    assert "再来一次吗？" in visitor.reads()


async def test_a_browser_that_only_guesses_takes_nothing(program, visitor):
    await visitor.posts(text="你好")
    await waits_for(visitor, program, Reply("座位有了"))
    await visitor.opens(headers={"sec-purpose": "prefetch"})
    assert "座位有了" not in visitor.reads()
    await visitor.http.head("/chat")
    await visitor.opens()
    assert "座位有了" in visitor.reads()


async def test_what_waits_comes_with_the_answer_too(program, visitor):
    await visitor.posts(text="你好")
    await waits_for(visitor, program, Reply("座位有了"))
    await visitor.posts(text="人工")
    assert visitor.reads().endswith("座位有了")


async def test_a_stranger_has_no_line(program):
    async with httpx.AsyncClient(base_url=program.url, trust_env=False, timeout=60) as http:
        assert (await http.get("/chat/events")).status_code == 204


async def test_one_person_keeps_at_most_eight_lines(program, visitor):
    await visitor.posts(text="你好")
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(10):
            await stack.enter_async_context(open_line(visitor))
        assert len(program.channel.pages) == 8


async def test_a_line_whose_page_left_is_forgotten(program, visitor):
    await visitor.posts(text="你好")
    async with open_line(visitor):
        (page,) = program.channel.pages.of(user_of(visitor))
    async with asyncio.timeout(60):
        await page.nudged.wait()
    assert page.is_closed


async def test_open_lines_end_when_the_program_stops(program, visitor):
    await visitor.posts(text="你好")
    async with visitor.http.stream("GET", "/chat/events", timeout=60) as response:
        program.channel.close()
        async with asyncio.timeout(60):
            assert [line async for line in response.aiter_lines()]


async def test_bytes_that_are_gone_are_rejected(program):
    with pytest.raises(Rejected):
        await program.channel.fetch("photo-nothing-here")
