"""What slows an abuser never slows a person: a fast elder, an organiser at the door, a village behind one address."""

from datetime import timedelta

from bot.channels.web.limits import Doors
from bot.console.doors import Doorkeeper
from bot.console.settings import ConsoleSettings
from bot.hurry import Hurry
from bot.web.limits import address_of
from dialogue import texts
from dialogue.message import Address, Message
from dialogue.reception import Reception
from handlers import HOUSE, MENU
from tests.conftest import MORNING, Clock

VILLAGE = 300
TAPS_A_MINUTE = 20
NAT = "203.0.113.7"


def test_a_village_behind_one_address_is_never_limited():
    clock = Clock()
    doors = Doors(clock)
    waits = []
    for minute in range(5):
        for tap in range(TAPS_A_MINUTE):
            for person in range(VILLAGE):
                is_new = minute == tap == 0  # all of them come in the same moment, for the first time
                waits.append(doors.page(NAT) if tap == 0 else 0)
                waits.append(doors.say(f"person {person}", NAT, is_new=is_new, has_file=tap == 7))
                waits.append(doors.look(f"person {person}"))
                waits.append(doors.file(NAT) if tap == 3 else 0)
            clock.passes(seconds=60 / TAPS_A_MINUTE)
    assert not any(waits)


def test_one_browser_one_address_and_one_house_of_ipv6_are_held():
    clock = Clock()
    doors = Doors(clock)
    assert any(doors.say("abuser", NAT, is_new=False, has_file=False) for _ in range(30))
    assert any(doors.say("abuser 2", NAT, is_new=False, has_file=True) for _ in range(15))
    assert any(doors.say(f"thrown away {n}", NAT, is_new=True, has_file=False) for n in range(700))
    assert any(doors.page("198.51.100.1") for _ in range(2000))
    flat = [address_of(f"2001:db8:1:2::{n:x}") for n in range(1, 2000)]
    assert any(doors.page(address) for address in flat)
    assert not doors.say("a person", "198.51.100.2", is_new=True, has_file=True)


def test_at_half_past_eight_the_whole_office_signs_in_at_the_console():
    clock = Clock()
    keeper = Doorkeeper(None, clock, b"a key", ConsoleSettings("", ""), lambda: None)
    refused = [keeper._sign_ins.take(NAT, clock().timestamp()) for _ in range(50 * 2)]  # the link, then the button
    polls = 0
    for _ in range(600):
        polls += sum(bool(keeper._requests.take(NAT, clock().timestamp())) for _ in range(25))
        clock.passes(seconds=1)
    assert not any(refused)
    assert polls == 0


def test_an_elder_and_an_organiser_at_the_door_are_always_read():
    hurry, now = Hurry(), MORNING
    for _ in range(60 * TAPS_A_MINUTE):
        assert hurry(1, now) == "fine"
        now += timedelta(seconds=60 / TAPS_A_MINUTE)
    assert [hurry(2, now) for _ in range(40)] == ["fine"] * 40  # forty at the door, one tap each


async def test_who_sends_without_end_is_told_once_and_then_not_read(database):
    """In every channel: Telegram and WeChat have no door of ours in front of the conversation."""
    clock = Clock()
    reception = Reception(database, MENU, HOUSE, clock, hurry=Hurry())

    async def says(who, number):
        message = Message(id=f"{who} {number}", sender=Address("wechat", who), text="找服务点", sent_at=clock())
        return await reception.receive(message)

    answers = [await says("abuser", number) for number in range(200)]
    assert all(answers[:60])
    assert [reply.text for reply in answers[60]] == [texts.TOO_FAST]
    assert not any(answers[61:])
    assert await says("abuser", 0) == answers[0]  # what was answered is answered the same when it comes again
    assert (await says("an elder", 1))[0].text != texts.TOO_FAST
    clock.passes(minutes=2)
    assert (await says("abuser", 999))[0].text == answers[0][0].text
