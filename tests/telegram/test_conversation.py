"""The whole way: a person types into Telegram, the program answers, and the answer stands on their screen.

Both ways of receiving run the same talks, over real HTTP, on a real database file.
"""

import asyncio
import logging
import random
import socket
import sys
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta

import pytest
import uvicorn

from bot.app import running
from bot.config import Settings, checked
from storage import accounts, events, outbox, people
from storage.audit import Actor
from storage.schema.events import sign_ups
from storage.schema.people import people as people_table
from storage.schema.talks import inbox, quarantine
from tests.dialogues.town import town
from tests.telegram.clock import QuickClock
from tests.telegram.server import FakeTelegram
from tests.telegram.troubles import RESET, too_many

LOCAL = ("登记", "同意", "王建国", "13800138000", "常住三亚", "春园社区", "示例小区", "不想说")


@pytest.fixture
async def telegram():
    async with FakeTelegram() as server:
        yield server
    assert server.mistakes == []


class House:
    """The program, started and stopped as often as a test likes, on one database file."""

    def __init__(self, folder, telegram, mode, url):
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.values = {
            "bot": {"public_url": f"http://127.0.0.1:{self.port}", "support_phone": "0898-0000-0000"},
            "storage": {"url": url, "key_file": "hongyan.key"},
            "telegram": {
                "enabled": True,
                "token": telegram.token,
                "mode": mode,
                "api_base_url": telegram.url,
                "messages_per_second": 1000.0,
            },
            "web": {"port": self.port},
        }
        self.folder = folder
        self.telegram = telegram
        self.program = None
        self._stack = None

    async def start(self):
        self._stack = AsyncExitStack()
        settings = Settings(checked(self.values), self.folder / "config.toml")
        self.program = await self._stack.enter_async_context(running(settings))
        if self.values["telegram"]["mode"] == "webhook":
            server = uvicorn.Server(
                uvicorn.Config(self.program.web, port=self.port, lifespan="off", log_config=None, access_log=False)
            )
            serving = asyncio.create_task(server.serve())

            async def stop():
                server.should_exit = True
                await serving

            self._stack.push_async_callback(stop)
            await self.telegram.until(lambda: self.telegram.webhook.target is not None)

    async def stop(self):
        await self._stack.aclose()

    async def restart(self):
        await self.stop()
        await self.start()

    async def does(self, work, *args, **kwargs):
        return await self.program.database.write(work, *args, **kwargs)

    async def until(self, holds):
        """Wait until what is kept is as `holds` says; looked at after each piece of work that was kept."""
        async with asyncio.timeout(60):
            while not await self.does(holds):
                pass


@pytest.fixture(params=["polling", "webhook"])
async def house(request, tmp_path, telegram, databases):
    house = House(tmp_path, telegram, request.param, databases.new(tmp_path / "hongyan.db"))
    await house.start()
    await house.does(town)
    yield house
    await house.stop()


@pytest.fixture
def wang(telegram):
    return telegram.person("王建国")


def lesson(tx, capacity=20):
    """A published event in two weeks. Returns its number."""
    now = datetime.now(UTC)
    starts_at = now.replace(hour=6, minute=30) + timedelta(days=14)
    draft = events.Draft("sunset_school", "书法班", starts_at, starts_at + timedelta(hours=2), "春园社区红雁之家")
    draft.capacity, draft.point_id, draft.contact_phone = capacity, 1, "0898-0000-0011"
    event_id = events.create(tx, draft, now)
    events.publish(tx, event_id, Actor(), now)
    return event_id


def phones(tx):
    return sorted(people.find(tx, row.id).phone for row in tx.execute(people_table.select()))


def places_taken(tx):
    return len(tx.execute(sign_ups.select().where(sign_ups.c.state == "confirmed")).all())


def is_reachable(tx, person):
    return accounts.find(tx, "telegram", str(person.id)).reachable


async def registers(person, *said, phone="13800138000"):
    """Registers a local resident; every answer is read before the next thing is said."""
    for text in said or LOCAL:
        person.says(phone if text == "13800138000" else text)
        await person.reads()
    person.says("对")
    await person.sees("登记好了")


async def test_a_resident_registers_and_signs_up(house, telegram, wang):
    await house.does(lesson)
    wang.says("/start")
    assert "看活动、报名" in (await wang.sees("助手")).labels
    await registers(wang)
    wang.taps("看活动、报名")
    assert (await wang.sees("1 场活动")).labels[0].startswith("书法班")
    wang.says("1")
    await wang.sees("还有 20 个名额")
    wang.taps("我要报名")
    await wang.sees("报上了！《书法班》")
    wang.taps("记到手机日历")
    await telegram.until(lambda: any(shown.name == "书法班.ics" for shown in wang.answers), "the calendar entry")
    assert await house.does(places_taken) == 1
    assert await house.does(phones) == ["13800138000"]


async def test_buttons_do_what_typing_does(house, wang):
    wang.says("登记")
    await wang.sees("同意")
    wang.taps("同意")
    await wang.sees("怎么称呼")
    wang.says("王建国")
    await wang.sees("手机号")
    wang.shares_contact("+8613800138000")
    await wang.sees("候鸟")
    wang.taps("常住三亚")
    await wang.sees("哪个社区")
    wang.says("春园")
    await wang.sees("哪个小区")
    wang.says("示例小区")
    await wang.sees("党员")
    wang.taps("不想说")
    await wang.sees("对吗")
    wang.taps("对")
    await wang.sees("登记好了")
    assert await house.does(phones) == ["13800138000"]
    assert wang.queries == {}


async def test_somebody_elses_card_is_not_ones_own_number(house, wang):
    for text in LOCAL[:3]:
        wang.says(text)
        await wang.reads()
    wang.shares_contact("13900139000", whose=4711)
    await wang.sees("手机号")
    wang.says("13800138000")
    await wang.sees("候鸟")


async def test_everything_delivered_twice_is_answered_once(house, telegram, wang):
    await house.does(lesson)
    for text in (*LOCAL, "对", "报名书法班"):
        before = len(wang.answers)
        telegram.updates.again(wang.says(text))
        await telegram.until(lambda before=before: len(wang.answers) > before)
    await wang.sees("报上了")
    await telegram.until(lambda: telegram.updates.waiting == [])
    assert await house.does(places_taken) == 1
    await house.until(lambda tx: outbox.states(tx).keys() == {"delivered"})
    texts = [shown.text for shown in wang.answers]
    assert len(texts) == len(set(texts)) == 10


async def test_a_restart_before_every_message_is_never_noticed(house, wang):
    for text in LOCAL:
        await house.restart()
        wang.says(text)
        await wang.reads()
    await house.restart()
    wang.says("对")
    await wang.sees("登记好了")


async def test_what_is_said_while_the_program_is_down_is_answered_when_it_is_back(house, telegram, wang):
    wang.says("登记")
    await wang.sees("同意")
    await house.stop()
    wang.says("同意")
    wang.says("王建国")
    await house.start()
    await wang.sees("您的手机号是？")


async def test_a_429_delays_the_answer_and_doubles_nothing(house, telegram, wang):
    telegram.troubles.next("sendMessage", too_many(1))
    wang.says("登记")
    await wang.sees("同意")
    assert len(wang.answers) == 1


async def test_an_answer_that_may_have_arrived_is_not_sent_again_and_the_talk_goes_on(house, telegram, wang):
    telegram.troubles.next("sendMessage", RESET)
    wang.says("登记")
    await wang.sees("同意")
    wang.says("同意")
    await wang.sees("怎么称呼")
    assert len(wang.answers) == 2
    await house.until(lambda tx: outbox.states(tx) == {"unknown": 1, "delivered": 1})


async def test_who_blocks_the_bot_is_noticed_and_who_comes_back_too(house, telegram, wang):
    wang.says("您好")
    await wang.reads()
    wang.blocks()
    await house.until(lambda tx: not is_reachable(tx, wang))
    wang.unblocks()
    await house.until(lambda tx: is_reachable(tx, wang))
    wang.says("您好")
    await wang.reads()


async def test_a_block_is_also_noticed_from_a_refused_message(house, telegram, wang):
    wang.blocking = True  # and the news of it is still under way
    wang.says("您好")
    await telegram.until(lambda: any(call.status == 403 for call in telegram.calls))
    await house.until(lambda tx: not is_reachable(tx, wang))


async def test_a_position_finds_the_nearest_points_with_a_pin(house, telegram, wang):
    wang.says("找服务点")
    await wang.reads()
    assert wang.keyboard[0][0]["request_location"]
    wang.shares_place(18.2530, 109.5120)
    await wang.sees("天涯红雁之家·春园社区")
    await telegram.until(lambda: any(shown.kind == "venue" for shown in wang.answers), "a pin on the map")


async def test_a_deep_link_opens_the_event(house, wang):
    number = await house.does(lesson)
    wang.opens_link(f"event-{number}")
    await wang.sees("书法班")


async def test_an_old_or_forged_button_answers_nothing(house, wang):
    wang.says("登记")
    await wang.sees("同意")
    wang.taps_from_last_year("700000001-1|yes")
    await wang.sees("前面的按钮")
    wang.taps_from_last_year("\x00|#99999", without_message=True)
    await wang.sees("前面的按钮")
    wang.says("同意")
    await wang.sees("怎么称呼")


@pytest.mark.parametrize("odd", ["sends_sticker", "sends_photo", "sends_voice"])
async def test_anything_odd_in_the_middle_loses_nothing_said_before(house, wang, odd):
    for text in LOCAL[:3]:
        wang.says(text)
        await wang.reads()
    getattr(wang, odd)()
    await wang.sees("手机号")
    wang.says("13800138000")
    await wang.sees("候鸟")


async def test_pictures_sent_together_have_one_answer(house, wang):
    for _ in range(3):
        wang.sends_photo(album="album")
    assert await wang.reads()
    wang.says("菜单")
    assert "我是天涯红雁之家的助手" in await wang.reads()  # and nothing about the other two before it


async def test_an_update_that_cannot_be_read_stops_nobody_and_its_sender_gets_an_answer(house, telegram, wang):
    broken = wang.says("坏的")
    del broken["message"]["date"]
    other = telegram.person("李")
    other.says("您好")
    await other.reads()
    await wang.reads()
    rows = await house.does(lambda tx: tx.execute(quarantine.select()).all())
    assert len(rows) == 1


async def test_nothing_personal_is_said_in_a_group(house, telegram, wang):
    group = telegram.group()
    group.hears(wang, "/mine")
    assert "私下" in await group.reads()
    assert await house.does(accounts.find, "telegram", str(group.id)) is None


async def test_many_people_at_once_are_each_answered_in_order(house, telegram):
    crowd = [telegram.person(f"人{number}") for number in range(25)]

    async def talk(number, person):
        await registers(person, phone=f"138001380{number:02d}")

    await asyncio.gather(*(talk(number, person) for number, person in enumerate(crowd)))
    assert await house.does(phones) == [f"138001380{number:02d}" for number in range(25)]


async def test_nothing_logged_holds_the_token_a_phone_or_what_was_said(house, telegram, wang, caplog):
    caplog.set_level(logging.DEBUG)
    await registers(wang)
    telegram.troubles.next("sendMessage", RESET)
    wang.says("我的信息")
    await wang.reads()
    for secret in (telegram.token, "13800138000", "138 0013 8000", "王建国", "示例小区"):
        assert secret not in caplog.text


async def test_the_channel_says_when_it_hears_nothing(house, telegram):
    assert house.program.telegram.health.failing(datetime.now(UTC)) is None
    assert house.program.telegram.health.failing(datetime.now(UTC) + timedelta(seconds=200)) is not None


def answered(tx):
    return tx.execute(inbox.select()).all()


@pytest.fixture
async def quick_telegram():
    """Its waits, of up to a minute between two pushes, pass twenty times as fast."""
    async with FakeTelegram(QuickClock(20)) as server:
        server.patience = 60
        yield server
    assert server.mistakes == []


def _end(program):
    if program.returncode is None:
        program.kill()


@pytest.mark.parametrize("mode", ["polling", pytest.param("webhook", marks=pytest.mark.long)])
async def test_a_program_killed_again_and_again_loses_nothing_and_does_nothing_twice(
    quick_telegram, tmp_path, databases, mode
):
    """kill -9 at any moment while people register: each is registered once, in order, and reads no answer twice."""
    telegram = quick_telegram
    house = House(tmp_path, telegram, mode, databases.new(tmp_path / "hongyan.db"))
    await house.start()
    await house.does(town)
    await house.stop()
    lines = []
    for section, values in house.values.items():
        lines.append(f"[{section}]")
        lines += [
            f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in values.items()
        ]
    (tmp_path / "config.toml").write_text("\n".join(lines), encoding="utf-8")
    chance = random.Random(11)
    crowd = [telegram.person(f"人{number}") for number in range(5)]
    over = asyncio.Event()
    log = tmp_path / "log"
    stack = AsyncExitStack()
    kills = 0

    async def killing():
        nonlocal kills
        command = (sys.executable, "-m", "bot", "run", "--config", str(tmp_path / "config.toml"))
        while not over.is_set():
            with log.open("ab") as told:
                program = await asyncio.create_subprocess_exec(*command, stdout=told, stderr=told)
            stack.callback(_end, program)
            ended = asyncio.create_task(program.wait())
            ended.add_done_callback(lambda _: telegram.tell())
            at = len(telegram.updates.confirmed) + chance.randint(6, 14)
            # Somewhere in the next dozen messages, and at any point of handling one.
            await telegram.until(
                lambda at=at, ended=ended: over.is_set() or ended.done() or len(telegram.updates.confirmed) >= at
            )
            await asyncio.sleep(chance.uniform(0, 0.01))
            assert not ended.done(), f"the program ended by itself:\n{log.read_text()[-3000:]}"
            program.kill()
            await ended
            kills += 1

    async def registering(number, person):
        """Says the next thing when the last was kept: an answer lost in a kill is seen at the next one."""
        for text in (*LOCAL, "对"):
            update = person.says(f"1380013{number:04d}" if text == "13800138000" else text)
            await telegram.until(lambda update=update: update["update_id"] in telegram.updates.confirmed)

    async def everybody():
        await asyncio.gather(*(registering(number, person) for number, person in enumerate(crowd)))
        over.set()
        telegram.tell()

    async with asyncio.timeout(150), stack, asyncio.TaskGroup() as group:
        group.create_task(killing())
        group.create_task(everybody())
    assert kills >= 3
    assert telegram.token not in log.read_text("utf-8")
    await house.start()
    assert await house.does(phones) == [f"1380013{number:04d}" for number in range(5)]
    assert len(await house.does(answered)) == 5 * 9
    await house.until(lambda tx: outbox.states(tx).keys() <= {"delivered", "unknown"})
    for person in crowd:
        texts = [shown.text for shown in person.answers]
        assert len(texts) == len(set(texts)), "an answer stands there twice"
    missing = 5 * 9 - sum(len(person.answers) for person in crowd)
    assert missing <= (await house.does(outbox.states)).get("unknown", 0), "an answer is missing that is not listed"
    await house.stop()
