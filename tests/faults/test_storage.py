"""A file that takes nothing more: people get a sentence, nothing said before is lost, and it mends itself."""

from collections import Counter

import pytest

from bot.commands.check import _all
from tests.dialogues.town import class_of, town
from tests.faults import files
from tests.faults.conftest import PATIENCE, PHONE, House
from tests.telegram.server import FakeTelegram


@pytest.mark.parametrize("fault", [files.full, files.read_only, files.locked])
async def test_while_nothing_can_be_kept_people_are_told_and_afterwards_everything_goes_on(house, log, fault):
    telegram = house.telegram
    visitor, wang = await house.people_in_talk()
    said_before = len(telegram.sent_to(wang.id))

    async with fault(house.path):
        refused = await visitor.asks(text="王建国", id="namesaid01")
        assert refused.status_code == 503
        assert "您的话没丢" in str(refused.json())
        assert PHONE in str(refused.json())
        wang.says("找服务点")
        await telegram.until(lambda: len(telegram.sent_to(wang.id)) > said_before, "the excuse")
        assert "您的话没丢，修好了马上回您" in telegram.sent_to(wang.id)[-1]
        assert PHONE in telegram.sent_to(wang.id)[-1]
        assert await house.failing() == ["storage"]
        assert await house.figure("storage_fault") == 1
        assert (await house.visitor().http.get("/healthz")).text == "ok"
        await visitor.opens()
        assert "登记" in visitor.reads()  # what was said before is there to be read
        assert "storage: nothing was kept" in log.text
        assert "Traceback" not in log.text

    await telegram.until(lambda: len(telegram.sent_to(wang.id)) > said_before + 1, "the answer after the fault")
    assert "社区" in "".join(telegram.sent_to(wang.id)[said_before + 1 :])
    again = await visitor.asks(text="王建国", id="namesaid01")
    assert again.status_code == 200
    assert "手机号" in again.json()["html"]
    assert await house.failing() == []
    assert await house.figure("storage_fault") == 0
    excuses = Counter(text for text in telegram.sent_to(wang.id) if "您的话没丢" in text)
    assert sum(excuses.values()) == 1
    assert "王建国" not in log.text


async def test_a_spoiled_page_stops_nobody_who_does_not_need_it_and_is_named(tmp_path, empty_database, log):
    """It does not mend itself: the rest works on, and everyone who looks is told to bring a backup back."""
    (tmp_path / "hongyan.db").write_bytes(empty_database.read_bytes())
    async with FakeTelegram() as telegram:
        telegram.patience = PATIENCE
        house = House(tmp_path, telegram)
        async with house.open():
            await house.does(town)
            await house.does(class_of)
        files.spoil(house.path, "events")
        async with house.open():
            visitor, wang, other = house.visitor(), telegram.person(), telegram.person("李秀兰")
            wang.says("活动")
            await telegram.until(lambda: telegram.sent_to(wang.id), "a sentence for who needs the page")
            assert "请过十分钟再发一次" in telegram.sent_to(wang.id)[0]
            refused = await visitor.asks(text="活动", id="eventssaid01")
            assert refused.status_code == 503
            assert PHONE in str(refused.json())
            other.says("找服务点")
            await telegram.until(lambda: telegram.sent_to(other.id), "an answer for who does not")
            assert "社区" in "".join(telegram.sent_to(other.id))
            assert "storage" in await house.failing()
            assert await house.figure("storage_fault") == 1
            assert "malformed" in log.text
        problems = [text for is_problem, text in await _all(house.settings) if is_problem]
        assert any("the database cannot be used" in problem for problem in problems)
        assert telegram.mistakes == []
