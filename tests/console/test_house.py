"""What the house may set at the console, and that it counts at once."""

import re
from datetime import timedelta

from sqlalchemy import select

from storage import audit, broadcasts, need_categories, need_clock, need_limits, needs, recipients, routing
from storage.audit import Actor
from storage.calendar import WORKING_DAY
from storage.need_limits import Limits
from storage.needs import Told
from storage.schema.talks import outbox as outbox_table
from tests.console.conftest import words
from tests.console.gatherings import gather

SETTINGS = "/console/settings/needs"


def filled(html):
    """The form of categories and days, as it stands on the page."""
    boxes = re.findall(r"<input[^>]+>", html.partition('id="routing"')[0])
    sent = [box for box in boxes if "checkbox" not in box or " checked" in box]
    return dict(re.search(r' name="([\w-]+)".* value="([^"]*)"', box).groups() for box in sent)


async def tells(house, category="housing"):
    def tell(tx):
        told = Told(house.staff["checker"], "电梯停了三天了", "web", category)
        need = needs.tell(tx, told, Actor(), house.clock())
        return need, timedelta(minutes=need_clock.of(tx, need.id)[-1].allowed)

    return await house.does(tell)


async def acts(house, action):
    return [act for act in await house.database.read(_acts, house.clock()) if act.action == action]


def _acts(tx, now):
    return list(audit.between(tx, now - timedelta(hours=1), now + timedelta(hours=1)))


async def test_days_set_for_all_and_for_one_category_count_for_the_next_need(house, desk):
    before, _ = await tells(house)
    await desk.opens(SETTINGS)
    form = filled(desk.html) | {"direct": "5", "days-housing": "3"}
    await desk.posts(SETTINGS, **form)
    assert "记下了" in words(desk.html)
    assert (await tells(house))[1] == 3 * WORKING_DAY
    assert (await tells(house, "transport"))[1] == 5 * WORKING_DAY
    assert (await house.database.read(needs.get, before.id)).due_at == before.due_at  # that day was promised
    (act,) = await acts(house, "setting.need_limits")
    assert (act.actor_id, act.role) == (house.staff["district_staff"], "district_staff")
    assert not await acts(house, "setting.categories")


async def test_days_that_cannot_be_are_refused_and_what_was_typed_stays(house, desk):
    await desk.opens(SETTINGS)
    form = filled(desk.html) | {"urgent": "0", "days-medical": "99", "label-housing": "房", "label-": "助餐"}
    refused = await desk.posts(SETTINGS, **form)
    assert refused.status_code == 422
    assert "“急的”要填 1 到 60 的整数。" in refused.text
    assert "“就医医保”的天数要填 1 到 60" in refused.text
    assert "每一类的名字至少两个字" in refused.text
    assert {"urgent": "0", "days-medical": "99", "label-housing": "房", "label-": "助餐"}.items() <= filled(
        refused.text
    ).items()
    assert await house.database.read(need_limits.get) == Limits()


async def test_categories_are_named_ordered_added_and_taken_off(house, desk):
    await desk.opens(SETTINGS)
    form = filled(desk.html) | {"order-other": "1", "label-housing": "房子和物业", "drop-papers": "yes"}
    await desk.posts(SETTINGS, **form | {"label-": "助餐送餐", "place-": "yes", "days-": "2"})
    listed = await house.database.read(need_categories.listed)
    assert [one.label for one in listed][:3] == ["其他", "就医医保", "房子和物业"]
    assert "papers" not in {one.code for one in listed}
    assert listed[1].is_health
    assert (listed[-1].label, listed[-1].asks_place) == ("助餐送餐", True)
    assert (await tells(house, listed[-1].code))[1] == 2 * WORKING_DAY
    assert await acts(house, "setting.categories")


async def test_a_rule_routes_the_next_need_and_gone_it_does_not(house, desk):
    await desk.opens(SETTINGS)
    owner = house.staff["organiser"]
    rule = {"category": "learning", "owner": owner, "called": "春园社区的赵干事", "mode": "joint"}
    assert (await desk.posts(f"{SETTINGS}/rules", **rule | {"called": ""})).status_code == 422
    await desk.opens(SETTINGS)
    await desk.posts(f"{SETTINGS}/rules", **rule)
    assert "全区，文体学习：春园社区的赵干事，联合办" in words(desk.html)
    assert (await house.database.read(routing.route, "learning", None)).owner_id == owner
    rules = await house.database.read(routing.rules)
    version = await house.database.read(routing.version)
    last = {"place": len(rules) - 1}
    await desk.posts(f"{SETTINGS}/rules/drop", **last, version=version - 1)
    assert "直派表刚刚变过，没有删" in words(desk.html)
    await desk.posts(f"{SETTINGS}/rules/drop", **last, version=version)
    assert await house.database.read(routing.rules) == rules[:-1]


async def test_nobody_gets_more_broadcasts_in_a_day_than_the_house_lets_them(house, desk):
    made = await gather(house)

    def send(tx, broadcast, boss):
        broadcasts.ask_approval_above(tx, 5000, boss, house.clock())
        broadcasts.hand_in(tx, broadcast, boss, house.clock())
        while recipients.carry_on(tx, broadcast, house.clock()) == "more":
            pass
        of_it = select(outbox_table.c.because).where(outbox_table.c.broadcast_id == broadcast)
        return {because for (because,) in tx.execute(of_it)}

    boss = Actor(house.staff["district_staff"], "district_staff")
    draft = await house.database.read(broadcasts.get, made.draft)
    again = [await house.does(broadcasts.draft, draft.reply, draft.audience, boss, house.clock()) for _ in range(2)]
    await house.does(send, made.draft, boss)
    assert recipients.CAPPED in str(await house.does(send, again[0], boss))
    await desk.opens("/console/settings")
    assert (await desk.posts("/console/settings/caps", a_day="4", a_week="3")).status_code == 422
    await desk.opens("/console/settings")
    await desk.posts("/console/settings/caps", a_day="2", a_week="5")
    assert recipients.CAPPED not in str(await house.does(send, again[1], boss))
    assert len(await acts(house, "setting.caps")) == 1
