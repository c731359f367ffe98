"""What somebody's message causes for others goes out at once, not when delivery looks the next time."""

from bot.app import running
from bot.config import Settings, checked
from dialogue.message import Address, Message
from storage import grants
from storage.audit import Actor
from tests.conftest import MORNING, Clock
from tests.dialogues.town import person, town

NEIGHBOUR = Address("web", "a neighbour")


def staffed(tx):
    town(tx)
    lead = person(tx, "李干事", "13700137000", ("web", "lead"))
    grants.grant(tx, "district_staff", Actor(), MORNING, person_id=lead)


async def test_an_alert_wakes_the_delivery_and_small_talk_does_not(tmp_path):
    values = {"storage": {"url": "sqlite:///hongyan.db", "key_file": "hongyan.key"}, "web": {"console": False}}
    clock = Clock()
    async with running(Settings(checked(values), tmp_path / "config.toml"), clock) as program:
        await program.database.write(staffed)
        woken = []
        wakes, program.delivery.wake = program.delivery.wake, lambda channel=None: woken.append(wakes(channel))
        await program.reception.receive(Message("m1", NEIGHBOUR, clock(), "您好"))
        assert woken == []
        [urgent, *_] = await program.reception.receive(Message("m2", NEIGHBOUR, clock(), "救命，我爸倒在地上了"))
        assert "120" in urgent.text
        assert len(woken) == 1
