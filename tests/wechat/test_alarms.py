"""Staff are told what goes wrong with the account: once a day, in words, wherever they can be reached."""

import typing

import pytest

from bot.channels import TryLater
from bot.channels.wechat.alarms import Alarm, Alarms, Kind, tell
from dialogue.message import Reply, decoded
from storage import grants, outbox
from storage.audit import Actor
from storage.database import StorageFault
from storage.people import Facts, add
from storage.schema.talks import outbox as table
from tests.wechat.program import Program


def district_staff(tx, now):
    person_id = add(tx, Facts(name="李干事"), now)
    grants.grant(tx, "district_staff", Actor(), now, person_id=person_id)
    return person_id


def told(tx):
    return [decoded(outbox.opened(tx, row)).text for row in tx.execute(table.select()).all()]


async def test_the_same_alarm_is_said_once_a_day(database, clock):
    await database.write(district_staff, clock())
    for _ in range(3):
        await database.write(tell, Alarm("quota", "x", 45009), clock())
    await database.write(tell, Alarm("quota", "x", 45028), clock())
    assert len(await database.read(told)) == 2
    clock.jump(days=1)
    await database.write(tell, Alarm("quota", "x", 45009), clock())
    assert len(await database.read(told)) == 3


async def test_a_refusal_that_stops_the_account_reaches_the_staff_on_duty(wechat, database, desk, clock):
    staff = await database.write(district_staff, clock())
    alarms = Alarms(database, clock)
    async with Program(wechat, database, desk.receive, alarm=alarms) as program:
        await wechat.follower().says("你好")
        wechat.api.trouble["/cgi-bin/message/custom/send"] = [48004]
        with pytest.raises(TryLater):
            await program.channel.send("o_wang", Reply("好"))
        await alarms.told()
    [text] = await database.read(told)
    assert text == "【值班】公众号被平台限制了，消息发不出去。请管理员登录公众号后台看通知。（错误号 48004）"
    [row] = await database.read(lambda tx: tx.execute(table.select()).all())
    assert (row.kind, row.person_id) == ("alert", staff)


async def test_an_alarm_that_cannot_be_kept_is_in_the_log(clock, caplog):
    class Full:
        async def write(self, work, *args):
            raise StorageFault("disk full")

    alarms = Alarms(Full(), clock)
    alarms(Alarm("fault", "our request was refused", 40033))
    await alarms.told()
    assert "our request was refused" in caplog.text
    assert "staff could not be told" in caplog.text


@pytest.mark.parametrize("kind", typing.get_args(Kind))
def test_every_alarm_has_a_sentence(kind):
    assert Alarm(kind, "fact").sentence.endswith("。")
