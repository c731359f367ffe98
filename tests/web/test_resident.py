"""The whole way of a resident, in a real Chromium, through the whole program on its sample data."""

import asyncio
import re
import socket
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn

from bot.app import running
from bot.config import Settings, checked
from bot.schedule import Schedule
from storage import attachments
from storage import settings as kept
from storage.demo import build_demo
from tests.web.conftest import PHONE_SCREEN, Watched
from tests.web.pictures import photo

pytestmark = pytest.mark.page

MORNING = datetime(2026, 11, 23, 2, tzinfo=UTC)  # Monday 10:00 in 三亚
PATIENCE = 30.0  # seconds for the whole program on a busy machine


class House:
    """The program with its sample data, on a clock that tests move."""

    def __init__(self, folder, database_url):
        self.folder = folder
        self.database_url = database_url
        self.now = MORNING
        self.program = None
        self.url = ""
        self._stack = AsyncExitStack()

    def clock(self):
        self.now += timedelta(milliseconds=200)  # people take their time between two messages
        return self.now

    async def start(self):
        listener = socket.socket(proto=socket.IPPROTO_TCP)
        listener.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        values = {
            "bot": {"support_phone": "0898-0000-0000"},
            "storage": {"url": self.database_url, "key_file": "hongyan.key"},
            "web": {"console": False},
        }
        settings = Settings(checked(values), self.folder / "config.toml")
        self.program = await self._stack.enter_async_context(running(settings, self.clock))
        server = uvicorn.Server(
            uvicorn.Config(
                self.program.web, lifespan="off", log_config=None, access_log=False, timeout_graceful_shutdown=1
            )
        )
        serving = asyncio.create_task(server.serve(sockets=[listener]))

        async def stop():
            server.should_exit = True
            await serving

        self._stack.push_async_callback(stop)

    async def stop(self):
        await self._stack.aclose()

    async def tick(self):
        """What the schedule does each minute."""
        schedule = Schedule(self.program.database, self.clock, self.program.delivery.wake)
        await schedule.plan_reminders()


@pytest.fixture
async def house(tmp_path, databases, monkeypatch):
    house = House(tmp_path, databases.new(tmp_path / "hongyan.db"))
    from bot import opening

    async with opening.database(
        Settings(checked({"storage": {"url": house.database_url, "key_file": "hongyan.key"}}), tmp_path / "c.toml")
    ) as database:
        await database.write(build_demo, MORNING)
    await house.start()
    yield house
    await house.stop()


async def test_a_resident_registers_finds_a_point_signs_up_tells_a_need_and_is_reminded(chromium, house):
    context = await chromium.new_context(
        **PHONE_SCREEN,
        permissions=["geolocation"],
        geolocation={"latitude": 18.2479, "longitude": 109.5051},
    )
    telephone = Watched(await context.new_page(), house.url)
    page = await telephone.opens()
    assert "示例数据" in await page.inner_text("body")

    await telephone.says("登记")
    await telephone.taps("1 同意")
    await telephone.says("王建国")
    await telephone.says("138 0013 8000")
    await telephone.taps("候鸟，冬天来住")
    await telephone.says("黑龙江哈尔滨")
    await telephone.says("11月3号")
    if "对吗" in (await telephone.reads())[-40:]:
        await telephone.says("对")
    await telephone.says("跳过")
    await telephone.says("春园社区")
    await telephone.says("示例小区")
    await telephone.taps("我不是党员")
    await telephone.shows("王建国，138 0013 8000")
    await telephone.taps("1 对")
    await telephone.shows("登记好了，王建国。")

    await telephone.says("找服务点")
    await telephone.taps("把我的位置发过去")
    if "同意" in await page.inner_text(".turn:last-child"):
        await telephone.taps("1 同意")
        await telephone.taps("把我的位置发过去")
    await telephone.shows("离您最近的是")
    assert await page.get_by_role("link", name="看地图").count() >= 3

    await telephone.says("活动")
    await page.locator(".turn:last-of-type .choice").nth(1).click()
    await page.get_by_role("button", name="我要报名").last.wait_for()
    await telephone.taps("我要报名")
    await telephone.shows("报上了！")
    title = re.findall(r"《([^》]+)》", await page.inner_text(".turn:last-of-type"))[-1]
    await telephone.taps("记到手机日历")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="打开文件").last.click()
    assert (await download.value).suggested_filename.endswith(".ics")

    await telephone.says("路灯坏了")
    await telephone.taps("就在春园社区")
    number = re.search(r"记下了，第 ?(\d+) ?号", await telephone.reads())[1]
    await page.set_input_files("#album", {"name": "lamp.jpg", "mimeType": "image/jpeg", "buffer": photo()})
    await page.locator(".mine img").wait_for()
    await telephone.says("我的难处")
    assert f"第{number}号" in await page.inner_text(".turn:last-of-type")
    content, media_type, _ = await house.program.database.read(attachments.content, 1)
    assert media_type == "image/jpeg"
    assert content

    # The evening before it begins.
    house.now += timedelta(hours=8, minutes=1)
    await house.tick()
    reminder = page.locator(".turn:not([data-mine])").last
    await reminder.get_by_text("您来吗？").wait_for(timeout=PATIENCE * 1000)
    assert title in await reminder.inner_text()
    await telephone.taps("1 来")
    assert title in await page.inner_text(".turn:last-of-type")

    before = await telephone.reads()
    await page.reload()
    assert await telephone.reads() == before
    assert telephone.complaints == []
    await context.close()


async def test_links_said_in_the_chat_lead_to_this_page(house):
    found = await house.program.database.read(kept.get, "chat_addresses")
    assert found == {"web": "http://127.0.0.1:8080/chat?start="}
