"""讲义: put in by who runs the course, taken with one word by who comes, and shown to nobody else."""

import pytest

from dialogue.message import Attachment
from storage import attachments, attendance, events, files
from storage.audit import Actor
from tests.conftest import ME, SOMEONE_ELSE
from tests.dialogues.test_events import news
from tests.dialogues.test_organise import CREATE
from tests.dialogues.town import address, registered, staff


@pytest.fixture
async def course(town_chat):
    """Four Tuesdays of writing; 王建国 is on the list of the first."""
    organiser = await registered(town_chat, "李干事", "13700137000", SOMEONE_ELSE)
    await town_chat.does(staff, organiser, "organiser", point_id=1)
    town_chat.who = SOMEONE_ELSE
    await town_chat.says(*CREATE, "办成一个系列", "书法班", "4", "对")
    await registered(town_chat)
    town_chat.who = ME
    await town_chat("报名 1")
    town_chat.who = SOMEONE_ELSE
    return town_chat


async def handed_in(chat, number=1, called="第三课笔法", content=b"%PDF-1.4 strokes"):
    """A file sent and named; returns what is asked next."""
    await chat(f"加讲义 {number}")
    await chat(attachment=Attachment("file", f"f{called}", "笔法.pdf", "application/pdf"))
    [wanted] = await chat.does(attachments.wanted, chat.who.channel)
    await chat.does(attachments.keep, wanted.id, content, "application/pdf")
    await chat("好了")
    return await chat(called)


async def test_a_handout_reaches_who_comes_and_they_hear_of_it(course):
    assert "现在告诉报了名、来过的 1 位吗" in await handed_in(course)
    answer = await course("告诉")
    assert "放好了：第三课笔法.pdf。" in answer
    assert "已经安排告诉 1 位" in answer
    assert [text for _, text in await course.does(news, "notice")] == ["《书法班》有新讲义了：第三课笔法.pdf。"]
    course.who = ME
    await course("活动 1")
    assert "讲义：第三课笔法.pdf" in await course.taps("看讲义")
    name, media_type, content = await course.does(files.opened_by, course.replies[0].file.token, course.clock())
    assert (name, media_type, content) == ("第三课笔法.pdf", "application/pdf", b"%PDF-1.4 strokes")


async def test_it_stays_for_who_came_when_the_course_is_over(course):
    await handed_in(course)
    await course("先不说")
    course.who = ME

    def came(tx):
        event = events.get(tx, 1)
        attendance.check_in(tx, 1, 2, "by_staff", Actor(), event.starts_at)
        events.close(tx, 1, Actor(), event.ends_at)

    await course.does(came)
    course.clock.passes(days=60)
    await course("我的活动")
    assert "讲义：第三课笔法.pdf" in await course.taps("上过的课的讲义")


async def test_who_does_not_come_gets_none(course):
    await handed_in(course)
    await course("先不说")
    course.who = address("stranger")
    assert "登记" in await course("讲义 1")
    await registered(course, "外人", "13600136000", course.who)
    assert "还没有讲义" in await course("讲义 1")
    assert all(reply.file is None for reply in course.replies)
    assert "来办" in await course("加讲义 1")


async def test_a_wrong_one_is_taken_away(course):
    await handed_in(course)
    await course("先不说")
    assert "删掉《书法班》的“第三课笔法.pdf”" in await course.says("删讲义 1", "第三课笔法.pdf")
    assert "删掉了" in await course("对")
    assert "《书法班》还没有讲义" in await course("讲义 1")


async def test_five_at_a_time_the_newest_first(course):
    for number in range(1, 7):
        await handed_in(course, called=f"第{number}课")
        await course("先不说")
    answer = await course("讲义 1")
    assert answer.index("讲义：第6课.pdf") < answer.index("讲义：第2课.pdf")
    assert "第1课" not in answer
    assert "讲义：第1课.pdf" in await course.taps("更早的讲义")
