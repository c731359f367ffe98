"""Two workers on one PostgreSQL who do the same at the same moment: it ends as if one had come after the other."""

import asyncio
import itertools
from datetime import timedelta

import psycopg
import pytest
from sqlalchemy import select

from handlers import idle
from storage import (
    accounts,
    assignments,
    broadcasts,
    call_list,
    events,
    exports,
    follow_ups,
    grants,
    markets,
    membership,
    merging,
    need_categories,
    need_rulings,
    need_work,
    needs,
    organisations,
    people,
    polls,
    proxies,
    queue_numbers,
    recipients,
    registering,
    routing,
    sessions,
    sign_ups,
    tokens,
)
from storage.audiences import Audience
from storage.audit import Actor
from storage.database import open_database
from storage.need_categories import Category
from storage.refusals import (
    AlreadyRegistered,
    BranchInUse,
    BroadcastNotNow,
    CodeNotValid,
    LastDistrictAccount,
    NotFound,
    NotNow,
    NotToBeDrawn,
    PollOver,
    TooManyTries,
)
from storage.schema import metadata
from storage.schema.call_list import call_list as call_list_table
from storage.schema.polls import votes
from storage.schema.talks import outbox
from storage.spans import Span
from storage.vault import Vault
from tests import engines
from tests.conftest import MORNING
from tests.storage.test_sign_ups import an_event

DISTRICT = Actor(None, "district_staff", "console")
DAY = timedelta(days=1)

_WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
_ALL = f"LOCK TABLE {', '.join(metadata.tables)} IN SHARE MODE"
"""Whoever holds it lets everybody read, and nobody write."""

_phones = itertools.count()


class Two:
    """Two workers, each with the database open."""

    def __init__(self, url, one, other):
        self._url = url
        self._workers = one, other
        self.does = one.write

    async def at_once(self, *works, held=_ALL):
        """What comes of both. The second begins when the first stands at `held`, having read all it reads before that;
        and they go on when the second stands there too, or waits for the first.
        """
        async with (
            await psycopg.AsyncConnection.connect(self._url) as holding,
            await psycopg.AsyncConnection.connect(self._url, autocommit=True) as looking,
        ):
            await holding.execute(held)
            tasks = []
            for database, work in zip(self._workers, works, strict=True):
                tasks.append(asyncio.create_task(database.write(*work)))
                while (await (await looking.execute(_WAITING)).fetchone())[0] < sum(not each.done() for each in tasks):
                    pass
            await holding.rollback()
            return await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture(scope="module")
async def two(postgres, tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    engine = engines.Postgresql(postgres)
    url = engine.new(folder / "hongyan.db")
    vault = Vault.load_or_create(folder / "hongyan.key")
    async with open_database(url, vault) as one, open_database(url, vault) as other:
        yield Two(url, one, other)
    engine.drop([url])


def somebody(tx, **facts):
    number = next(_phones)
    return people.add(tx, people.Facts(name=f"老人{number}", phone=f"1390000{number:04d}", **facts), MORNING)


def refused(outcomes):
    """The kinds of what was refused; the rest was done."""
    return [type(one) for one in outcomes if isinstance(one, Exception)]


async def test_the_last_district_account_cannot_be_taken_away(two):
    def lay_out(tx):
        return [grants.grant(tx, "district_staff", Actor(), MORNING, person_id=somebody(tx)) for _ in range(2)]

    works = [(grants.revoke, grant, DISTRICT, MORNING) for grant in await two.does(lay_out)]
    assert refused(await two.at_once(*works)) == [LastDistrictAccount]


async def test_a_person_is_registered_once(two):
    facts = [people.Facts(name="王秀兰", phone="13800138000") for _ in range(2)]
    works = [(registering.by_staff, each, DISTRICT, MORNING) for each in facts]
    assert refused(await two.at_once(*works)) == [AlreadyRegistered]


async def test_two_persons_are_not_corrected_into_the_same(two):
    def lay_out(tx):
        return somebody(tx), somebody(tx)

    same = {"name": "李秀英", "phone": "13800138001"}
    persons = await two.does(lay_out)
    works = [(registering.correct, person, same, DISTRICT, MORNING, "写错了") for person in persons]
    assert refused(await two.at_once(*works)) == [AlreadyRegistered]


async def test_who_writes_while_they_are_forgotten_is_not_forgotten(two):
    asked = MORNING + timedelta(days=370)
    later = asked + timedelta(days=31)

    def lay_out(tx):
        person = somebody(tx)
        accounts.belongs_to(tx, accounts.heard(tx, "web", "away", MORNING).id, person)
        idle.ask(tx, asked, among=Span(person, person))
        return person

    def writes(tx):
        accounts.hold(tx, "web", "away")
        accounts.heard(tx, "web", "away", later)

    person = await two.does(lay_out)
    forget = (lambda tx: idle.forget(tx, later, among=Span(person, person)),)
    assert await two.at_once((writes,), forget) == [None, 0]
    assert (await two.does(people.find, person)) is not None


async def test_an_event_gets_one_number_and_one_promise_of_its_lottery(two):
    def lay_out(tx):
        starts_at = MORNING + DAY
        return events.create(
            tx, events.Draft("fair", "年货节", starts_at, starts_at + DAY, "春园", allocation="lottery"), MORNING
        )

    event = await two.does(lay_out)
    one, other = await two.at_once(*[(events.publish, event, DISTRICT, MORNING)] * 2)
    assert (one.number, one.lottery_promise) == (other.number, other.lottery_promise)


async def test_lots_are_drawn_once(two):
    def lay_out(tx):
        event = an_event(tx, capacity=1, allocation="lottery", sign_up_closes_at=MORNING + DAY)
        for person in (somebody(tx), somebody(tx)):
            sign_ups.sign_up(tx, event, [person], Actor(person), MORNING)
        return event

    event = await two.does(lay_out)
    outcomes = await two.at_once(*[(sign_ups.draw, event, MORNING + DAY)] * 2)
    assert refused(outcomes) == [NotToBeDrawn]
    assert await two.does(events.taken, event) == 1


async def test_a_seat_given_back_on_the_phone_twice_is_given_on_once(two):
    def lay_out(tx):
        event = an_event(tx, capacity=1)
        for person in (guest := somebody(tx), somebody(tx), somebody(tx)):
            sign_ups.sign_up(tx, event, [person], Actor(person), MORNING)
        call_list._list(tx, f"test:{event}", "expected", guest, "no_account", MORNING, event=event)
        return tx.execute(select(call_list_table.c.id).where(call_list_table.c.event_id == event)).scalar_one(), event

    entry, event = await two.does(lay_out)
    outcomes = await two.at_once(*[(call_list.note, entry, "not_coming", DISTRICT, MORNING)] * 2)
    assert sorted(map(len, outcomes)) == [0, 1]
    assert await two.does(events.taken, event) == 1


async def test_each_number_is_called_once(two):
    def lay_out(tx):
        event = an_event(tx, capacity=None)
        markets.open_stalls(tx, event, MORNING, [markets.StallDraft("理发", "一号桌", most=4)])
        [stall] = markets.of_event(tx, event)
        for person in (somebody(tx), somebody(tx)):
            sign_ups.sign_up(tx, event, [person], Actor(person), MORNING)
            queue_numbers.take(tx, stall.id, person, Actor(person), MORNING)
        return stall.id

    called = await two.at_once(*[(queue_numbers.call_next, await two.does(lay_out), DISTRICT, MORNING)] * 2)
    assert sorted(one.is_new for one in called) == [False, True]


async def test_of_two_registrations_merged_while_a_seat_comes_free_no_seat_stays_empty(two):
    def lay_out(tx):
        event = an_event(tx, capacity=3)
        persons = [somebody(tx) for _ in range(5)]
        for person in persons:
            sign_ups.sign_up(tx, event, [person], Actor(person), MORNING)
        return event, *persons[:3], sign_ups.active(tx, event, persons[3]).id

    event, leaves, kept, gone, waits = await two.does(lay_out)
    outcomes = await two.at_once(
        (merging.merge, kept, gone, DISTRICT, MORNING, "同一个人"),
        (sign_ups.cancel, event, leaves, Actor(leaves), MORNING),
        held=f"SELECT FROM sign_ups WHERE id = {waits} FOR UPDATE",
    )
    assert refused(outcomes) == []
    assert await two.does(events.taken, event) == 3


async def test_two_registrations_merged_into_each_other_leave_one(two):
    def lay_out(tx):
        return somebody(tx), somebody(tx)

    one, other = await two.does(lay_out)
    merges = [(merging.merge, *pair, DISTRICT, MORNING, "同一个人") for pair in ((one, other), (other, one))]
    assert refused(await two.at_once(*merges)) == [NotFound]
    kept, gone = (one, other) if (await two.does(people.get, one)).id == one else (other, one)
    assert (await two.does(people.get, gone)).id == kept
    assert refused(await two.at_once(*[(merging.unmerge, gone, DISTRICT, MORNING, "弄错了")] * 2)) == [NotFound]


async def test_who_asks_twice_to_act_for_somebody_has_asked_once(two):
    def lay_out(tx):
        return somebody(tx), somebody(tx)

    pair = await two.does(lay_out)
    one, other = await two.at_once(*[(proxies.ask, *pair, Actor(pair[1]), MORNING)] * 2)
    assert one == other
    assert len(await two.does(proxies.helpers_of, pair[0])) == 1


async def test_a_branch_that_is_closed_has_nobody_placed_in_it(two):
    def lay_out(tx):
        return organisations.add(tx, "示例支部", "branch"), somebody(tx, party=people.Party("yes"))

    branch, member = await two.does(lay_out)

    def place(tx):
        membership.place(tx, people.get(tx, member), branch, None, DISTRICT, MORNING)

    [kind] = refused(await two.at_once((place,), (organisations.close, branch, DISTRICT, MORNING)))
    is_placed = (await two.does(people.get, member)).host_branch_id == branch
    assert kind is (BranchInUse if is_placed else NotFound)


async def a_need(two):
    """Of somebody, with its owner and somebody else."""

    def lay_out(tx):
        person, owner, other = somebody(tx), somebody(tx), somebody(tx)
        told = needs.Told(person, "路灯坏了", "web", "transport")
        need = needs.tell(tx, told, Actor(person, "resident", "web"), MORNING)
        need_rulings.assign(tx, need, routing.Rule(owner, "李干事"), DISTRICT, MORNING)
        return need.id, owner, other

    return await two.does(lay_out)


def of_need(verb, need_id, *given, **more):
    """The verb, on the need as it stands."""
    return (lambda tx: verb(tx, needs.get(tx, need_id), *given, **more),)


async def test_a_need_handed_to_two_owners_has_one(two):
    need, owner, other = await a_need(two)
    works = [
        of_need(need_rulings.assign, need, routing.Rule(who, "李干事"), DISTRICT, MORNING) for who in (owner, other)
    ]
    assert refused(await two.at_once(*works)) == []
    assert [one.role for one in await two.does(assignments.of, need)] == ["lead"]


async def test_two_needs_merged_into_each_other_leave_one_open(two):
    (one, *_), (other, *_) = await a_need(two), await a_need(two)

    def merge(tx, child, parent):
        need_rulings.merge(tx, needs.get(tx, child), needs.get(tx, parent), DISTRICT, MORNING)

    assert refused(await two.at_once((merge, one, other), (merge, other, one))) == [NotNow]
    assert sorted(need.is_open for need in await two.does(needs.some, [one, other])) == [False, True]


async def test_what_a_resident_says_of_a_need_is_taken_once(two):
    need, *_ = await a_need(two)

    def answered(tx):
        need_work.hand_to_12345(tx, needs.get(tx, need), "转给热线了", "1", DISTRICT, MORNING)
        return follow_ups.ask_due(tx, MORNING + 7 * DAY)

    assert len(await two.does(answered)) == 1
    resident = Actor(None, "resident", "web")
    works = [
        of_need(follow_ups.record, need, result, "chat", resident, MORNING + 7 * DAY)
        for result in ("solved", "partly_solved")
    ]
    assert refused(await two.at_once(*works, held="SELECT FROM need_follow_ups FOR UPDATE")) in ([], [NotNow])
    [said] = await two.does(follow_ups.of, need)
    assert ((await two.does(needs.get, need)).stage == "closed") is (said.result == "solved")


async def test_rules_added_to_the_table_are_both_in_it(two):
    def lay_out(tx):
        return somebody(tx)

    owner = await two.does(lay_out)
    works = [
        (routing.add, routing.Rule(owner, "李干事", category=category), DISTRICT, MORNING)
        for category in ("transport", "papers")
    ]
    assert refused(await two.at_once(*works)) == []
    assert {rule.category for rule in await two.does(routing.rules)} == {"transport", "papers"}


async def test_kinds_of_needs_added_at_once_are_both_known(two):
    wanted = [[*need_categories.FIRST, Category(code, code)] for code in ("pets", "visits")]
    works = [(need_categories.replace, each, DISTRICT, MORNING) for each in wanted]
    assert refused(await two.at_once(*works)) == []
    assert {"pets", "visits"} <= set(await two.does(need_categories.known))


async def test_an_opinion_given_while_the_poll_closes_is_counted_or_not_taken(two):
    def lay_out(tx):
        person = somebody(tx)
        leader = Actor(somebody(tx), "point_lead", "web")
        return polls.ask(tx, "长椅放在哪边？", ["东门", "西门"], MORNING + DAY, leader, MORNING), person

    poll, person = await two.does(lay_out)
    given = (lambda tx: polls.vote(tx, polls.get(tx, poll.id), person, 0, MORNING),)
    outcomes = await two.at_once(given, (polls.close_due, MORNING + DAY))
    assert refused(outcomes) in ([], [PollOver])
    assert sum((await two.does(polls.get, poll.id)).result) == (outcomes[0] is True)
    assert await two.does(lambda tx: tx.execute(votes.select()).all()) == []


async def a_broadcast(two, state="sending"):
    def lay_out(tx):
        made_by, second = Actor(somebody(tx), "district_staff", "web"), Actor(somebody(tx), "district_staff", "web")
        made = broadcasts.draft(tx, "[]", Audience(in_town=False), made_by, MORNING, emergency_because="台风")
        broadcasts.hand_in(tx, made, made_by, MORNING)
        if state == "sending":
            broadcasts.approve(tx, made, second, MORNING)
        return made, second

    return await two.does(lay_out)


async def test_after_a_stop_nobody_more_is_written_to(two):
    made, second = await a_broadcast(two)
    outcomes = await two.at_once(
        (recipients.carry_on, made, MORNING),
        (broadcasts.stop, made, second, MORNING),
        held=f"SELECT FROM broadcasts WHERE id = {made} FOR UPDATE",
    )
    assert refused(outcomes) == []
    rows = select(outbox.c.id).where(outbox.c.broadcast_id == made, outbox.c.state == "planned")
    assert await two.does(lambda tx: tx.execute(rows).all()) == []


async def test_a_broadcast_is_approved_or_sent_back(two):
    made, second = await a_broadcast(two, "asked")
    works = [(verb, made, second, MORNING) for verb in (broadcasts.approve, broadcasts.send_back)]
    assert refused(await two.at_once(*works)) == [BroadcastNotNow]


async def test_a_file_is_made_by_one_worker(two):
    wanted = await two.does(exports.ask, "report", {}, None, None, MORNING)
    taken = await two.at_once(*[(exports.take_next, MORNING)] * 2)
    assert [one.id for one in taken if one] == [wanted]


async def test_a_link_to_the_console_opens_once(two):
    def lay_out(tx):
        person = somebody(tx)
        grants.grant(tx, "auditor", Actor(), MORNING, person_id=person)
        return sessions.link_for(tx, person, MORNING)

    assert refused(await two.at_once(*[(sessions.begin, await two.does(lay_out), MORNING)] * 2)) == [CodeNotValid]


async def test_wrong_codes_typed_at_once_all_count(two):
    account = await two.does(accounts.heard, "web", "guessing", MORNING)
    wrong = (tokens.redeem_code, "link", "000000", account, MORNING)
    for _ in range(tokens.MOST_WRONG - 2):
        await two.does(*wrong)
    assert await two.at_once(wrong, wrong, held="SELECT FROM tokens FOR UPDATE") == [None, None]
    with pytest.raises(TooManyTries):
        await two.does(*wrong)
