"""What is kept of WeChat: permissions that never promise more than the platform gives, offers, and late answers."""

from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from bot.channels.wechat.display import OFFER
from dialogue.message import Choice, Reply
from storage import accounts, events, people, wechat, wechat_promises
from storage.database import Transaction
from storage.events import Draft
from storage.hours import MessageHours
from storage.migrations import engine_for
from storage.people import Facts
from storage.schema.events import sign_ups
from storage.vault import Vault
from storage.wechat import Visit
from tests.wechat.clock import Clock
from tests.wechat.ledger import Ledger

VAULT = Vault({1: b"k" * 32}, 1, b"l" * 32)


@pytest.fixture
def opened(databases, tmp_path):
    with engine_for(databases.new(tmp_path / "kept.db")) as opened:
        yield opened


@contextmanager
def undone(opened):
    """A transaction that leaves nothing behind."""
    with opened.connect() as connection, connection.begin() as begun:
        yield Transaction(connection, VAULT, MessageHours())
        begun.rollback()


acts = st.lists(
    st.sampled_from(["message", "menu", "follow", "scan", "send", "send", "send"])
    | st.sampled_from([timedelta(seconds=s) for s in (1, 30, 45, 55, 61)])
    | st.sampled_from([timedelta(hours=h) for h in (1, 24, 47, 48)]),
    max_size=40,
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(acts)
def test_what_we_think_may_be_sent_the_platform_lets_through(opened, acts):
    clock = Clock()
    theirs = Ledger(clock)
    with undone(opened) as tx:
        for number, act in enumerate(acts):
            if isinstance(act, timedelta):
                clock.now += act
            elif act == "send":
                if wechat.spend(tx, "o", 0, clock()) is not None:
                    assert theirs.take("o") is None
            else:
                wechat.arrive(tx, Visit(str(number), "o", act), clock())
                theirs.opened("o", act)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 6), st.integers(0, 3))
def test_as_many_as_are_kept_back_are_never_spent(opened, sends, keep):
    with undone(opened) as tx:
        wechat.arrive(tx, Visit("1", "o", "message"), Clock()())
        spent = [wechat.spend(tx, "o", keep, Clock()()) is not None for _ in range(sends)]
        assert sum(spent) == min(sends, 5 - keep)
        assert wechat.left(tx, "o", Clock()()) == 5 - sum(spent)


def test_a_message_that_did_not_leave_is_given_back(opened):
    with undone(opened) as tx:
        wechat.arrive(tx, Visit("1", "o", "message"), Clock()())
        spent = wechat.spend(tx, "o", 0, Clock()())
        wechat.give_back(tx, "o", spent)
        assert wechat.left(tx, "o", Clock()()) == 5


def test_an_owed_answer_is_taken_by_one(opened):
    with undone(opened) as tx:
        wechat.owe(tx, Visit("1", "o", "message"), "<xml/>", Clock()())
        assert wechat.owed(tx) == [("1", "o", "<xml/>")]
        assert wechat.take_late(tx, "1") == "<xml/>"
        assert wechat.take_late(tx, "1") is None


def test_what_is_kept_cannot_be_read_in_the_file(opened):
    with undone(opened) as tx:
        visit = Visit("1", "o", "message")
        wechat.arrive(tx, visit, Clock()())
        wechat.settle(tx, visit, "secret words", Clock()(), rest=["secret rest"])
        wechat.owe(tx, visit, "secret push", Clock()())
        wechat.announce(tx, "o", "secret notice", Clock()())
        for table in ("wechat_answers", "wechat_followers", "wechat_late", "wechat_notices"):
            rows = tx.connection.exec_driver_sql(f"SELECT * FROM {table}").all()
            assert rows
            assert "secret" not in repr(rows)


# -- the offer to be reminded


def signed_up(tx, user, now, *, days=5, state="confirmed"):
    """Somebody in WeChat who signed up for an event."""
    account = accounts.heard(tx, "wechat", user, now)
    person_id = account.person_id or people.add(tx, Facts(name="王建国"), now)
    accounts.belongs_to(tx, account.id, person_id)
    begins = now + timedelta(days=days)
    event = events.create(tx, Draft(**EVENT, starts_at=begins, ends_at=begins + timedelta(hours=2)), now)
    row = {"event_id": event, "person_id": person_id, "state": state, "number": 1, "joined_at": now, "changed_at": now}
    return tx.execute(insert(sign_ups).returning(sign_ups.c.id), row).scalar_one()


EVENT = {"type": "course", "title": "夕阳红私塾", "venue": "春园社区"}


def test_each_sign_up_is_offered_once(opened):
    now = Clock()()
    with undone(opened) as tx:
        assert wechat_promises.offer_if_wanted(tx, "o", now) is None
        signed_up(tx, "o", now)
        first = wechat_promises.offer_if_wanted(tx, "o", now)
        assert first.scene == 1
        assert wechat_promises.offer_if_wanted(tx, "o", now) is None
        signed_up(tx, "o", now)
        assert wechat_promises.offer_if_wanted(tx, "o", now).scene == 2


@pytest.mark.parametrize("facts", [{"days": 0.5}, {"state": "waitlisted"}, {"state": "cancelled"}])
def test_nothing_is_offered_where_nothing_will_be_reminded(opened, facts):
    with undone(opened) as tx:
        signed_up(tx, "o", Clock()(), **facts)
        assert wechat_promises.offer_if_wanted(tx, "o", Clock()()) is None


@pytest.fixture
def with_consents(wechat):
    wechat.api.subscription_template = "template-for-one-time"


@pytest.mark.usefixtures("with_consents")
async def test_after_a_sign_up_the_reminder_is_offered_and_then_comes(program, person, desk, database, clock):
    desk.replies = lambda message: (
        Reply("报上了！夕阳红私塾，12月6日（周六）中午12点，春园社区。"),
        Reply("还要办什么？", (Choice("活动", "看活动"),), "t"),
    )
    await database.write(signed_up, "o_wang", clock())
    await person.says("报名")
    assert person.read.index("报上了") < person.read.index(OFFER) < person.read.index("还要办什么")
    assert (await person.agrees())[0] == 200
    await person.says("好")
    assert OFFER not in person.read
    clock.jump(days=4)
    await program.channel.send("o_wang", Reply("明天中午12点，春园社区上私塾。"))
    assert person.last == ("one-time", {"title": "红雁提醒", "content": "明天中午12点，春园社区上私塾。"})


@pytest.mark.parametrize("kind", ["service_unverified"])
@pytest.mark.usefixtures("with_consents")
async def test_an_account_that_cannot_remind_offers_nothing(program, person, desk, database, clock):
    await database.write(signed_up, "o_wang", clock())
    await person.says("报名")
    assert person.read == "听到：报名"
